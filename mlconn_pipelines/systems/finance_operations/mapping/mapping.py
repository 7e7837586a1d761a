"""Finance & Operations' side of `ports.mapping.ErpMapping`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.supplier_documents import check_invoice, check_ship_notice
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
from mlconn_pipelines.systems.finance_operations.mapping.change_detection import facts_of, hashing_of
from mlconn_pipelines.systems.finance_operations.mapping.purchase_order import purchase_order_from_fo
from mlconn_pipelines.systems.finance_operations.mapping.reference import reference_item
from mlconn_pipelines.systems.finance_operations.mapping.sets import OUTBOUND, REFERENCE, inbound_targets
from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings
from mlconn_pipelines.systems.finance_operations.mapping.supplier_documents import change_of, invoice_of, our_order
from mlconn_pipelines.systems.finance_operations.records.naming import key_of
from mlconn_pipelines.systems.finance_operations.records.purchase_order import order_from


class FinanceOperationsMapping:
    """Implements ErpMapping. Immutable; safe to share between threads."""

    system: str = "finance_operations"

    def __init__(self, settings: FinanceOperationsSettings) -> None:
        self.settings = settings
        self.outbound_sets: Mapping[str, OutboundSet] = OUTBOUND
        self.reference_sets: Sequence[ReferenceSet] = REFERENCE
        self.inbound = inbound_targets(settings)

    def facts(self, flow: str, record: Record) -> RecordHeader:
        return facts_of(self.outbound_sets[flow].entity, record)

    def hashing(self, entity: str) -> ContentHashing:
        return hashing_of(entity)

    def document(self, flow: str, record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
        """The document even where something is found about it, so that a preview can show both."""
        notes = Checklist(partner)
        document: Document | None = None
        day = self.facts(flow, record).date
        try:
            order = order_from(record)
            if day is None:
                notes.reject(
                    Reason.RECORD_UNREADABLE,
                    f"Order {order.PurchaseOrderNumber} has no confirmation with a date (ConfirmationDate) that can be read.",
                    "ConfirmationDate",
                )
            else:
                document = purchase_order_from_fo(order, day, partner, book, notes)
        except DocumentRejected as refusal:
            notes.reject(refusal.code, str(refusal))
        return Mapped(document, notes.findings, notes.missing)

    def reference_item(self, name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
        return reference_item(name, record)

    def order(self, order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str) -> Creation:
        """F&O takes no orders from outside here: a person enters it, or dismisses it."""
        refusal = Finding(
            Reason.NO_ORDERS_TAKEN,
            f"{partner.name} sent purchase order {order.number}, and no order is created in F&O. Enter it there by hand if it is "
            "wanted, then dismiss this.",
        )
        return Creation("", None, (refusal,))

    def order_key(self, record: Record) -> str:
        return key_of(record)

    def order_change(
        self, answer: OrderAcknowledgment, order: Record, partner: Partner, book: ReferenceBook
    ) -> AcknowledgmentEffect:
        return change_of(answer, order, partner, book, self.settings)

    def ship_notice_findings(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook
    ) -> tuple[Finding, ...]:
        notes = Checklist(partner)
        check_ship_notice(
            notice, {number: our_order(record, partner, book).supplied for number, record in orders.items()}, notes
        )
        return notes.findings

    def receipt(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        """Receipts are posted in F&O's warehouse, never from here."""
        return None

    def invoice_findings(
        self, invoice: Invoice, order: Record | None, partner: Partner, book: ReferenceBook, before: Sequence[Invoice] = ()
    ) -> tuple[Finding, ...]:
        notes = Checklist(partner)
        check_invoice(invoice, our_order(order, partner, book).supplied if order is not None else None, partner, notes, before)
        return notes.findings

    def supplier_invoice(
        self, invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        return invoice_of(invoice, order, partner, book, reference, self.settings)
