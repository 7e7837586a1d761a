"""From `pending_validation` to `ready` or `on_hold`, outbound: map the record, check it against reference data, render it on trial."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from mlconn_pipelines.documents.kinds import summary_of
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.change_sets import OutgoingDocument, leaving, returning
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.internal_errors import each_checked, of_document, store_all_checked
from mlconn_pipelines.flows.partners import Partners, file_wrong
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.reading import finding_from_x12
from mlconn_pipelines.flows.reference import look_up_missing
from mlconn_pipelines.flows.rendering import in_x12, is_x12, stored_document
from mlconn_pipelines.flows.route import Route
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.flows.turnaround import ordered_by
from mlconn_pipelines.ports.mapping import Finding, Mapped, OutboundSet, Severity
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.rendering import render_interchange

DOCUMENTS_AT_ONCE = 250
"""Documents held in memory at once, with their records."""


def validate_records(route: Route, partners: Partners, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Map every `seen` record to its document and check it; what is refused is on hold, what is not keeps its document."""
    tally = Tally()
    book = route.engine.intake.reference_book(route.name)
    for rows in batches_of_seen(route, partners, run, selection):
        mapped = [(row, *_map(route, partners, row, book)) for row in rows]
        missing = [wanted for _, _, left in mapped for wanted in left.mapped.missing]
        if missing and look_up_missing(route.system, run, missing):
            book = route.engine.intake.reference_book(route.name)
            mapped = [(row, *_map(route, partners, row, book)) for row in rows]
        gone, version = _gone(route, rows), book.version
        by_id = {row.id: (partner, left) for row, partner, left in mapped}

        def decide(row: DocumentRow, gone: set[str] = gone, version: int = version, by_id: _ById = by_id) -> Checked:
            checked = _checked(row, *by_id[row.id], version)
            return (
                _no_longer_there(route.declared, row, checked)
                if row.source_key in gone
                else _if_not_rejected(route, row, checked)
            )

        results = each_checked(rows, decide)
        tally.add_states(store_all_checked(route.engine.queue, run, rows, results))
        tally.add("validated", len(results))
    return tally


_ById = Mapping[str, tuple[Partner | None, OutgoingDocument]]


