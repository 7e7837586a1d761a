"""The ledger against the ERP: counts and amounts per document date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.flows.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Difference:
    """A document date on which both do not hold the same. Amounts are sums over currencies, a fingerprint and not a value."""

    day: dt.date
    erp_count: int
    ledger_count: int
    erp_amount: Decimal
    ledger_amount: Decimal


def compare_with_erp(pipeline: Pipeline, flow: str, first: dt.date, last: dt.date) -> list[Difference]:
    """The days in [first, last] that differ: records not cancelled, not ours, due, against documents whatever their state."""
    declared, settings = pipeline.outbound_flow(flow)
    start = max(first, settings.send_from)
    if start > last:
        return []
    erp = pipeline.erp.day_totals(declared.entity, start, last)
    ledger = pipeline.reports.day_ledgers(pipeline.name, flow, start, last)
    differences = []
    for day in sorted(erp.keys() | ledger.keys()):
        there, here = erp.get(day), ledger.get(day)
        difference = Difference(
            day,
            there.count if there else 0,
            here.count if here else 0,
            there.amount if there else Decimal(),
            here.amount if here else Decimal(),
        )
        if (difference.erp_count, difference.erp_amount) != (difference.ledger_count, difference.ledger_amount):
            differences.append(difference)
    return differences
