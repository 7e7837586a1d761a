"""Sage 100's mapping, as data: which function does what."""

from __future__ import annotations

from functools import partial

from mlconn_pipelines.edi.supplier_mapping import supplier_mapping
from mlconn_pipelines.ports.mapping import (
    ErpMapping,
    OutboundMapping,
    ReceiptMapping,
    ReferenceMapping,
    SupplierInvoiceMapping,
)
from mlconn_pipelines.systems.sage_100.mapping.change_detection import hashing_of, header_of
from mlconn_pipelines.systems.sage_100.mapping.outbound import document_of
from mlconn_pipelines.systems.sage_100.mapping.receipt import RECEIPTS, receipt_of
from mlconn_pipelines.systems.sage_100.mapping.reference import reference_item
from mlconn_pipelines.systems.sage_100.mapping.sets import OUTBOUND, REFERENCE, SYSTEM_TITLE, VENDOR_FLOW
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.mapping.supplier_documents import change_of, our_order
from mlconn_pipelines.systems.sage_100.mapping.vendor import HASHING, vendor_header_of
from mlconn_pipelines.systems.sage_100.mapping.vendor_invoice import INVOICES, invoice_of
from mlconn_pipelines.systems.sage_100.records.master_data import VENDORS
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS, key_of


def mapping_of(settings: Sage100Settings) -> ErpMapping:
    """Immutable; safe to share between threads. Orders are entered in Sage by people: an inbound 850 becomes nothing there."""
    return ErpMapping(
        system="sage_100",
        title=SYSTEM_TITLE,
        received_asset="receipts_and_invoices_received",
        outbound=OutboundMapping(
            OUTBOUND,
            lambda flow, record: (
                vendor_header_of(record) if flow == VENDOR_FLOW else header_of(OUTBOUND[flow].entity, record, settings.currency)
            ),
            lambda entity: HASHING if entity == VENDORS else hashing_of(entity),
            partial(document_of, settings=settings),
        ),
        reference=ReferenceMapping(REFERENCE, reference_item),
        suppliers=supplier_mapping(
            ORDERS,
            key_of,
            partial(change_of, settings=settings),
            lambda record, partner, book: our_order(record, partner, book, settings).supplied,
        ),
        receipts=ReceiptMapping(RECEIPTS, partial(receipt_of, settings=settings)) if settings.receipts else None,
        supplier_invoices=SupplierInvoiceMapping(INVOICES, partial(invoice_of, settings=settings))
        if settings.supplier_invoices
        else None,
    )
