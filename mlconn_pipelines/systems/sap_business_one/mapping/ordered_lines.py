"""A purchase order of ours as its supplier read it: the lines that 855, 856 and 810 are held against."""

from __future__ import annotations

from dataclasses import dataclass

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine
from mlconn_pipelines.edi.supplier_documents import SuppliedOrder
from mlconn_pipelines.edi.units import x12_factors
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.outbound_lines import mapped_lines
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import DocumentLine, MarketingDocument
from mlconn_pipelines.systems.sap_business_one.records.reading import read


@dataclass(frozen=True, slots=True)
class OurOrder:
    """supplied: the order as its supplier read it. sources: the record's own lines by LineNum."""

    document: MarketingDocument
    supplied: SuppliedOrder
    sources: dict[int, DocumentLine]


def our_order(record: Record, partner: Partner, book: ReferenceBook) -> OurOrder:
    """DocumentRejected when the record cannot be read. What is inactive by now was in order when we sent it."""
    document = read(MarketingDocument, record)
    unheard = Checklist(partner)
    day = document.DocDate
    assert day is not None, "SAP stores no document without a date"
    mapped = mapped_lines(document, partner, book, "850", day, unheard, we_sell=False)
    lines = tuple(
        OrderedLine(
            key=line.source.LineNum,
            number=line.number,
            item_code=line.source.ItemCode,
            quantity=line.measure.quantity,
            unit=line.measure.unit,
            unit_price=line.measure.unit_price,
            product_ids=line.product_ids,
            factors=x12_factors(book.items.get(line.source.ItemCode), partner, book),
        )
        for line in mapped
    )
    sources = {line.LineNum: line for line in document.DocumentLines}
    currency = book.currencies.get(document.DocCurrency)
    supplied = SuppliedOrder(
        system="SAP",
        number=str(document.DocNum),
        supplier_code=document.CardCode,
        currency=currency.iso if currency else "",
        cancelled=document.cancelled,
        lines=lines,
        partner=partner,
        book=book,
    )
    return OurOrder(document, supplied, sources)
