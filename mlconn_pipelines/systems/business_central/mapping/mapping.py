"""Business Central's mapping, as data: which function does what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.supplier_mapping import supplier_mapping
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import (
    ErpMapping,
    Mapped,
    OrderMapping,
    OutboundMapping,
    ReferenceMapping,
)
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.business_central.mapping.change_detection import hashing_of, header_of
from mlconn_pipelines.systems.business_central.mapping.inbound_850 import creation_of
from mlconn_pipelines.systems.business_central.mapping.invoice import invoice_from_business_central
from mlconn_pipelines.systems.business_central.mapping.order_sent import order_from_purchase_order, order_from_sales_order
from mlconn_pipelines.systems.business_central.mapping.reference import reference_item
from mlconn_pipelines.systems.business_central.mapping.sets import (
    PURCHASE_ORDERS,
    REFERENCE,
    SALES_INVOICES,
    SALES_ORDERS,
    outbound_sets,
)
from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings
from mlconn_pipelines.systems.business_central.mapping.supplier_documents import change_of, our_order
from mlconn_pipelines.systems.business_central.records import purchase_order as purchase
from mlconn_pipelines.systems.business_central.records.reading import read
from mlconn_pipelines.systems.business_central.records.sales_document import SalesInvoice, SalesOrder, TradeDocument
from mlconn_pipelines.systems.business_central.records.stamps import key_of

_RECORD_OF: Mapping[str, type[TradeDocument]] = {
    SALES_INVOICES: SalesInvoice,
    SALES_ORDERS: SalesOrder,
    PURCHASE_ORDERS: purchase.PurchaseOrder,
}


def mapping_of(settings: BusinessCentralSettings) -> ErpMapping:
    """Immutable; safe to share between threads.

    API v2.0 has no receipts to create: what was shipped is kept in the ledger. A supplier's invoice is checked and kept;
    entering it is a person's.
    """
    sets = outbound_sets(settings)
    return ErpMapping(
        system="business_central",
        title="Business Central",
        received_asset="sales_orders_received",
        outbound=OutboundMapping(
            sets,
            lambda flow, record: header_of(sets[flow].entity, record, settings.reference_field),
            hashing_of,
            lambda flow, record, partner, book: document_of(sets[flow].entity, record, partner, book),
        ),
        reference=ReferenceMapping(REFERENCE, reference_item),
        suppliers=supplier_mapping(
            settings.orders_sent,
            key_of,
            partial(change_of, settings=settings),
            lambda record, partner, book: our_order(record, partner, book, settings).supplied,
        ),
        orders=OrderMapping(SALES_ORDERS, partial(creation_of, settings=settings)),
    )


def document_of(entity: str, record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
    notes = Checklist(partner)
    document: Document | None = None
    try:
        document = _document(entity, record, partner, book, notes)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
    return Mapped(document, notes.findings, notes.missing)


def _document(entity: str, record: Record, partner: Partner, book: ReferenceBook, notes: Checklist) -> Document | None:
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
