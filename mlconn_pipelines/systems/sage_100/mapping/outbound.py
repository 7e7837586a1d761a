"""What leaves Sage 100, as documents with what was found about them."""

from __future__ import annotations

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.purchase_order import purchase_order_from_sage
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.mapping.vendor import vendor_from_sage
from mlconn_pipelines.systems.sage_100.records.purchase_order import order_from


def document_of(flow: str, record: Record, partner: Partner, book: ReferenceBook, settings: Sage100Settings) -> Mapped:
    notes = Checklist(partner)
    document: Document | None = None
    try:
        match flow:
            case "vendors":
                document = vendor_from_sage(record, book, notes)
            case "x12_850":
                document = _order_of(record, partner, book, notes, settings)
            case _:
                raise AssertionError(f"{flow} does not leave Sage")
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
    return Mapped(document, notes.findings, notes.missing)


def _order_of(
    record: Record, partner: Partner, book: ReferenceBook, notes: Checklist, settings: Sage100Settings
) -> Document | None:
    order = order_from(record)
    if order.PurchaseOrderDate is None:
        said = f"Order {order.number} has no date (PurchaseOrderDate). Enter it in Sage."
        notes.reject(Reason.RECORD_UNREADABLE, said, "PurchaseOrderDate")
        return None
    return purchase_order_from_sage(order, order.PurchaseOrderDate, partner, book, notes, settings)
