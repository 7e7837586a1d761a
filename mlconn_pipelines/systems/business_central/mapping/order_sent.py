"""Sales order or purchase order to X12 850, whichever the setting says."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.line import DateReference, Reference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.party_fitting import us
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.business_central.mapping.checks import check_currency, check_partner
from mlconn_pipelines.systems.business_central.mapping.invoice import allowances_and_charges
from mlconn_pipelines.systems.business_central.mapping.outbound_lines import CentralLine, comments, mapped_lines
from mlconn_pipelines.systems.business_central.mapping.parties import buyer, ship_to, vendor
from mlconn_pipelines.systems.business_central.records import purchase_order as purchase
from mlconn_pipelines.systems.business_central.records.sales_document import SalesOrder, TradeDocument

DELIVERY_REQUESTED, CUSTOMER_ORDER = "002", "CO"


def order_from_sales_order(
    document: SalesOrder, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> PurchaseOrder:
    """What a customer orders from us, told to them or to whoever acts for them; their own number goes along as a reference."""
    check_partner(document.customerNumber, "customer", book, notes)
    theirs = clean(document.externalDocumentNumber)
    return PurchaseOrder(
        number=document.number,
        date=day,
        lines=_lines(document, partner, book, notes, we_sell=True),
        currency=check_currency(document.currencyCode, notes),
        parties=(buyer(document, notes), ship_to(document, document.customerName, notes, partner), us("SE", "", partner)),
        references=(Reference(CUSTOMER_ORDER, theirs),) if theirs else (),
        dates=_dates(document.requestedDeliveryDate),
        allowances_and_charges=allowances_and_charges(document),
        notes=comments(document),
    )


def order_from_purchase_order(
    document: purchase.PurchaseOrder, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> PurchaseOrder:
    """What we order from a supplier."""
    check_partner(document.vendorNumber, "supplier", book, notes)
    return PurchaseOrder(
        number=document.number,
        date=day,
        lines=_lines(document, partner, book, notes, we_sell=False),
        currency=check_currency(document.currencyCode, notes),
        parties=(us("BY", "", partner), ship_to(document, "", notes), vendor(document, notes)),
        dates=_dates(document.requestedReceiptDate),
        allowances_and_charges=allowances_and_charges(document),
        notes=comments(document),
    )


def _lines(
    document: TradeDocument, partner: Partner, book: ReferenceBook, notes: Checklist, *, we_sell: bool
) -> tuple[OrderLine, ...]:
    return tuple(map(_line, mapped_lines(document, partner, book, "850", notes, we_sell=we_sell)))


def _line(line: CentralLine) -> OrderLine:
    return OrderLine(
        number=line.number,
        quantity=line.measure.quantity,
        unit=line.measure.unit,
        unit_price=line.unit_price,
        product_ids=line.product_ids,
        description=line.description,
    )


def _dates(wanted: dt.date | None) -> tuple[DateReference, ...]:
    return (DateReference(DELIVERY_REQUESTED, wanted),) if wanted else ()
