"""SAP Business One's mapping, as data: which function does what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
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
    ReceiptMapping,
    ReferenceMapping,
    SupplierInvoiceMapping,
)
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import hashing_of, header_of
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_850 import creation_of
from mlconn_pipelines.systems.sap_business_one.mapping.invoice import invoice_from_sap
from mlconn_pipelines.systems.sap_business_one.mapping.purchase_order import purchase_order_from_sap
from mlconn_pipelines.systems.sap_business_one.mapping.reference import reference_item
from mlconn_pipelines.systems.sap_business_one.mapping.sets import OUTBOUND, REFERENCE
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.mapping.ship_notice import ship_notice_from_sap
from mlconn_pipelines.systems.sap_business_one.mapping.supplier_documents import change_of, our_order, receipt_of
from mlconn_pipelines.systems.sap_business_one.mapping.supplier_invoice import CREDITS, INVOICES, draft_of
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import MarketingDocument
from mlconn_pipelines.systems.sap_business_one.records.reading import read
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of

_FromSap = Callable[[MarketingDocument, dt.date, Partner, ReferenceBook, Checklist], Document]
_FROM_SAP: Mapping[str, _FromSap] = {
    "x12_810": invoice_from_sap,
    "x12_850": purchase_order_from_sap,
    "x12_856": ship_notice_from_sap,
}


def mapping_of(settings: SapSettings) -> ErpMapping:
    """Immutable; safe to share between threads."""
    target = settings.order_target
    return ErpMapping(
        system="sap_business_one",
        title="SAP",
        received_asset={"PurchaseOrders": "purchase_orders_received", "Orders": "orders_received"}[target],
        outbound=OutboundMapping(
            OUTBOUND,
            lambda flow, record: header_of(OUTBOUND[flow].entity, record, settings.reference_field),
            hashing_of,
            document_of,
        ),
        reference=ReferenceMapping(REFERENCE, reference_item),
        suppliers=supplier_mapping(
            "PurchaseOrders",
            key_of,
            partial(change_of, settings=settings),
            lambda record, partner, book: our_order(record, partner, book).supplied,
            takes_credits=settings.invoice_drafts and settings.credit_drafts,
        ),
        orders=OrderMapping(target, partial(creation_of, settings=settings)),
        receipts=ReceiptMapping("PurchaseDeliveryNotes", partial(receipt_of, settings=settings))
        if settings.receipt_drafts
        else None,
        supplier_invoices=SupplierInvoiceMapping(
            INVOICES, partial(draft_of, settings=settings), CREDITS if settings.credit_drafts else ""
        )
        if settings.invoice_drafts
        else None,
    )


def document_of(flow: str, record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
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
