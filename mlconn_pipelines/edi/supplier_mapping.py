"""What suppliers say to orders of ours, for every system that can show such an order as `SuppliedOrder`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.receiving_advice import ReceivingAdvice
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.invoice_comparison import check_invoice
from mlconn_pipelines.edi.receipt_comparison import check_receiving_advice
from mlconn_pipelines.edi.shipment_comparison import check_ship_notice
from mlconn_pipelines.edi.supplied_order import SuppliedOrder
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect, Finding, SupplierMapping
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record

Effect = Callable[[OrderAcknowledgment, Record, Partner, ReferenceBook], AcknowledgmentEffect]


def supplier_mapping(
    entity: str,
    key: Callable[[Record], str],
    effect: Effect,
    supplied: Callable[[Record, Partner, ReferenceBook], SuppliedOrder],
    *,
    takes_credits: bool = False,
) -> SupplierMapping:
    """Of a system that reads its order as one that suppliers answer. DocumentRejected when a record cannot be read."""

    def ship_notice_findings(
        notice: ShipNotice,
        orders: Mapping[str, Record],
        partner: Partner,
        book: ReferenceBook,
        before: Sequence[ShipNotice] = (),
    ) -> tuple[Finding, ...]:
        notes = Checklist(partner)
        told = {number: supplied(record, partner, book) for number, record in orders.items()}
        check_ship_notice(notice, told, notes, before)
        return notes.findings

    def invoice_findings(
        invoice: Invoice, order: Record | None, partner: Partner, book: ReferenceBook, before: Sequence[Invoice] = ()
    ) -> tuple[Finding, ...]:
        notes = Checklist(partner)
        held_against = supplied(order, partner, book) if order is not None else None
        check_invoice(invoice, held_against, partner, notes, before, takes_credits=takes_credits)
        return notes.findings

    def receiving_advice_findings(
        advice: ReceivingAdvice,
        orders: Mapping[str, Record],
        partner: Partner,
        book: ReferenceBook,
        before: Sequence[ReceivingAdvice] = (),
    ) -> tuple[Finding, ...]:
        notes = Checklist(partner)
        told = {number: supplied(record, partner, book) for number, record in orders.items()}
        check_receiving_advice(advice, told, notes, before)
        return notes.findings

    return SupplierMapping(entity, key, effect, ship_notice_findings, invoice_findings, receiving_advice_findings)
