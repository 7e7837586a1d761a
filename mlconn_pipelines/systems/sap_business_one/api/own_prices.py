"""What SAP itself would charge for an order: its preview, which reckons a document as if it were added and adds none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from mlconn_pipelines.errors import OutcomeUnknown, Retryable
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer


def previewed_prices(server: ServiceLayer, entity: str, payload: Record) -> Sequence[Decimal | None]:
    """For each line, in the line's unit and the document's currency: special prices and discounts of the day are in it.

    Errors: DocumentRejected where SAP refuses the order as it stands, Retryable where no answer came that can be used.
    """
    lines = [{name: value for name, value in line.items() if name != "UnitPrice"} for line in payload["DocumentLines"]]
    try:
        response = server.create(f"{entity}Service_Preview", {"Document": {**payload, "DocumentLines": lines}})
        rows = json.loads(response.content, parse_float=Decimal, parse_int=Decimal)["DocumentLines"]
        prices = [row["Price"] for row in rows]
    except (OutcomeUnknown, ValueError, KeyError, TypeError) as lost:  # nothing is stored by it, whatever became of it
        raise Retryable(f"{server.system}: the preview of an order was not answered as such ({lost})") from lost
    if len(prices) != len(lines):
        raise Retryable(f"{server.system}: the preview of an order of {len(lines)} lines was answered with {len(prices)}")
    return [price if isinstance(price, Decimal) and price > 0 else None for price in prices]
