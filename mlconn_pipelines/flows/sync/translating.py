"""From `pending_validation` to `ready` or `on_hold`: a record of one system as what it is to be in the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.sales_order import SalesOrder
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.internal_errors import each_checked, store_all_checked
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.reference import with_look_ups
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sync.route import Creates, SyncRoute, Updates
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Creation, Finding, Translated
from mlconn_pipelines.reasons import Reason

DOCUMENTS_AT_ONCE = 250
"""Documents held in memory at once, with their records."""


def translate_records(route: SyncRoute, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Every fetched record to its document, checked against the other system's reference data."""
    tally, after = Tally(), ""
    while rows := _waiting(route, run, selection, after):
        results = each_checked(rows, partial(_translated, route, run))
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


def _translated(route: SyncRoute, run: Run, row: DocumentRow) -> Checked:
    match route.act:
        case Creates() as act:
            return _to_be_created(route, act, run, row)
        case Updates() as act:
            return _to_be_updated(route, act, row)


def _to_be_created(route: SyncRoute, act: Creates, run: Run, row: DocumentRow) -> Checked:
    translated = act.document(row.raw)
    if not isinstance(translated.document, SalesOrder):
        return hold(row, translated.findings, partner_code=translated.partner_code)
    order = translated.document
    creation, version = creation_of(route, act, run, row, order)
    findings = (*translated.findings, *creation.findings)
    if reason_of(findings):
        aside = {"partner_code": translated.partner_code, "reference_version": version}
        return hold(row, findings, canonical=to_json(order) if creation.payload else None, **aside)
    return Checked(
        row.id,
        State.READY,
        findings=findings,
        canonical=to_json(order),
        partner_code=translated.partner_code,
        line_count=len(order.lines),
        amount=order.total,
        currency=order.currency,
        reference_version=version,
    )


def creation_of(route: SyncRoute, act: Creates, run: Run, row: DocumentRow, order: SalesOrder) -> tuple[Creation, int]:
    """The record that the document becomes, and the reference version it was made with; what is missing is looked up."""
    reference = correlation_reference(route.name, act.entity, row.id)
    creation, version = with_look_ups(route.erp, run, lambda book: act.creation(order, book, reference))
    assert creation is not None
    return creation, version


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
    links = {"order": origin.id}
    return Checked(row.id, State.READY, findings=translated.findings, canonical=to_json(translated.document), links=links)
