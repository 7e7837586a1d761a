"""Lines of a SAP document as X12 shows them: agreed units, net prices, product ids, checked item by item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.reference import Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.item_resolution import partner_number
from mlconn_pipelines.edi.outbound_lines import MappedLine, wanted_ids
from mlconn_pipelines.edi.reference_checks import check_account
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.edi.units import Measure, to_x12, unit_factors
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.checks import check_costs, check_item
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import DocumentLine, MarketingDocument

SapLine = MappedLine[DocumentLine]

WITHOUT_UNIT_GROUP = "Manual"
"""What UoMCode says of an item that has no group of units; its unit is then the free text of MeasureUnit."""


def line_number(line: DocumentLine) -> str:
    """How partners call the line: LineNum counted from 1. LineNum never changes, gaps stay gaps."""
    return str(line.LineNum + 1)


def erp_unit(line: DocumentLine, partner: Partner) -> str:
    """The line's unit as SAP writes it; empty where it has none. Its code, or its name where the partner file has that instead."""
    code, name = clean(line.UoMCode), clean(line.MeasureUnit)
    if code in ("", WITHOUT_UNIT_GROUP) or (code not in partner.units and name in partner.units):
        return name
    return code


def mapped_lines(
    document: MarketingDocument,
    partner: Partner,
    book: ReferenceBook,
    set_id: str,
    day: dt.date,
    notes: Checklist,
    *,
    we_sell: bool,
) -> tuple[SapLine, ...]:
    """All lines in the order that people see, checked; a line that is refused still stands in the result where it can."""
    lines = tuple(_mapped(document, partner, book, set_id, day, notes, we_sell))
    if not document.DocumentLines:
        notes.reject(Reason.NO_LINES, "The document has no lines.", "DocumentLines")
    return lines


def _mapped(
    document: MarketingDocument,
    partner: Partner,
    book: ReferenceBook,
    set_id: str,
    day: dt.date,
    notes: Checklist,
    we_sell: bool,
) -> Iterator[SapLine]:
    for line in document.lines:
        number = line_number(line)
        place = f"line {number}"
        check_costs(line, day, book, notes, place)
        check_account(line.AccountCode, day, book, notes, place, "SAP")
        if document.DocType == "dDocument_Service":
            amount = document.line_total(line)
            yield MappedLine(line, number, Measure(Decimal(1), partner.default_unit, amount), (), clean(line.ItemDescription))
            continue
        item = check_item(line.ItemCode, day, book, notes, place)
        if set_id != "856" and line.Currency and document.DocCurrency and line.Currency != document.DocCurrency:
            notes.reject(
                Reason.LINE_CURRENCY_DIFFERS,
                f"The line is priced in {line.Currency}, the document is in {document.DocCurrency}. Price the line in "
                f"{document.DocCurrency} in SAP.",
                place,
            )
        measure = _measure(line, item, partner, book, notes, place)
        if measure is None:
            continue
        ids = _ids(document, line, item, partner, book, set_id, notes, place, we_sell)
        description = clean(line.ItemDescription) or (item.description if item else "")
        yield MappedLine(line, number, measure, ids, description)


def _measure(
    line: DocumentLine, item: Item | None, partner: Partner, book: ReferenceBook, notes: Checklist, place: str
) -> Measure | None:
    factors = unit_factors(item, book)
    try:
        return to_x12(line.Quantity, line.Price or Decimal(), erp_unit(line, partner), partner, factors, line.UnitsOfMeasurment)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal), place)
        return None


def _ids(
    document: MarketingDocument,
    line: DocumentLine,
    item: Item | None,
    partner: Partner,
    book: ReferenceBook,
    set_id: str,
    notes: Checklist,
    place: str,
    we_sell: bool,
) -> tuple[ProductId, ...]:
    theirs = partner_number(
        line.ItemCode,
        clean(line.SupplierCatNum),
        partner,
        document.CardCode,
        book,
        notes,
        place,
        set_id,
        "SAP's business partner catalogue",
        we_sell=we_sell,
    )
    barcode = clean(line.BarCode) or (item.barcodes[0] if item and item.barcodes else "")
    cure = "Enter their catalogue number or a barcode in SAP."
    return wanted_ids(line.ItemCode, theirs, barcode, partner, set_id, cure, notes, place, we_sell=we_sell)
