"""What a flow created, held against what it was made of, record by record: both systems are asked, not the ledger alone.

Every night. A record whose stage changed its meaning, one that no poll brought, an order that somebody changed or removed, a field
that a late request or a person has overwritten: none of these has to move a stamp, so that no poll would find it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Protocol

from mlconn_pipelines.documents.lifecycle import LIVING, State
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.flows.catching_up import FOUND, Remaining
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.fetching import fetch_keys
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.sync.route import Creates, SyncRoute, Updates
from mlconn_pipelines.flows.sync.told_back import CENT, compare_told
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason

KEYS_AT_ONCE = 500
NAMED_MAX = 20
"""Records that a sentence names; the check's page has them all."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One that documents are made of. due: whether it is to be a record of the other system. amount: as people see it there."""

    key: str
    number: str
    day: dt.date
    amount: Decimal
    due: bool


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """One that was made, by our reference. amount: in the terms of the source's. cancelled: by people, and told back as such."""

    key: str
    number: str
    day: dt.date
    reference: str
    amount: Decimal
    cancelled: bool = False


@dataclass(slots=True)
class ComparedDay:
    """due: records of that day that are to be in the other system, and their sum. made: those that are there, by their own day."""

    day: dt.date
    due: int = 0
    due_amount: Decimal = Decimal()
    made: int = 0
    made_amount: Decimal = Decimal()


@dataclass(slots=True)
class BothSides:
    """What one night came to. read: what was read again, as a tally. written_again: records whose fields are set once more.

    asked_for: records of which a person is asked first.
    """

    days: list[ComparedDay] = field(default_factory=list)
    read: Tally = field(default_factory=Tally)
    written_again: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    remaining: list[Remaining] = field(default_factory=list)

    @property
    def found(self) -> int:
        """Records that no poll had brought, new ones and changes."""
        return sum(count for what, count in self.read.counts.items() if what not in ("unchanged", "ours"))

    def words(self) -> str:
        """What was found and done, for people."""
        due, made = sum(day.due for day in self.days), sum(day.made for day in self.days)
        said = [f"{due} are due and {made} are there"]
        if self.found:
            said.append(f"{self.found} changes were read that no poll had brought")
        if self.written_again:
            said.append(f"fields of {_some(self.written_again)} are written again, for they were not as they had been written")
        if self.asked_for:
            said.append(f"fields of {_some(self.asked_for)} were changed by people who do not decide them: these go on hold")
        if self.remaining:
            said.append(f"{len(self.remaining)} differ: {_some(list(map(str, self.remaining)), '; ')}")
        return ". ".join(sentence[0].upper() + sentence[1:] for sentence in said) + "."


def _some(named: Sequence[str], between: str = ", ") -> str:
    more = f" and {len(named) - NAMED_MAX} more" if len(named) > NAMED_MAX else ""
    return between.join(named[:NAMED_MAX]) + more


