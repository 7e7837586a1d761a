"""Delivery note to X12 856."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from mlconn_pipelines.documents.line import DateReference
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.checks import check_partner, order_number
from mlconn_pipelines.systems.sap_business_one.mapping.outbound_lines import SapLine, mapped_lines
from mlconn_pipelines.systems.sap_business_one.mapping.parties import our_party, ship_to
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import MarketingDocument

SHIPPED = "011"
SHIPMENT_ORDER_ITEM = "0004"
_SALES_ORDER = 17
_NO_BASE = -1
_BASES = {_SALES_ORDER: "sales order", 13: "reserve invoice", 23: "quotation"}


def ship_notice_from_sap(
    document: MarketingDocument, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> ShipNotice:
    """The notice with everything that was found about it in `notes`; day: its DocDate.

    A delivery bears one customer's order number (NumAtCard) for all its lines. One that was made from several documents ships
    several orders, and only one of their numbers would be told: it is held.
    """
    _check_sources(document, notes)
    customer = check_partner(document.CardCode, "customer", day, book, notes)
    lines = mapped_lines(document, partner, book, "856", day, notes, we_sell=True)
    order = order_number(document.NumAtCard, notes, required=True)
    destination = ship_to(document, customer, partner, notes)
    return ShipNotice(
        number=str(document.DocNum).zfill(2),
        date=day,
        time=document.DocTime or dt.time(),
        orders=(ShippedOrder(order, tuple(_line(line) for line in lines)),),
        structure=SHIPMENT_ORDER_ITEM,
        tracking_number=clean(document.TrackingNumber),
        parties=(replace(destination, contacts=()), our_party("SF", document, partner)),
        dates=(DateReference(SHIPPED, day),),
    )


def _check_sources(document: MarketingDocument, notes: Checklist) -> None:
    rows = [line for line in document.DocumentLines if line.BaseType != _NO_BASE and line.BaseEntry is not None]
    sources = sorted({(line.BaseType, line.BaseEntry or 0) for line in rows})
    if len(sources) > 1:
        named = ", ".join(f"{_BASES.get(kind, f'document of type {kind}')} {entry}" for kind, entry in sources)
        notes.reject(
            Reason.SEVERAL_ORDERS_SHIPPED,
            f"Delivery {document.DocNum} ships several orders ({named}, by DocEntry), and the ship notice would name one of them only "
            f"({document.NumAtCard or 'none'}). Make a delivery for each order in SAP, or tell the partner by hand and dismiss this.",
            "DocumentLines",
        )


def _line(line: SapLine) -> ShippedLine:
    """Under the line of the sales order that it fulfils, where the delivery was made from one."""
    source = line.source
    fulfils = source.BaseLine is not None and source.BaseType == _SALES_ORDER
    return ShippedLine(
        number=str(source.BaseLine + 1) if fulfils and source.BaseLine is not None else line.number,
        quantity=line.measure.quantity,
        unit=line.measure.unit,
        product_ids=line.product_ids,
        description=line.description,
    )
