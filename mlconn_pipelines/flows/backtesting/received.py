"""Received originals read again by today's rules and compared with what became of them. Writes nothing and asks no system."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, sets_received_as
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.backtesting.received_report import ReceivedExample, ReceivedReport
from mlconn_pipelines.flows.holding import reason_of
from mlconn_pipelines.flows.internal_errors import of_document
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, ReceivedGroup, ReceivedSet, Run
from mlconn_pipelines.flows.ports.originals import CameAs, Original, Originals
from mlconn_pipelines.flows.reading import ReadFile, what_holds
from mlconn_pipelines.flows.receiving import read_or_held
from mlconn_pipelines.flows.related_documents import Known, known_around
from mlconn_pipelines.flows.resolving import RESOLVERS, known_if_possible, resolve_one
from mlconn_pipelines.flows.route import INBOUND, InboundRoute
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import Connector, Record
from mlconn_pipelines.reasons import Reason

ORIGINALS_AT_ONCE = 50
"""Originals held in memory at once."""

_UNDECIDED = frozenset({State.PENDING_VALIDATION, State.BEFORE_GO_LIVE, State.SUPERSEDED})


class Judgment(NamedTuple):
    """outcome: `held`, `refused` (by our 997) or `taken`. code, words: of the reason."""

    outcome: str
    code: str = ""
    words: str = ""

    def told(self) -> str:
        """As what became of it then."""
        return {"taken": "taken in"}.get(self.outcome) or f"{self.outcome} ({self.code})"


class AsksNothing:
    """Stands in for a part of the ERP that looking back does not ask."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectorError(f"reading originals again asks the ERP nothing, and {name!r} was asked")


class StoredRecords(AsksNothing):
    """The ERP's records as the ledger last stored them, and nothing else. flows_of: by entity, the outbound flows that read its records."""

    def __init__(self, originals: Originals, integration: str, flows_of: Mapping[str, Collection[str]]) -> None:
        self._originals, self._integration, self._flows_of = originals, integration, flows_of

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        yield from self._originals.records(self._integration, self._flows_of.get(entity, ()), keys)


class NoLookUps(AsksNothing):
    """The reference data is that of the day."""

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        return iter(())


def stored_erp(originals: Originals, integration: str, flows_of: Mapping[str, Collection[str]]) -> Connector:
    """Stands in for the ERP. flows_of: by entity, the outbound flows that read its records."""
    nothing: Any = AsksNothing()
    source: Any = StoredRecords(originals, integration, flows_of)
    look_ups: Any = NoLookUps()
    return Connector(source, nothing, look_ups, nothing, check=nothing, count=lambda: 0, close=lambda: None)


