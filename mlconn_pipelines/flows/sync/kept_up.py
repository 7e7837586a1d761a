"""What is kept up to date in the other system, held against what it was made of: what nobody told, and what somebody overwrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.lifecycle import LIVING, State
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.catching_up import FOUND, Remaining
from mlconn_pipelines.flows.fetching import fetch_keys
from mlconn_pipelines.flows.holding import reason_of
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.sync.both_sides import BothSides, ComparedDay
from mlconn_pipelines.flows.sync.route import Maintains, SyncRoute
from mlconn_pipelines.flows.sync.translating import asked, outcome_of
from mlconn_pipelines.ports.mapping import Change, Creation

ROWS_AT_ONCE, DOCUMENTS_AT_ONCE = 2_000, 250
_KEPT = frozenset({State.POSTED, State.PROCESSED})


@dataclass(frozen=True, slots=True)
class KeptUp:
    """Of a `Maintains` route; implements Compares.

    What somebody overwrote is written again, or goes on hold by the route's next run where a person is to be asked.
    reads_all: not every change of a record leaves a stamp, so each is read again.
    """

    route: SyncRoute
    reads_all: bool = False

    @property
    def titles(self) -> tuple[str, str]:
        return self.route.titles

    def compare(self, operator: Operator, run: Run, first: dt.date, last: dt.date) -> BothSides:
        """All of them, since they have no day. Every key of the source is listed, and what the ledger lacks is read."""
        found, listed = BothSides(), set[str]()
        for page in self.route.source.changed(self.route.declared.entity, None, self.route.settings.send_from):
            listed.update(one.key for one in page)
            unseen = {one.key for one in page}
            if not self.reads_all:
                unseen = set(self.route.engine.queue.unseen(self.route.name, self.route.flow, page))
            if stamps := {one.key: one.stamp for one in page if one.key in unseen and not one.unusable}:
                for what, count in fetch_keys(self.route, run, stamps, FOUND).counts.items():
                    found.read.add(what, count)
        here, there = 0, 0
        for rows in self._kept(found, listed):
            here += len(rows)
            there += self._batch(found, operator, run, rows)
        found.days = [ComparedDay(run.partition, due=here, made=there)] if here else []
        return found

    def compare_some(self, found: BothSides, operator: Operator, run: Run, source_keys: Collection[str]) -> None:
        """Only what these records of the source have become."""
        newest = {row.source_key: row for row in self._documents(LIVING, source_keys=source_keys)} if source_keys else {}
        rows = [row for row in newest.values() if row.state in _KEPT and row.canonical is not None]
        for start in range(0, len(rows), DOCUMENTS_AT_ONCE):
            self._batch(found, operator, run, rows[start : start + DOCUMENTS_AT_ONCE])

    def _kept(self, found: BothSides, listed: set[str]) -> Iterator[Sequence[DocumentRow]]:
        """The newest document of each record, where it has reached the other system."""
        newest, after = dict[str, str](), ""
        while rows := self._documents(LIVING, after=after, limit=ROWS_AT_ONCE):
            after = rows[-1].id
            for row in rows:
                if row.state not in _KEPT:
                    newest.pop(row.source_key, None)
                    continue
                newest[row.source_key] = row.id
                if row.source_key not in listed:
                    listed.add(row.source_key)  # told once
                    words = f"{self.titles[0]} has it no more; it is left as it is"
                    found.remaining.append(Remaining(day_of(row), row.business_number, words))
        ids = list(newest.values())
        for start in range(0, len(ids), DOCUMENTS_AT_ONCE):
            yield [
                row for row in self._documents(_KEPT, ids=ids[start : start + DOCUMENTS_AT_ONCE]) if row.canonical is not None
            ]

    def _documents(self, states: frozenset[State], **selection: object) -> list[DocumentRow]:
        queue = self.route.engine.queue
        return queue.documents(self.route.name, self.route.flow, states, due_only=False, with_raw=False, **selection)  # type: ignore[arg-type]

    def _batch(self, found: BothSides, operator: Operator, run: Run, rows: Sequence[DocumentRow]) -> int:
        """How many of these are there; what differs is added to what was found."""
        act = self.route.act
        assert isinstance(act, Maintains)
        documents: dict[str, Any] = {row.source_key: from_json(act.kind, row.canonical) for row in rows}
        known = asked(self.route, act, run, documents)
        differ, there = list[tuple[DocumentRow, Change]](), 0
        for row in rows:
            outcome, _ = outcome_of(self.route, act, run, row, documents[row.source_key], known)
            if isinstance(outcome, Creation):
                reason = reason_of(outcome.findings)
                words = reason.message if reason else f"{self.titles[1]} has no record of it any more"
                found.remaining.append(Remaining(day_of(row), row.business_number, words))
                continue
            there += 1
            if outcome.changes:
                differ.append((row, outcome))
            elif (reason := reason_of(outcome.findings)) is not None:
                found.remaining.append(Remaining(day_of(row), row.business_number, reason.message))
        gone = self._gone([row.source_key for row, _ in differ])
        for row, change in differ:
            if row.source_key not in gone:
                self._overwritten(found, operator, run, row, change)
        return there

    def _gone(self, keys: Sequence[str]) -> set[str]:
        """Those that the source does not mean any more: nothing of them is written again."""
        if not keys:
            return set()
        records = self.route.source.records(self.route.declared.entity, keys)
        headers = [self.route.outbound.header(self.route.flow, record) for record in records]
        return set(keys) - {header.key for header in headers if not header.cancelled}

    def _overwritten(self, found: BothSides, operator: Operator, run: Run, row: DocumentRow, change: Change) -> None:
        words = f"{', '.join(change.changes)} of {change.key} in {self.titles[1]} is not as {self.titles[0]} says"
        try:
            operator.reprocess(run, row.id, words, redeliver=True)
        except LedgerError as refused:
            told = f"{words}, and cannot be written again: {refused}"
            found.remaining.append(Remaining(day_of(row), row.business_number, told))
        else:
            asked_for = reason_of(change.findings) is not None
            (found.asked_for if asked_for else found.written_again).append(row.business_number)


def day_of(row: DocumentRow) -> dt.date:
    """The day that a record without a date of its own is shown under."""
    return row.document_date or row.partition