def render_on_trial(route: Route, partners: Partners, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Render every validated document with control numbers 1 and check the partner's guide: `ready`, or put on hold."""
    tally = Tally()
    for rows in batches_of_seen(route, partners, run, selection, with_raw=False):
        mapped = [row for row in rows if row.canonical is not None]
        results = each_checked(mapped, partial(_tried, route.declared, partners))
        tally.add_states(store_all_checked(route.engine.queue, run, mapped, results))
        tally.add("rendered", len(results))
    return tally


def batches_of_seen(
    route: Route, partners: Partners, run: Run, selection: Selection, with_raw: bool = True
) -> Iterator[Sequence[DocumentRow]]:
    """The flow's `seen` outbound documents, a bounded number at a time, each once. with_raw: with their records.

    A document bears its partner's name only once it is mapped; until then the business partner's code says whose it is.
    """
    after = ""
    while rows := route.engine.queue.documents(
        route.name,
        run.flow,
        {State.PENDING_VALIDATION},
        **selection.query() | {"partner": ""},
        direction="outbound",
        preview=run.preview,
        limit=DOCUMENTS_AT_ONCE,
        after=after,
        with_raw=with_raw,
    ):
        yield [row for row in rows if selection.partner in ("", _partner_name(route.declared, partners, row))]
        after = rows[-1].id


def _partner_name(declared: OutboundSet, partners: Partners, row: DocumentRow) -> str:
    partner = partners.receiving(declared, row.partner_code)
    return partner.name if partner else row.partner


def _map(route: Route, partners: Partners, row: DocumentRow, book: ReferenceBook) -> tuple[Partner | None, OutgoingDocument]:
    partner = partners.receiving(route.declared, row.partner_code)
    if partner is None:
        return None, OutgoingDocument(Mapped(None, (_no_trading_partner(route.declared, partners, row, book),)), None)
    try:
        left = leaving(route.mapping, replace(row, canonical=None), row.raw, partner, book)
        if (returned := ordered_by(route, row, left.mapped.document, partner)) is not None:
            mapped = returning(left.mapped, returned, partner)
            left = OutgoingDocument(mapped, mapped.document)
        return partner, left
    except Exception as trouble:
        return partner, OutgoingDocument(Mapped(None, (of_document(trouble, row),)), None)


def _gone(route: Route, rows: Sequence[DocumentRow]) -> set[str]:
    """Keys of records that have left the ERP since they were read, where records do: no poll ever shows that."""
    if route.declared.records_stay:
        return set()
    keys = [row.source_key for row in rows]
    there = {
        route.mapping.outbound.header(route.declared.flow, record).key
        for record in route.source.records(route.declared.entity, keys)
    }
    return set(keys) - there


def _no_longer_there(declared: OutboundSet, row: DocumentRow, checked: Checked) -> Checked:
    finding = Finding(
        Reason.RECORD_GONE,
        f"{declared.description} {row.business_number} is no longer in the ERP: invoiced in full, or deleted. If the partner is to "
        "get it all the same, approve it; if not, dismiss it.",
    )
    return _held(row, checked, finding)


def _if_not_rejected(route: Route, row: DocumentRow, checked: Checked) -> Checked:
    """A change set of what the partner has rejected in the meantime: they have nothing that it could change."""
    before = route.engine.queue.document(row.change["of"]) if row.change is not None else None
    if before is None or before.state is not State.REJECTED_BY_PARTNER:
        return checked
    finding = Finding(
        Reason.CHANGES_WHAT_WAS_REJECTED,
        f"{before.partner} rejected {before.set_id} {before.business_number} ({before.id}), which this {row.set_id} changes. Ask "
        "them what they have: approve this if they want the change, or send them the order by other means and dismiss it.",
    )
    return _held(row, checked, finding)


def _held(row: DocumentRow, checked: Checked, finding: Finding) -> Checked:
    """Put on hold for a person, unless it is already; the document is kept, so that an approval can send it."""
    if checked.outcome is not None:
        return checked
    aside = hold(row, (*checked.findings, finding))
    return replace(checked, outcome=aside.outcome, findings=aside.findings, reason=aside.reason, reason_code=aside.reason_code)


def _no_trading_partner(
    declared: OutboundSet, partners: Partners, row: DocumentRow, book: ReferenceBook | None = None
) -> Finding:
    """book: where the business partner is looked for too."""
    if declared.is_master_data:
        return _nobody_takes(declared, partners, row)
    if stopped := partners.stopped_with_code(declared.partner_kind, row.partner_code):
        return file_wrong(stopped)
    where = "" if book is None or row.partner_code in book.partners else " (and the ERP has no such business partner)"
    return Finding(
        Reason.PARTNER_UNKNOWN,
        f"{declared.description} {row.business_number}: no trading partner is set up for {declared.partner_kind} "
        f"{row.partner_code!r}{where}. "
        f"If they trade by EDI, add {row.partner_code!r} to {declared.partner_kind}_codes of a partner file; if not, dismiss it.",
    )


def _nobody_takes(declared: OutboundSet, partners: Partners, row: DocumentRow) -> Finding:
    stopped = ", ".join(one.name for one in partners.stopped)
    also = f" Stopped by a mistake in their file: {stopped}; run `mlconn check`." if stopped else ""
    return Finding(
        Reason.PARTNER_FILE_WRONG if stopped else Reason.PARTNER_UNKNOWN,
        f"{declared.description} {row.business_number}: no trading partner takes vendors. Write `vendors` in the file of the partner "
        f"whose folder gets them.{also}",
    )


def _checked(row: DocumentRow, partner: Partner | None, left: OutgoingDocument, version: int) -> Checked:
    mapped = left.mapped
    if partner is None or left.whole is None or reason_of(mapped.findings):
        return hold(row, mapped.findings, partner=partner.name if partner else "", reference_version=version)
    if mapped.document is None:
        words = "Nothing that the partner is told of differs from what they have"
        return Checked(row.id, State.PROCESSED, reason=words, partner=partner.name, changed_to=left.whole)
    facts = summary_of(mapped.document)
    return Checked(
        row.id,
        None,
        findings=mapped.findings,
        canonical=to_json(mapped.document),
        partner=partner.name,
        line_count=facts.line_count,
        currency=facts.currency,
        reference_version=version,
        changed_to=left.whole if row.change is not None else None,
    )


def _tried(declared: OutboundSet, partners: Partners, row: DocumentRow) -> Checked:
    partner = partners.named(row.partner)
    if partner is None:
        return hold(row, (_no_trading_partner(declared, partners, row),))
    document = stored_document(row)
    if not is_x12(document, partner):
        return Checked(
            row.id, State.READY, findings=row.findings, partner=partner.name, reference_version=row.reference_version
        )
    at = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    trial = render_interchange(
        in_x12(document, row, at), partner.guide, interchange_number=1, group_number=1, set_number=1, at=at, second_opinion=True
    )
    disagreements = (second_reader_disagrees(words) for words in trial.second_opinion or ())
    findings = (*row.findings, *map(finding_from_x12, trial.findings), *disagreements)
    if reason_of(findings):
        return hold(row, findings, partner=partner.name, reference_version=row.reference_version)
    return Checked(row.id, State.READY, findings=findings, partner=partner.name, reference_version=row.reference_version)


def second_reader_disagrees(words: str) -> Finding:
    """What pyx12's reader says against our bytes. It blocks on counts and control numbers; levels of an 856 it knows less well."""
    severity: Severity = "accept_with_error" if "HL" in words else "reject"
    return Finding(Reason.SECOND_OPINION, f"A second X12 reader finds fault with what we wrote: {words}.", severity)
