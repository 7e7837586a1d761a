"""SAP Business One's side of `ports.mapping.ErpMapping`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

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
from mlconn_pipelines.systems.sap_business_one.mapping import inbound_810, inbound_856
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import facts_of, hashing_of
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_850 import creation_of
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_855 import change_of
from mlconn_pipelines.systems.sap_business_one.mapping.invoice import invoice_from_sap
from mlconn_pipelines.systems.sap_business_one.mapping.purchase_order import purchase_order_from_sap
from mlconn_pipelines.systems.sap_business_one.mapping.reference import reference_item
from mlconn_pipelines.systems.sap_business_one.mapping.sets import OUTBOUND, REFERENCE, inbound_targets
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.mapping.ship_notice import ship_notice_from_sap
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import MarketingDocument
from mlconn_pipelines.systems.sap_business_one.records.reading import read
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of

_FromSap = Callable[[MarketingDocument, dt.date, Partner, ReferenceBook, Checklist], Document]
_FROM_SAP: Mapping[str, _FromSap] = {
    "x12_810": invoice_from_sap,
    "x12_850": purchase_order_from_sap,
    "x12_856": ship_notice_from_sap,
}


class SapBusinessOneMapping:
    """Implements ErpMapping. Immutable; safe to share between threads."""

    system: str = "sap_business_one"

    def __init__(self, settings: SapSettings) -> None:
        self.settings = settings
        self.outbound_sets: Mapping[str, OutboundSet] = OUTBOUND
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
            source = read(MarketingDocument, record)
            if source.DocDate is None:
                notes.reject(Reason.RECORD_UNREADABLE, f"Document {source.DocNum} has no DocDate.", "DocDate")
            else:
                document = _FROM_SAP[flow](source, source.DocDate, partner, book, notes)
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
        return change_of(answer, order, partner, book, self.settings)

    def ship_notice_findings(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook
    ) -> tuple[Finding, ...]:
        return inbound_856.ship_notice_findings(notice, orders, partner, book)

    def receipt(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        return inbound_856.receipt_of(notice, orders, partner, book, reference, self.settings)

    def invoice_findings(
        self, invoice: Invoice, order: Record | None, partner: Partner, book: ReferenceBook, before: Sequence[Invoice] = ()
    ) -> tuple[Finding, ...]:
        return inbound_810.invoice_findings(invoice, order, partner, book, before)

    def supplier_invoice(
        self, invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        return inbound_810.draft_of(invoice, order, partner, book, reference, self.settings)
