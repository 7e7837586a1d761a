"""A ledger document as the bytes that are delivered: what a claim calls inside its transaction. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_KIND, Document, document_type
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.trading_partner_profile import profile_of
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.documents.vendor import Vendor
from mlconn_pipelines.edi.vendor_files import vendor_file
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.ports.entries import Channel, ControlNumbers, DocumentRow, Render, Rendered
from mlconn_pipelines.flows.translation import Message
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.rendering import render_interchange

_VERSION = re.compile(r"\d{6}[A-Z0-9]{0,6}", re.ASCII)
_GROUP_ID = re.compile(r"[ -~]{1,15}")
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9.-]+")


class Clock(Protocol):
    """Tells the integration's own time, which interchanges are stamped with."""

    def local(self, at: dt.datetime) -> dt.datetime: ...


def stored_document(row: DocumentRow) -> Document:
    """The document in our own form, as it is stored."""
    document: Document = from_json(document_type(row.set_id, row.kind), row.canonical)
    return document


def is_x12(document: Document, partner: Partner) -> bool:
    """Whether the partner gets it as an interchange. Master data is a file in the form that they chose."""
    return not isinstance(document, Vendor) or partner.vendors == "x12"


def in_x12(document: Document, row: DocumentRow, at: dt.datetime) -> Document:
    """The document as a transaction set has it: a vendor in a profile. at: by the integration's clock."""
    return profile_of(document, at, is_new=row.revision == 1) if isinstance(document, Vendor) else document


def channel_of(row: DocumentRow, partner: Partner) -> Channel:
    """What control numbers are counted by: those of interchanges towards the partner without gaps; files by where they go."""
    guide = partner.guide
    if row.kind in DOCUMENT_OF_KIND and partner.vendors != "x12":
        return Channel("files", partner.destination, guide.usage)
    return Channel(f"{guide.our_qualifier}:{guide.our_id}", f"{guide.their_qualifier}:{guide.their_id}", guide.usage)


def file_name(row: DocumentRow, partner: Partner, interchange_number: int, form: str = "edi") -> str:
    """Unlike any other claim's, the same on every attempt of this one; the control number makes it so.

    What every exchange takes: no / \\ : * ? " < > |, no leading dot, below 128 characters. Of master data, which comes again and
    again, names sort in the order in which they were sent.
    """
    number = _NOT_IN_FILE_NAMES.sub("-", row.business_number)[:40].strip("-.") or "document"
    if not row.set_id:
        return f"{row.kind}_{partner.name[:40]}_{interchange_number:09d}_{number}.{form}"
    return f"{row.set_id}_{partner.name[:40]}_{number}_{interchange_number:09d}.{form}"


def renderer(clock: Clock, row: DocumentRow, partner: Partner, message: Message) -> Render:
    """The pure function that a claim on this document calls with its control numbers and the time.

    clock: the pipeline or translation of the integration. message: of the partner's destination.
    """
    document = stored_document(row)
    if isinstance(document, Vendor) and not is_x12(document, partner):
        return _file_of(document, row, partner, message)
    guide = guide_for(row, partner)

    def render(numbers: ControlNumbers, at: dt.datetime) -> Rendered:
        interchange = render_interchange(
            in_x12(document, row, clock.local(at)),
            guide,
            interchange_number=numbers.interchange,
            group_number=numbers.group,
            set_number=numbers.transaction_set,
            at=clock.local(at),
            set_id=row.set_id,
        )
        reasons = [finding for finding in interchange.findings if finding.severity == "reject"]
        if reasons and not row.approved:
            raise DocumentRejected(
                f"{row.called}: {reasons[0].message}",
                hint="Correct the record or the partner guide, then reprocess it.",
                code=reasons[0].code,
            )
        name = file_name(row, partner, numbers.interchange)
        return Rendered(
            content=message(interchange.content, _values(row, partner, name)),
            file_name=name,
            destination=partner.destination,
            envelope=interchange.envelope,
            awaits_acknowledgment_h=guide.acknowledgment_hours(interchange.set_id),
        )

    return render


def _file_of(vendor: Vendor, row: DocumentRow, partner: Partner, message: Message) -> Render:
    def render(numbers: ControlNumbers, at: dt.datetime) -> Rendered:
        if not partner.vendors:
            raise DocumentRejected(
                f"{row.called}: {partner.name} takes no vendors any more",
                hint="Reprocess it once a partner's file says `vendors`, or dismiss it.",
                code=Reason.PARTNER_UNKNOWN,
            )
        name = file_name(row, partner, numbers.interchange, partner.vendors)
        content = message(vendor_file(vendor, partner.vendors), _values(row, partner, name))
        return Rendered(content=content, file_name=name, destination=partner.destination)

    return render


def guide_for(row: DocumentRow, partner: Partner) -> PartnerGuide:
    """A 997 or 999 is written in the version of the group it answers, to the group ids that it came from; a TA1 likewise.

    Not where what was received is none of these: an envelope of ours keeps to X12, whatever it answers.
    """
    if not row.set_id or TRANSACTION_SETS[row.set_id].is_acknowledged:
        return partner.guide
    group: Mapping[str, str] = row.raw or {}
    return replace(
        partner.guide,
        version=_if_lawful(_VERSION, group.get("version", ""), partner.guide.version),
        our_group_id=_if_lawful(_GROUP_ID, group.get("receiver", ""), partner.guide.our_group_id),
        their_group_id=_if_lawful(_GROUP_ID, group.get("sender", ""), partner.guide.their_group_id),
    )


def _if_lawful(form: re.Pattern[str], received: str, ours: str) -> str:
    return received if form.fullmatch(received) else ours


def _values(row: DocumentRow, partner: Partner, name: str) -> Mapping[str, str]:
    return {
        "file_name": name,
        "partner": partner.name,
        "document.id": row.id,
        "document.set": row.set_id or row.kind,
        "document.number": row.business_number,
        "document.date": row.document_date.isoformat() if row.document_date else "",
        "document.amount": str(row.amount) if row.amount is not None else "",
        "document.currency": row.currency,
        "integration": row.integration,
    }
