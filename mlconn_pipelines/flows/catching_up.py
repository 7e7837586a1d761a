"""What the comparison with the ERP found is read again, day by day; and what differs afterwards, by document number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from mlconn_pipelines.flows.comparing import Difference, compare_with_erp, due_headers, unread
from mlconn_pipelines.flows.fetching import fetch_keys
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.route import Route
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import Header

FOUND = "found by reconciliation"
"""What the trail of a document says that no poll had brought."""

LOOKS = 2
"""A day is looked at so often before a difference counts: people go on working while it is read."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """A document that differs although it was read again. number: what people call it. words: how it differs."""

    day: dt.date
    number: str
    words: str

    def __str__(self) -> str:
        return f"{self.number} of {self.day}: {self.words}"


@dataclass(slots=True)
class CaughtUp:
    """differences: as they were found. read: the days of them that were read again. later: those that the coming nights read."""

    differences: list[Difference]
    read: list[dt.date] = field(default_factory=list)
    later: list[dt.date] = field(default_factory=list)
    remaining: list[Remaining] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def found(self) -> int:
        """Records that no poll had brought, new ones and changes."""
        return sum(count for what, count in self.tally.counts.items() if what not in ("unchanged", "ours"))


def catch_up(route: Route, run: Run, first: dt.date, last: dt.date, days_max: int) -> CaughtUp:
    """Compare, and read again up to `days_max` of the days that differ; neither reads nor moves the watermark."""
    done = CaughtUp(compare_with_erp(route, first, last))
    turn = in_turn(done.differences, run.partition)
    done.read, done.later = sorted(turn[:days_max]), sorted(turn[days_max:])
    for day in done.read:
        for _ in range(LOOKS):
            _read_again(route, run, day, done.tally)
            if not (remaining := _compare_one_by_one(route, day)):
                break
        done.remaining += remaining
    return done


def look_through(route: Route, run: Run) -> CaughtUp:
    """Master data is of no day: every record that the ERP lists is known as it is now, or is read again."""
    done = CaughtUp([])
    left = _not_known(route)
    for _ in range(LOOKS):
        if not left:
            break
        for what, count in fetch_keys(route, run, left, FOUND).counts.items():
            done.tally.add(what, count)
        left = _not_known(route)
    words = "the ERP has it, or has changed it, and it could not be read"
    done.remaining = [Remaining(run.partition, key, words) for key in sorted(left)]
    return done


def _not_known(route: Route) -> dict[str, str]:
    """Keys with the stamps that they are listed with."""
    left: dict[str, str] = {}
    for page in route.source.changed(route.declared.entity, None, route.settings.send_from):
        unseen = set(route.engine.queue.unseen(route.name, route.flow, page))
        left |= {stamp.key: stamp.stamp for stamp in page if stamp.key in unseen}
    return left


def in_turn(differences: Sequence[Difference], night: dt.date) -> list[dt.date]:
    """Days in the order in which they are read again: those with unfinished documents first, then the newest.

    Each night begins elsewhere, so that days which go on differing do not keep the others waiting for good.
    """
    turn = []
    for unfinished in (True, False):
        days = [each.day for each in differences if (each.unfinished > 0) is unfinished][::-1]
        begin = night.toordinal() % len(days) if days else 0
        turn += days[begin:] + days[:begin]
    return turn


def _read_again(route: Route, run: Run, day: dt.date, tally: Tally) -> None:
    """What the ledger does not know as it is, cancelled or not, and what it knows of that day and the ERP does not list there."""
    declared = route.declared
    listed: set[str] = set()
    wanted: dict[str, str] = {}
    for page in route.totals.headers(declared.entity, day, day):
        listed.update(header.key for header in page)
        wanted |= {header.key: header.stamp for header in unread(route, page)}
    if declared.records_stay:
        known = route.engine.reports.known_records(route.name, run.flow, day)
        wanted |= {record.key: "" for record in known if record.key not in listed}
    for what, count in fetch_keys(route, run, wanted, FOUND).counts.items():
        tally.add(what, count)


def _compare_one_by_one(route: Route, day: dt.date) -> list[Remaining]:
    declared = route.declared
    there: dict[str, Header] = {}
    not_read: dict[str, Header] = {}
    for page in due_headers(route, day, day):
        there |= {header.key: header for header in page}
        not_read |= {header.key: header for header in unread(route, page)}
    remaining = [_told(header, "the ERP has it, or has changed it, and it could not be read") for header in not_read.values()]
    if not declared.records_stay:
        return remaining
    for known in route.engine.reports.known_records(route.name, route.flow, day):
        header = there.pop(known.key, None)
        if header is None:
            words = "the ledger has it, and the ERP lists no such document of that day that is due"
            remaining.append(Remaining(day, known.number or known.key, words))
        elif header.amount != known.amount and header.key not in not_read:
            remaining.append(_told(header, f"its amount is {header.amount} in the ERP and {known.amount} in the ledger"))
    elsewhere = [header for key, header in there.items() if key not in not_read]
    return remaining + [_told(header, "the ledger has it as cancelled, or of another day") for header in elsewhere]


def _told(header: Header, words: str) -> Remaining:
    return Remaining(header.day, header.number or header.key, words)