class Compares(Protocol):
    """Both sides of a flow. titles: what people call its two systems."""

    @property
    def titles(self) -> tuple[str, str]: ...

    def compare(self, operator: Operator, run: Run, first: dt.date, last: dt.date) -> BothSides:
        """Read again what differs, have it written again, and say what differs then. Neither reads nor moves a watermark."""
        ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of a `Creates` route; implements Compares. sources, made: records with a document date between two days, both included.

    back: the route by which what was made is told back, None where that flow is off.
    """

    route: SyncRoute
    back: SyncRoute | None
    sources: Callable[[dt.date, dt.date], Iterable[SourceRecord]]
    made: Callable[[dt.date, dt.date], Iterable[MadeRecord]]

    @property
    def titles(self) -> tuple[str, str]:
        return self.route.titles

    def compare(self, operator: Operator, run: Run, first: dt.date, last: dt.date) -> BothSides:
        """Read again what differs, have fields written again, and say what differs then. Neither reads nor moves a watermark."""
        first = max(first, self.route.settings.send_from)
        found = BothSides()
        if first > last:
            return found
        sources = {one.key: one for one in self.sources(first, last)}
        made = {one.reference: one for one in self.made(first, last)}
        found.days = _by_day(sources.values(), made.values())
        documents = self._documents(self.route, sources)
        if doubtful := [key for key, one in sources.items() if _is_doubtful(one, documents.get(key))]:
            found.read = fetch_keys(self.route, run, dict.fromkeys(doubtful, ""), FOUND)
            documents |= self._documents(self.route, doubtful)
        told = [record.key for record in self._pairs(found, sources, documents, made)]
        self._of_other_days(found, list(made.values()))
        if self.back is not None:
            own = replace(run, flow=self.back.flow)
            self._read_unfinished(found, self.back, own, told)
            compare_told(self.back, operator, own, found, told)
        return found

    def _read_unfinished(self, found: BothSides, back: SyncRoute, run: Run, keys: Sequence[str]) -> None:
        """What is delivered or paid need not stamp the record that it was made of."""
        assert isinstance(back.act, Updates)
        documents = self._documents(back, keys)
        if doubtful := [key for key in keys if _is_unfinished(back.act, documents.get(key))]:
            for what, count in fetch_keys(back, run, dict.fromkeys(doubtful, ""), FOUND).counts.items():
                found.read.add(what, count)

    def _documents(self, route: SyncRoute, keys: Iterable[str]) -> dict[str, DocumentRow]:
        """The newest document of each record."""
        asked, known = iter(keys), dict[str, DocumentRow]()
        while chunk := list(islice(asked, KEYS_AT_ONCE)):
            rows = route.engine.queue.documents(
                route.name, route.flow, LIVING, source_keys=chunk, due_only=False, with_raw=False, direction="outbound"
            )
            known |= {row.source_key: row for row in rows}
        return known

    def _pairs(
        self,
        found: BothSides,
        sources: Mapping[str, SourceRecord],
        documents: Mapping[str, DocumentRow],
        made: dict[str, MadeRecord],
    ) -> Iterator[MadeRecord]:
        """What was made of what is due, as far as both are there."""
        here, there = self.titles
        assert isinstance(self.route.act, Creates)
        for one in sources.values():
            row = documents.get(one.key)
            if row is None:
                if one.due:
                    found.remaining.append(_told(one, f"{here} has it as one that is due, and it could not be read"))
                continue
            reference = correlation_reference(self.route.name, self.route.act.entity, row.id)
            record = made.pop(reference, None)
            if record is None and row.state is State.POSTED:
                if self.route.target.target.find(self.route.act.entity, reference) is None:
                    found.remaining.append(_told(one, f"it is posted ({row.id}), and {there} has no record of it any more"))
            elif record is not None and row.state not in (State.POSTED, State.OUTCOME_UNKNOWN):
                found.remaining.append(_told(one, f"it is {row.state}, and {there} has {record.number} of it"))
            elif record is not None:
                if one.due and not record.cancelled and _differ(one.amount, record.amount, row):
                    words = f"over {one.amount:f} in {here}, and {record.number} of {there} is over {record.amount:f}"
                    found.remaining.append(_told(one, words))
                yield record

    def _of_other_days(self, found: BothSides, made: Sequence[MadeRecord]) -> None:
        """What was made of records that do not bear one of these days: they bear another, or were deleted for good."""
        here, there = self.titles
        of = {one.reference: self.route.engine.queue.document(one.reference.rpartition(":")[2]) for one in made}
        keys = [row.source_key for row in of.values() if row is not None]
        left = {self.route.outbound.header(self.route.flow, one).key for one in self._records(keys)}
        for one in made:
            row = of[one.reference]
            if row is None:
                words = f"{there} has it by our reference {one.reference}, and the ledger has no such document"
            elif row.state not in (State.POSTED, State.OUTCOME_UNKNOWN):
                words = f"it is {row.state} ({row.id}), and {there} has it as {one.number}"
            elif row.source_key not in left and not one.cancelled:
                words = f"{here} has {row.business_number}, which it was made of, no more; it is left as it is"
            else:
                continue
            found.remaining.append(Remaining(one.day, one.number, words))

    def _records(self, keys: Sequence[str]) -> Iterator[Record]:
        return self.route.source.records(self.route.declared.entity, keys) if keys else iter(())


def _is_doubtful(one: SourceRecord, row: DocumentRow | None) -> bool:
    """Whether what the ledger knows of a record is not what its system says now."""
    if row is None:
        return one.due
    cancelled = row.reason_code == Reason.CANCELLED
    return one.due == cancelled or (one.due and row.amount is not None and _differ(one.amount, row.amount, row))


def _is_unfinished(act: Updates, row: DocumentRow | None) -> bool:
    """Whether a record is not told yet, or something of it is still to come."""
    return row is None or row.canonical is None or from_json(act.kind, row.canonical).is_unfinished


def _differ(one: Decimal, other: Decimal, row: DocumentRow) -> bool:
    """By more than the rounding of its lines."""
    return abs(one - other) > CENT * max(1, row.line_count)


def _by_day(sources: Iterable[SourceRecord], made: Iterable[MadeRecord]) -> list[ComparedDay]:
    days: defaultdict[dt.date, ComparedDay] = defaultdict(lambda: ComparedDay(dt.date.min))
    for one in sources:
        if one.due:
            day = days[one.day]
            day.due, day.due_amount = day.due + 1, day.due_amount + one.amount
    for record in made:
        if not record.cancelled:
            day = days[record.day]
            day.made, day.made_amount = day.made + 1, day.made_amount + record.amount
    return [replace(days[day], day=day) for day in sorted(days)]


def _told(one: SourceRecord, words: str) -> Remaining:
    return Remaining(one.day, one.number, words)
