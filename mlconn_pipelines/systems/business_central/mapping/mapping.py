"""Business Central's side of `ports.mapping.ErpMapping`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import (
    AcknowledgmentEffect,
    Creation,
    Finding,
    Mapped,
    OutboundSet,
    RecordHeader,
    ReferenceSet,
)
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.business_central.mapping import supplier_documents
from mlconn_pipelines.systems.business_central.mapping.change_detection import facts_of, hashing_of
from mlconn_pipelines.systems.business_central.mapping.inbound_850 import creation_of
from mlconn_pipelines.systems.business_central.mapping.invoice import invoice_from_business_central
from mlconn_pipelines.systems.business_central.mapping.order_sent import order_from_purchase_order, order_from_sales_order
from mlconn_pipelines.systems.business_central.mapping.reference import reference_item
from mlconn_pipelines.systems.business_central.mapping.sets import (
    PURCHASE_ORDERS,
    REFERENCE,
    SALES_INVOICES,
    SALES_ORDERS,
    inbound_targets,
    outbound_sets,
)
from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings
from mlconn_pipelines.systems.business_central.records import purchase_order as purchase
from mlconn_pipelines.systems.business_central.records.reading import read
from mlconn_pipelines.systems.business_central.records.sales_document import SalesInvoice, SalesOrder, TradeDocument
from mlconn_pipelines.systems.business_central.records.stamps import key_of

_RECORD_OF: Mapping[str, type[TradeDocument]] = {
    SALES_INVOICES: SalesInvoice,
    SALES_ORDERS: SalesOrder,
    PURCHASE_ORDERS: purchase.PurchaseOrder,
}


class BusinessCentralMapping:
    """Implements ErpMapping. Immutable; safe to share between threads."""

    system: str = "business_central"

    def __init__(self, settings: BusinessCentralSettings) -> None:
        self.settings = settings
        self.outbound_sets: Mapping[str, OutboundSet] = outbound_sets(settings)
        self.reference_sets: Sequence[ReferenceSet] = REFERENCE
        self.inbound = inbound_targets(settings)

    def facts(self, flow: str, record: Record) -> RecordHeader:
        return facts_of(self.outbound_sets[flow].entity, record, self.settings.reference_field)

    def hashing(self, entity: str) -> ContentHashing:
        return hashing_of(entity)

    def document(self, flow: str, record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
        """The document even where something is found about it, so that a preview can show both."""
        notes = Checklist(partner)
        document: Document | None = None
        try:
            document = self._document(self.outbound_sets[flow].entity, record, partner, book, notes)
        except DocumentRejected as refusal:
            notes.reject(refusal.code, str(refusal))
        return Mapped(document, notes.findings, notes.missing)

    def reference_item(self, name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
        return reference_item(name, record)

    def order(self, order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str) -> Creation:
        return creation_of(order, partner, book, reference, self.settings)

    def order_key(self, record: Record) -> str:
        return key_of(record)

    def order_change(
        self, answer: OrderAcknowledgment, order: Record, partner: Partner, book: ReferenceBook
    ) -> AcknowledgmentEffect:
        return supplier_documents.change_of(answer, order, partner, book, self.settings)

    def ship_notice_findings(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook
    ) -> tuple[Finding, ...]:
        return supplier_documents.ship_notice_findings(notice, orders, partner, book, self.settings)

    def receipt(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        """API v2.0 has no receipts to create: what was shipped is kept in the ledger."""
        return None

    def invoice_findings(
        self, invoice: Invoice, order: Record | None, partner: Partner, book: ReferenceBook, before: Sequence[Invoice] = ()
    ) -> tuple[Finding, ...]:
        return supplier_documents.invoice_findings(invoice, order, partner, book, self.settings, before)

    def supplier_invoice(
        self, invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        """A supplier's invoice is checked and kept; entering it is a person's."""
        return None

    def _document(
        self, entity: str, record: Record, partner: Partner, book: ReferenceBook, notes: Checklist
    ) -> Document | None:
        source: TradeDocument = read(_RECORD_OF[entity], record)
        if source.date is None:
            notes.reject(Reason.RECORD_UNREADABLE, f"Document {source.number} has no date.", "date")
            return None
        match source:
            case SalesInvoice():
                return invoice_from_business_central(source, source.date, partner, book, notes)
            case SalesOrder():
                return order_from_sales_order(source, source.date, partner, book, notes)
            case purchase.PurchaseOrder():
                return order_from_purchase_order(source, source.date, partner, book, notes)
        return None
