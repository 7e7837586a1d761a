"""The ledger against the ERP, per document date: counts, amounts, and whether each record is known as it is now."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.flows.correlation_reference import names_own_entity
from mlconn_pipelines.flows.route import Route
from mlconn_pipelines.ports.records import Header, KeyStamp


@dataclass(frozen=True, slots=True)
class Difference:
    """A document date on which both do not hold the same. Amounts are sums over currencies, a fingerprint and not a value.

    Counts and amounts may be alike, where a record was changed and the change was not read. unfinished: documents of that date
    which are not sent yet, or wait for a person.
    """

    day: dt.date
    erp_count: int
    ledger_count: int
    erp_amount: Decimal
    ledger_amount: Decimal
    unfinished: int = 0


@dataclass(slots=True)
class DayTotals:
    """What the ERP holds of one document date: records that are due. stamps: as DayLedger has it."""

    count: int = 0
    amount: Decimal = Decimal()
    stamps: int = 0

    def add(self, header: Header) -> None:
        self.count += 1
        self.amount += header.amount
        self.stamps += sixty_bits(header.key, header.stamp)


def sixty_bits(key: str, stamp: str) -> int:
    """What tells one record under one stamp from others; sums of it hang on no order.

    >>> sixty_bits("17", "2026-01-05T12:00:00")
    39731734198875293
    """
    return int(hashlib.sha256(f"{key} {stamp}".encode()).hexdigest()[:15], 16)


def compare_with_erp(route: Route, first: dt.date, last: dt.date) -> list[Difference]:
    """The days in [first, last] that differ: records not cancelled, not ours, due, against documents whatever their state.

    Where records may vanish (an order that was invoiced in full), what the ERP has no more is no difference; days differ then
    on which it has something that the ledger does not know as it is.
    """
    declared, settings = route.declared, route.settings
    start = max(first, settings.send_from)
    if start > last:
        return []
    ledger = route.engine.reports.day_ledgers(route.name, route.flow, start, last)
    erp: defaultdict[dt.date, DayTotals] = defaultdict(DayTotals)
    unknown: defaultdict[dt.date, int] = defaultdict(int)
    for page in due_headers(route, start, last):
        for header in page:
            erp[header.day].add(header)
        if not declared.records_stay:
            for header in unread(route, page):
                unknown[header.day] += 1
    differences = []
    for day in sorted(erp.keys() | ledger.keys()):
        there, here = erp.get(day, DayTotals()), ledger.get(day)
        held = (here.count, here.amount, here.stamps) if here else (0, Decimal(), 0)
        differs = unknown[day] > 0 if not declared.records_stay else held != (there.count, there.amount, there.stamps)
        if differs:
            unfinished = here.unfinished if here else 0
            differences.append(Difference(day, there.count, held[0], there.amount, held[1], unfinished))
    return differences


def due_headers(route: Route, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
    """Records dated in [first, last] that are to be documents: not cancelled, and not created by ourselves."""
    for page in route.totals.headers(route.declared.entity, first, last):
        yield [
            header
            for header in page
            if not header.cancelled and not names_own_entity(header.correlation_reference, route.name, route.declared.entity)
        ]


def unread(route: Route, headers: Sequence[Header]) -> list[Header]:
    """Those that the ledger does not know as they are now."""
    unseen = set(route.engine.queue.unseen(route.name, route.flow, [KeyStamp(header.key, header.stamp) for header in headers]))
    return [header for header in headers if header.key in unseen]