def backtest_received(
    route: InboundRoute,
    originals: Originals,
    at_version: Callable[[int | None], None],
    start: dt.datetime,
    end: dt.datetime | None = None,
    partner: str = "",
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> ReceivedReport:
    """What today's rules would hold, refuse or answer otherwise of what was received in [start, end).

    route: over a ledger that writes nothing and a `stored_erp`. at_version: makes that ledger give the reference data of a
    version. partner: only of this one, all where empty.
    """
    began = time.monotonic()
    report = ReceivedReport(route.name, start, route.engine.config_hash)
    look = _Look(route, originals, at_version, partner, report)
    ids = originals.original_ids(route.name, start, end)
    for first in range(0, len(ids), ORIGINALS_AT_ONCE):
        for original in originals.originals(ids[first : first + ORIGINALS_AT_ONCE]):
            look.at(original)
        progress(min(first + ORIGINALS_AT_ONCE, len(ids)), len(ids))
    report.seconds = time.monotonic() - began
    return report


@dataclass(slots=True)
class _Look:
    route: InboundRoute
    originals: Originals
    at_version: Callable[[int | None], None]
    partner: str
    report: ReceivedReport
    _seen: set[str] = field(default_factory=set)
    """Source keys of what was looked at: a repeated file has the documents of the first."""

    def at(self, original: Original) -> None:
        file = read_or_held(self.route, original.content, original.file_name, f"original of {original.at:%Y-%m-%d %H:%M}")
        whose = _partner_of(original, file, self.route)
        if self.partner not in ("", whose):
            return
        self.report.originals += 1
        problem = what_holds(file, original.file_name)
        if problem is not None or original.held:
            self._whole(original, whose, problem)
            return
        groups = [group for interchange in file.interchanges for group in interchange.groups]
        answers = self.originals.answers(self.route.name, [group.group_key for group in groups])
        came = self.originals.came_as(self.route.name, [one.source_key for group in groups for one in group.sets])
        for group in groups:
            _compare_answers(group, answers.get(group.group_key), original, self.report)
        self._documents(original, [one for group in groups for one in group.sets], came)

    def _whole(self, original: Original, whose: str, problem: Finding | None) -> None:
        """A file of which nothing can be taken in, then or today."""
        code = problem.code if problem is not None else ""
        if code == original.held:
            return
        words = problem.message if problem is not None else "Nothing keeps it from being taken in."
        then = f"held ({original.held})" if original.held else "taken in"
        example = ReceivedExample("", original.file_name, f"{original.folder}/{original.file_name}", words)
        self.report.add(whose, "file", "held" if code else "taken", code or original.held, then, example)

    def _documents(self, original: Original, sets: Sequence[ReceivedSet], came: Mapping[str, CameAs]) -> None:
        sets = [one for one in sets if one.source_key not in self._seen]
        self._seen.update(one.source_key for one in sets)
        self.report.documents += len(sets)
        known_sets = [
            (one, held)
            for one in sets
            if (held := came.get(one.source_key)) is not None and held.content_hash == one.content_hash
        ]
        self.report.unknown += len(sets) - len(known_sets)
        rows = [_as_received(one, held.document) for one, held in known_sets]
        known = known_if_possible(self.route, [row for row in rows if row.set_id in RESOLVERS])
        for (one, held), row in zip(known_sets, rows, strict=True):
            then = became(held)
            try:
                now, checked = self._today(one, row, known, held)
            except ConnectorError:  # a rule that asks a system cannot be tried without it
                self.report.unknown += 1
                continue
            example = ReceivedExample(row.id, row.business_number, original.file_name, now.words)
            if not _alike(then, now):
                self.report.add(row.partner, row.set_id, now.outcome, now.code or then.code, then.told(), example)
            _compare_advice(held, checked, row, original, self.report)

    def _today(self, one: ReceivedSet, row: DocumentRow, known: Known | None, held: CameAs) -> tuple[Judgment, Checked | None]:
        if one.refused:
            first = reason_of(one.findings)
            return Judgment("refused", first.code if first else Reason.SYNTAX_REFUSED, first.message if first else ""), None
        declared = TRANSACTION_SETS.get(row.set_id)
        if held.document.state in _UNDECIDED or (declared is not None and declared.answers_a_document):
            return Judgment("taken", words="Its syntax is in order."), None
        self.at_version(held.document.reference_version)
        # A preview of an 855 writes nothing to its order; the others write nothing before they are stored.
        preview = row.set_id in sets_received_as("order_acknowledgment")
        run = Run(self.route.name, INBOUND, "backtest", row.partition, preview=preview)
        try:
            around = _earlier(known or known_around(self.route, [row]), row)
            checked = resolve_one(self.route, run, row, around)
        except Exception as trouble:
            finding = of_document(trouble, row)
            return Judgment("held", finding.code, finding.message), None
        if checked.outcome is State.ON_HOLD:
            return Judgment("held", checked.reason_code, checked.reason), checked
        return Judgment("taken", words="Nothing keeps it from going on."), checked


def became(held: CameAs) -> Judgment:
    """What was decided of a document when it came, as far as its row still says so."""
    row = held.document
    first = reason_of(row.findings)
    code = first.code if first else ""
    if row.state is State.SYNTAX_REJECTED:
        return Judgment("refused", code or Reason.SYNTAX_REFUSED)
    if row.state is State.ON_HOLD and held.held_by != "server":
        return Judgment("held", row.reason_code)
    if row.approved or (row.state is State.SKIPPED and row.reason_code == Reason.DISMISSED):
        return Judgment("held", code)  # a person let it go on, or left it
    return Judgment("taken")


def _alike(then: Judgment, now: Judgment) -> bool:
    """Another of several reasons of a document that a person decided about is no news."""
    return then.outcome == now.outcome and (then.code in ("", now.code) or then.outcome != "held")


def _as_received(one: ReceivedSet, row: DocumentRow) -> DocumentRow:
    """The document as if it came today."""
    canonical = one.canonical
    return replace(
        row,
        state=State.PENDING_VALIDATION,
        raw=one.raw,
        canonical=canonical if canonical is None or isinstance(canonical, dict) else to_json(canonical),
        findings=one.findings,
        business_number=one.business_number,
        document_date=one.document_date,
        partner=one.partner,
        approved=False,  # or nobody would ask whether its number came before
        reason="",
        reason_code="",
    )


def _earlier(known: Known, row: DocumentRow) -> Known:
    """Without a twin and invoices that came later: they were none when the document was checked. Ids are given in order."""
    twin = known.twins.get(row.id)
    invoices = {row.id: [(name, invoice) for name, invoice in known.invoices.get(row.id, ()) if name < row.id]}
    earlier = {} if twin is not None and twin.first_seen_at >= row.first_seen_at else known.twins
    return replace(known, twins=earlier, invoices=invoices)


def _partner_of(original: Original, file: ReadFile, route: InboundRoute) -> str:
    """The partner's name; the sender's id where nobody is configured by it."""
    for interchange in file.interchanges:
        for group in interchange.groups:
            return group.partner
    if not original.sender or not original.receiver:
        return ""
    ids = (*original.sender.split(":", 1), *original.receiver.split(":", 1))
    found = route.partners.sending_as(*ids) or route.partners.stopped_sending_as(*ids)
    return found.name if found else original.sender


def _compare_answers(group: ReceivedGroup, stored: Any, original: Original, report: ReceivedReport) -> None:
    """Our 997, 999 or TA1 then and today. A set that is refused today or was then is told as that."""
    if group.answer is None or stored is None:
        return
    if isinstance(group.answer, InterchangeAcknowledgment):
        was = from_json(InterchangeAcknowledgment, stored)
        before, now = f"{was.status}{was.note}", f"{group.answer.status}{group.answer.note}"
        if before != now:
            words = f"The TA1 said {before} and would say {now}."
            example = ReceivedExample("", group.answer.control_number, original.file_name, words)
            report.add(group.partner, "TA1", "answered", f"{before} → {now}", before, example)
        return
    earlier = from_json(FunctionalAcknowledgment, stored)
    for one, was_said, is_said in zip(group.sets, earlier.sets, group.answer.sets, strict=False):
        before, now = was_said.status, is_said.status
        if "R" in (before, now) or (before, was_said.codes) == (now, is_said.codes):
            continue
        first = next((finding for finding in one.findings if finding.severity != "ignore"), None)
        words = first.message if first else "No finding is left that our answer would tell of."
        example = ReceivedExample("", one.business_number, original.file_name, words)
        change = f"{before} → {now}" if before != now else f"{before} for other errors"
        report.add(
            group.partner, one.set_id, "answered", first.code if first else change, f"{group.answer_set} {before}", example
        )


def _compare_advice(
    held: CameAs, checked: Checked | None, row: DocumentRow, original: Original, report: ReceivedReport
) -> None:
    """Our 824 then and today."""
    if checked is None or checked.answer is None or not held.advised:
        return
    now = checked.answer.source_key.rsplit("|", 1)[-1]
    if now in held.advised:
        return
    before = ", ".join(sorted(held.advised))
    example = ReceivedExample(row.id, row.business_number, original.file_name, f"The 824 said {before} and would say {now}.")
    report.add(row.partner, row.set_id, "answered", f"{before} → {now}", f"824 {before}", example)
