"""From `pending_validation` to `ready` or `on_hold`: a record of one system as what it is to be in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.sales_order import SalesOrder
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.internal_errors import each_checked, store_all_checked
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.reference import with_look_ups
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sync.collecting import collect_rows
from mlconn_pipelines.flows.sync.overwriting import objection
from mlconn_pipelines.flows.sync.route import Collects, Creates, Maintains, SyncRoute, Updates
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Change, Creation, Finding, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason

DOCUMENTS_AT_ONCE = 250
"""Documents held in memory at once, with their records."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of records that are maintained, by the key of their source record. references: of our documents. last: the
    document that was written last, or found to be as it is."""

    references: Mapping[str, Sequence[str]]
    records: Sequence[Record]
    last: Mapping[str, Any]


def translate_records(route: SyncRoute, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Every fetched record to its document, checked against the other system's reference data."""
    act = route.act
    if isinstance(act, Collects):
        return collect_rows(route, act, run, selection)
    tally, after = Tally(), ""
    while rows := _waiting(route, run, selection, after):
        results = each_checked(rows, partial(_translated, route, act, run, _known_of(route, run, rows)))
        tally.add_states(store_all_checked(route.engine.queue, run, rows, results))
        tally.add("translated", len(results))
        after = rows[-1].id
    return tally


def _waiting(route: SyncRoute, run: Run, selection: Selection, after: str) -> Sequence[DocumentRow]:
    return route.engine.queue.documents(
        route.name,
        run.flow,
        {State.PENDING_VALIDATION},
        **selection.query(),
        direction="outbound",
        preview=run.preview,
        limit=DOCUMENTS_AT_ONCE,
        after=after,
    )


def _translated(
    route: SyncRoute, act: Creates | Maintains | Updates, run: Run, known: Known | None, row: DocumentRow
) -> Checked:
    if isinstance(act, Updates):
        return _to_be_updated(route, act, row)
    return _to_be_made(route, act, run, row, known)


def _to_be_made(route: SyncRoute, act: Creates | Maintains, run: Run, row: DocumentRow, known_of_all: Known | None) -> Checked:
    translated = act.document(row.raw)
    if (document := translated.document) is None:
        return hold(row, translated.findings, partner_code=translated.partner_code)
    outcome, version = outcome_of(route, act, run, row, document, known_of_all)
    findings = (*translated.findings, *outcome.findings)
    known = {**_shown(document), "partner_code": translated.partner_code, "reference_version": version}
    if reason_of(findings):
        approvable = outcome.payload is not None if isinstance(outcome, Creation) else _is_only_kept(outcome)
        return hold(row, findings, canonical=to_json(document) if approvable else None, **known)
    if isinstance(outcome, Change):
        known["partner_code"] = outcome.key
        if not outcome.changes:
            return Checked(row.id, State.PROCESSED, findings=findings, canonical=to_json(document), **known)
    return Checked(row.id, State.READY, findings=findings, canonical=to_json(document), **known)


def _is_only_kept(change: Change) -> bool:
    """Whether nothing else stands against a change than that somebody else made one."""
    rejecting = {finding.code for finding in change.findings if finding.severity == "reject"}
    return rejecting == {Reason.FIELD_CHANGED_ELSEWHERE}


def _shown(document: Any) -> dict[str, Any]:
    """What lists show of a document, where it has that."""
    if isinstance(document, SalesOrder):
        return {"line_count": len(document.lines), "amount": document.total, "currency": document.currency}
    return {"currency": getattr(document, "currency", "")}


