"""What a connector's headers amount to per document date, as the comparison with the ledger adds them up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from mlconn_pipelines.flows.comparing import DayTotals
from mlconn_pipelines.flows.correlation_reference import names_own_entity
from mlconn_pipelines.ports.records import Connector


def day_totals(
    connector: Connector, entity: str, first: dt.date, last: dt.date, integration: str = "acme"
) -> Mapping[dt.date, DayTotals]:
    """Records that are not cancelled and that the integration has not created itself."""
    totals: defaultdict[dt.date, DayTotals] = defaultdict(DayTotals)
    for page in connector.totals.headers(entity, first, last):
        for header in page:
            if not header.cancelled and not names_own_entity(header.correlation_reference, integration, entity):
                totals[header.day].add(header)
    return dict(totals)
