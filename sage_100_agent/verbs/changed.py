"""Purchase orders and vendors that changed: stamps of all first, then the records of those that are new enough.

Stamps are decimal hours of the server's local time, so they repeat an hour each autumn and jump when somebody sets the clock.
Therefore each read goes back by more than an hour behind the last stamp; what comes twice has the same content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sage_100_agent.boi.objects import BoiObject, number_of
from sage_100_agent.boi.tables import PURCHASE_ORDER, PURCHASE_ORDER_LINE, VENDOR, Table
from sage_100_agent.verbs.job import Job, Row, Site, Steps
from sage_100_agent.verbs.rows import JOINT, Key, batches, columns_of, fetch, filter_of, joined, read, rows

OVERLAP = timedelta(minutes=75)
AHEAD = timedelta(hours=2)
"""How far a stamp may be ahead of our clock and still move the mark on: one of 2099 would hide everything after it."""
ORDER_TYPES = frozenset("SDMRX")
"""Requests for quote, since 2025 in the same table, are no orders; nor is what a later release adds."""
PAGE_BYTES = 500_000
Wanted = Callable[[Sequence[str]], bool]
STAMP_COLUMNS = ("DateUpdated", "TimeUpdated", "DateCreated", "TimeCreated")
NEVER = "00000000"
NO_DATES = frozenset({"", "17530101", NEVER})


@dataclass(frozen=True, order=True)
class Stamp:
    """A moment as Sage notes it; compared by date, then by the time as a number: as text 9.5 would follow 15.5."""

    date: str
    hours: Decimal

    @classmethod
    def of(cls, date: str, hours: str) -> Stamp:
        return cls("" if date in NO_DATES else date, number_of(hours))

    @classmethod
    def at(cls, moment: datetime) -> Stamp:
        hours = Decimal(moment.hour) + Decimal(moment.minute) / 60 + Decimal(moment.second) / 3600
        return cls(f"{moment:%Y%m%d}", round(hours, 5))

    def moment(self) -> datetime:
        return datetime.strptime(self.date, "%Y%m%d") + timedelta(hours=float(self.hours))

    def told(self) -> Row:
        return {"date": self.date or NEVER, "time": f"{self.hours:f}"}


def purchase_orders(job: Job, site: Site, steps: Steps) -> Row:
    """Each with its lines, since lines have no stamps of their own; `content` changes with either."""
    with site.session.service(PURCHASE_ORDER.module, site.today(), *PURCHASE_ORDER.objects) as opened:
        return _changed(job, site, steps, opened, PURCHASE_ORDER, ("OrderType",), lambda extra: extra[0] in ORDER_TYPES)


def vendors(job: Job, site: Site, steps: Steps) -> Row:
    with site.session.service(VENDOR.module, site.today(), *VENDOR.objects) as opened:
        return _changed(job, site, steps, opened, VENDOR, (), lambda extra: True)


def _changed(job: Job, site: Site, steps: Steps, opened: BoiObject, table: Table, extra: Sequence[str], wanted: Wanted) -> Row:
    since = _stamp(job.params.get("since"))
    start = Stamp.at(since.moment() - OVERLAP) if since else Stamp("", Decimal(0))
    stamped, left_out = {}, 0
    for key, stamp, further in _stamps(opened, table, extra, start.date):
        if stamp >= start:
            if wanted(further):
                stamped[key] = stamp
            else:
                left_out += 1
    limit = Stamp.at(site.now() + AHEAD)
    until = max((stamp for stamp in stamped.values() if stamp <= limit), default=since)
    order = sorted(stamped, key=lambda key: (stamped[key], key))
    if cursor := job.params.get("cursor"):
        passed = (Stamp.of(cursor[0], cursor[1]), tuple(cursor[2:]))
        order = [key for key in order if (stamped[key], key) > passed]
    count = 0
    for batch in batches(order):
        found = fetch(opened, table, batch)
        if table is PURCHASE_ORDER:
            add_lines(opened, found)
        complete = [(key, found[key]) for key in batch if key in found]
        for page in pages(complete):
            last = page[-1][0]
            steps.page([row | {"content": content_of(row)} for _, row in page], [*stamped[last].told().values(), *last])
            count += len(page)
    return {
        "rows": count,
        "left_out": left_out,
        "until": max(filter(None, (since, until)), default=Stamp("", Decimal(0))).told(),
    }


def _stamp(told: Mapping[str, str] | None) -> Stamp | None:
    return Stamp.of(told["date"], told["time"]) if told else None


def _stamps(opened: BoiObject, table: Table, extra: Sequence[str], day: str) -> Iterator[tuple[Key, Stamp, list[str]]]:
    """Stamp of every record of a day or later. By the days only: as text times do not compare. A new record may have no update yet."""
    narrowed = f'DateUpdated$>="{day}" OR DateCreated$>="{day}"' if day else ""
    values = joined([f"{name}$" for name in (*STAMP_COLUMNS, *extra)])
    keys, stamps = opened.result_sets(joined([f"{name}$" for name in table.key]), values, narrowed)
    for key, told in zip(keys, stamps, strict=True):
        updated, at, created, made_at, *further = told.split(JOINT)[:-1]
        stamp = max(Stamp.of(updated, at), Stamp.of(created, made_at))
        yield tuple(part.strip() for part in key.split(JOINT)[:-1]), stamp, further


def add_lines(opened: BoiObject, orders: dict[Key, Row]) -> None:
    lines = opened.lines()
    texts, numbers = columns_of(lines, PURCHASE_ORDER_LINE)
    for row in orders.values():
        row["lines"] = []
    if not orders:
        return
    garbled = set()
    whole = list(rows(lines, PURCHASE_ORDER_LINE, texts, numbers, filter_of(("PurchaseOrderNo",), list(orders))))
    for key, line in whole:
        if line is None:
            garbled.add(key[:1])
        elif key[:1] in orders:
            orders[key[:1]]["lines"].append(line)
    for key in garbled if whole else orders:
        orders[key]["lines"] = _read_lines(opened, key, texts, numbers)
    for row in orders.values():
        row["lines"].sort(key=lambda line: (line.get("LineSeqNo", ""), line["LineKey"]))


def _read_lines(opened: BoiObject, key: Key, texts: Sequence[str], numbers: Sequence[str]) -> list[Row]:
    """The lines of one order, one by one."""
    if not opened.find(PurchaseOrderNo=key[0]):
        return []
    lines, found = opened.lines(), []
    on_a_line = lines.call("nMoveFirst")
    while on_a_line:
        found.append(read(lines, texts, numbers))
        on_a_line = lines.call("nMoveNext")
    return found


def pages(found: Iterable[tuple[Key, Row]]) -> Iterator[list[tuple[Key, Row]]]:
    """As many records as one envelope takes."""
    page: list[tuple[Key, Row]] = []
    size = 0
    for key, row in found:
        length = len(json.dumps(row))
        if page and size + length > PAGE_BYTES:
            yield page
            page, size = [], 0
        page.append((key, row))
        size += length
    if page:
        yield page


def content_of(row: Row) -> str:
    """A hash of everything that a person can change: stamps move without a change, and lines change without a stamp."""
    told = {name: value for name, value in row.items() if name not in STAMP_COLUMNS and not name.startswith("User")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
