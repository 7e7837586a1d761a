"""Finance & Operations' mapping, as data: which function does what."""

from __future__ import annotations

from functools import partial

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.supplier_mapping import supplier_mapping
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import (
    ErpMapping,
    Mapped,
    OutboundMapping,
    ReferenceMapping,
    SupplierInvoiceMapping,
)
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.finance_operations.mapping.change_detection import hashing_of, header_of
from mlconn_pipelines.systems.finance_operations.mapping.purchase_order import purchase_order_from_fo
from mlconn_pipelines.systems.finance_operations.mapping.reference import reference_item
from mlconn_pipelines.systems.finance_operations.mapping.sets import OUTBOUND, REFERENCE
from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings
from mlconn_pipelines.systems.finance_operations.mapping.supplier_documents import change_of, invoice_of, our_order
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICES, ORDERS, key_of
from mlconn_pipelines.systems.finance_operations.records.purchase_order import order_from


def mapping_of(settings: FinanceOperationsSettings) -> ErpMapping:
    """Immutable; safe to share between threads.

    F&O takes no orders from outside here: a person enters them. Receipts are posted in its warehouse, never from here.
    """
    return ErpMapping(
        system="finance_operations",
        title="F&O",
        received_asset="vendor_invoices_received",
        outbound=OutboundMapping(
            OUTBOUND, lambda flow, record: header_of(OUTBOUND[flow].entity, record), hashing_of, document_of
        ),
        reference=ReferenceMapping(REFERENCE, reference_item),
        suppliers=supplier_mapping(
            ORDERS,
            key_of,
            partial(change_of, settings=settings),
            lambda record, partner, book: our_order(record, partner, book).supplied,
        ),
        supplier_invoices=SupplierInvoiceMapping(INVOICES, partial(invoice_of, settings=settings))
        if settings.supplier_invoices
        else None,
    )


def document_of(flow: str, record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
    notes = Checklist(partner)
    document: Document | None = None
    day = header_of(OUTBOUND[flow].entity, record).date
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
