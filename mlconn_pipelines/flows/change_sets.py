"""What leaves of a record: its whole document, or, once the partner has that, what changed since. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.turnaround import Returned
from mlconn_pipelines.edi.order_changes import order_change
from mlconn_pipelines.edi.turnaround import with_returned
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.ports.mapping import ErpMapping, Mapped
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """mapped: what leaves; of a change set no document and no finding where nothing differs. whole: the record's document."""

    mapped: Mapped
    whole: Document | None


def leaving(mapping: ErpMapping, row: DocumentRow, record: Record, partner: Partner, book: ReferenceBook) -> OutgoingDocument:
    """record: the row's own, or another that is tried in its place.

    What a document was sent with of its buyer's order, it is made with again.
    """
    mapped = mapping.outbound.document(row.flow, record, partner, book)
    if isinstance(mapped.document, Invoice | ShipNotice) and (row.canonical or {}).get("returned"):
        mapped = returning(mapped, from_json(Returned, row.canonical["returned"]), partner)
    if row.change is None or not isinstance(mapped.document, PurchaseOrder):
        return OutgoingDocument(mapped, mapped.document)
    had = from_json(PurchaseOrder, row.change["had"])
    change = order_change(had, mapped.document, row.change["number"], mapping.outbound.header(row.flow, record).changed_on)
    return OutgoingDocument(replace(mapped, document=change), mapped.document)


def returning(mapped: Mapped, returned: Returned, partner: Partner) -> Mapped:
    """With what of the buyer's order the partner wants back."""
    if not isinstance(mapped.document, Invoice | ShipNotice):
        return mapped
    return replace(mapped, document=with_returned(mapped.document, returned, partner.orders.returned))