def outcome_of(
    route: SyncRoute, act: Creates | Maintains, run: Run, row: DocumentRow, document: Any, known: Known | None = None
) -> tuple[Creation | Change, int]:
    """What becomes of the document, and the reference version it was found out with; what is missing is looked up.

    known: what the target has of a record that is maintained. It is asked where that is left out: right before the write, since
    somebody may have entered it meanwhile.
    """
    reference = correlation_reference(route.name, act.entity, row.id)
    if isinstance(act, Creates):
        return with_look_ups(route.erp, run, lambda book: act.creation(document, book, reference))
    there = known or asked(route, act, run, {row.source_key: document})
    references = there.references.get(row.source_key, (reference,))

    def outcome(document: Any) -> tuple[Creation | Change, int]:
        return with_look_ups(route.erp, run, lambda book: act.outcome(document, references, there.records, book, reference))

    found, version = outcome(document)
    last = there.last.get(row.source_key)
    if last is None or row.approved:
        return found, version
    if isinstance(found, Creation) and found.payload is not None and reason_of(found.findings) is None:
        return replace(found, findings=(*found.findings, _not_there(route, row))), version
    if act.kept and isinstance(found, Change):
        before, _ = outcome(last)
        if isinstance(before, Change) and (why := objection(act.kept, route.titles, found, before, there.records)) is not None:
            return replace(found, findings=(*found.findings, why)), version
    return found, version


def _not_there(route: SyncRoute, row: DocumentRow) -> Finding:
    """That somebody removed a record is no reason to make it again."""
    source, target = route.titles
    return Finding(
        Reason.RECORD_NOT_THERE,
        f"{target} had a record of {row.business_number} of {source}, and none is found now: it was deleted, merged into another one, "
        "or what links it was taken away. If another record is meant, link it by hand, then reprocess this. Approve this to have a new "
        "one made.",
        place=row.business_number,
    )


def _known_of(route: SyncRoute, run: Run, rows: Sequence[DocumentRow]) -> Known | None:
    """Of many documents in few requests. One that the code falls over is told where it is checked."""
    if not isinstance(route.act, Maintains):
        return None
    documents = {}
    for row in rows:
        with suppress(Exception):
            if (document := route.act.document(row.raw).document) is not None:
                documents[row.source_key] = document
    return asked(route, route.act, run, documents)


def asked(route: SyncRoute, act: Maintains, run: Run, documents: Mapping[str, Any]) -> Known:
    """What the target has that may be any of these documents, which are given by the key of their source record."""
    references: dict[str, list[str]] = {key: [] for key in documents}
    last = dict[str, Any]()
    for row in route.engine.queue.documents(
        route.name,
        run.flow,
        frozenset(State),
        source_keys=tuple(documents),
        due_only=False,
        preview=run.preview,
        with_raw=False,
    ):
        references[row.source_key].append(correlation_reference(route.name, act.entity, row.id))
        if _has_become(row) and row.canonical is not None:
            last[row.source_key] = from_json(act.kind, row.canonical)
    conditions = [each for key, document in documents.items() for each in act.conditions(document, references[key])]
    pages = route.masters.search(act.entity, conditions) if conditions else ()
    return Known(references, [record for page in pages for record in page], last)


def _has_become(row: DocumentRow) -> bool:
    """Whether there is, or was, a record of it: what needed no change bears its key, and where none was meant, none but its own."""
    return row.state is State.POSTED or (row.state is State.PROCESSED and row.partner_code not in ("", row.source_key))


def _to_be_updated(route: SyncRoute, act: Updates, row: DocumentRow) -> Checked:
    origin = route.engine.queue.document(act.origin(row.raw))
    if origin is None:
        finding = Finding(
            Reason.ORIGIN_UNKNOWN,
            f"{route.declared.description} {row.business_number} names {act.origin(row.raw)!r} as what it was made for, and the "
            "ledger has no such document. Dismiss this; the record at the other end is left as it is.",
        )
        return hold(row, (finding,))
    translated: Translated = act.document(row.raw, origin.source_key, route.engine.intake.reference_book(route.name))
    if translated.document is None or reason_of(translated.findings):
        return hold(row, translated.findings, partner_code=translated.partner_code)
    links = {"order": origin.id, "told": list(act.told(translated.document))}
    return Checked(row.id, State.READY, findings=translated.findings, canonical=to_json(translated.document), links=links)
