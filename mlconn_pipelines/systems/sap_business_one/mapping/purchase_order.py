"""Purchase order to X12 850."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.line import DateReference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.sap_business_one.mapping.checks import check_partner, iso_currency
from mlconn_pipelines.systems.sap_business_one.mapping.invoice import allowances_and_charges, texts_of
from mlconn_pipelines.systems.sap_business_one.mapping.outbound_lines import SapLine, mapped_lines
from mlconn_pipelines.systems.sap_business_one.mapping.parties import our_party, our_ship_to, vendor
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import MarketingDocument

DELIVERY_REQUESTED = "002"


def purchase_order_from_sap(
    document: MarketingDocument, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> PurchaseOrder:
    """The order with everything that was found about it in `notes`; day: its DocDate."""
    supplier = check_partner(document.CardCode, "supplier", day, book, notes)
    lines = mapped_lines(document, partner, book, "850", day, notes, we_sell=False)
    requester = Contact(clean(document.RequesterName), email=clean(document.RequesterEmail), function="BD")
    due = document.DocDueDate
    return PurchaseOrder(
        number=str(document.DocNum),
        date=day,
        lines=tuple(_line(line) for line in lines),
        currency=iso_currency(document.DocCurrency, book, notes),
        parties=(our_party("BY", document, partner), our_ship_to(document, notes), vendor(document, supplier, notes)),
        contacts=(requester,) if requester.name or requester.email else (),
        dates=(DateReference(DELIVERY_REQUESTED, due),) if due else (),
        allowances_and_charges=allowances_and_charges(document),
        notes=texts_of(document),
    )


def _line(line: SapLine) -> OrderLine:
    wanted = line.source.ShipDate
    return OrderLine(
        number=line.number,
        quantity=line.measure.quantity,
        unit=line.measure.unit,
        unit_price=line.unit_price,
        product_ids=line.product_ids,
        description=line.description,
        dates=(DateReference(DELIVERY_REQUESTED, wanted),) if wanted else (),
    )
