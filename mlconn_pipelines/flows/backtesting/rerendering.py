"""A delivered document rendered once more: its stored record, reference data, control numbers and time, today's code. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mlconn_pipelines.documents.kinds import Summary, summary_of
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.change_sets import leaving
from mlconn_pipelines.flows.partners import file_wrong
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.ports.history import SentDocument
from mlconn_pipelines.flows.rendering import renderer, stored_document
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class Rerendered:
    """content: the bytes that would be delivered now, None where the document would be refused for `refusal`.

    partner: whose it is now, None where it is nobody's. findings: of the mapping, without those that refuse.
    """

    content: bytes | None
    partner: Partner | None
    file_name: str = ""
    destination: str = ""
    facts: Summary | None = None
    findings: tuple[Finding, ...] = ()
    refusal: Finding | None = None


Changed = Callable[[Partner], Partner]


def rerender(
    translation: Translation, sent: SentDocument, book: ReferenceBook, change: Changed = lambda partner: partner
) -> Rerendered:
    """translation: of the configuration to render with; its partners count. book: of the document's reference version.

    change: is given the document's partner and returns the one to render for. Code that fails refuses the document with its words.
    """
    row = sent.document
    partner = partner_now(translation, row)
    if partner is None:
        if stopped := translation.partners.stopped_named(row.partner):
            return Rerendered(None, None, refusal=file_wrong(stopped))
        text = f"{row.called}: {row.partner_code or row.partner!r} is no trading partner any more."
        return Rerendered(None, None, refusal=Finding(Reason.PARTNER_UNKNOWN, text))
    partner = change(partner)
    try:
        return _rendered(translation, sent, book, partner)
    except DocumentRejected as refused:
        return Rerendered(None, partner, refusal=Finding(refused.code, str(refused)))
    except Exception as failure:  # a mapping under work may fail in any way; one document is then one line of the report
        return Rerendered(None, partner, refusal=Finding(Reason.FAILED, f"{type(failure).__name__}: {failure}"))


def facts_as_sent(row: DocumentRow) -> Summary:
    """What lists show of the document in the form that was sent."""
    return summary_of(stored_document(row))


def partner_now(translation: Translation, row: DocumentRow) -> Partner | None:
    """By the code in the record where it is a record of the ERP, else by the name that the document was sent to."""
    declared = translation.mapping.outbound.sets.get(row.flow)
    if declared is None:
        return translation.partners.named(row.partner)
    return translation.partners.receiving(declared, row.partner_code)


def _rendered(translation: Translation, sent: SentDocument, book: ReferenceBook, partner: Partner) -> Rerendered:
    row = replace(sent.document, partner=partner.name)
    findings: tuple[Finding, ...] = ()
    if row.flow in translation.mapping.outbound.sets:
        left = leaving(translation.mapping, row, row.raw, partner, book)
        mapped = left.mapped
        refusal = next((finding for finding in mapped.findings if finding.severity == "reject"), None)
        if mapped.document is None and left.whole is not None and refusal is None:
            refusal = Finding(Reason.NOTHING_CHANGED, f"{row.called} would tell the partner nothing that is new.")
        if mapped.document is None or (refusal and not row.approved):
            return Rerendered(None, partner, refusal=refusal, findings=mapped.findings)
        findings = mapped.findings
        facts = summary_of(mapped.document)
        row = replace(row, canonical=to_json(mapped.document), amount=facts.amount, currency=facts.currency)
    else:  # our own 997 and 824 have no record, only their form
        facts = facts_as_sent(row)
    done = renderer(translation, row, partner, translation.messages[partner.name])(sent.numbers, sent.at)
    return Rerendered(done.content, partner, done.file_name, done.destination, facts, findings)
