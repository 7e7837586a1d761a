"""What Business Central knows of prices by API v2.0: the item's own, for its base unit. Price lists have no API."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.business_central.api.client import BusinessCentralApi
from mlconn_pipelines.transport.odata import Dialect


def item_prices(api: BusinessCentralApi, entity: str, payload: Record) -> Sequence[Decimal | None]:
    """For each line of an item; None where it is in another unit, or the order in another currency than the company's."""
    lines = [line for line in payload["salesOrderLines"] if line.get("lineType") == "Item"]
    if payload.get("currencyCode"):
        return [None] * len(lines)
    return [_price(api, line) for line in lines]


def _price(api: BusinessCentralApi, line: Record) -> Decimal | None:
    where = Dialect().compare("number", "eq", str(line["lineObjectNumber"]))
    rows = api.first("items", {"$filter": where, "$select": "number,unitPrice,baseUnitOfMeasureCode", "$top": 1})
    price = rows[0].get("unitPrice") if rows else None
    if not rows or line.get("unitOfMeasureCode") not in (None, "", rows[0].get("baseUnitOfMeasureCode")):
        return None
    return Decimal(price) if isinstance(price, Decimal | int) and price > 0 else None
