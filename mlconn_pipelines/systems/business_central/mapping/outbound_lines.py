"""Lines of a Business Central document as X12 shows them: agreed units, net prices, product ids, checked item by item.

Items, G/L accounts, resources and fixed assets are lines; item charges are charges of the document; comments are notes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.item_id import code_of
from mlconn_pipelines.documents.line import AllowanceOrCharge, ProductId
from mlconn_pipelines.documents.reference import Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.item_resolution import check_variant_is_told, partner_number, with_variant
from mlconn_pipelines.edi.outbound_lines import MappedLine, wanted_ids
from mlconn_pipelines.edi.reference_checks import check_account, check_dimension_value
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.edi.units import Measure, to_x12, unit_factors
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.business_central.mapping.checks import check_item, check_variant
from mlconn_pipelines.systems.business_central.mapping.sets import SYSTEM_TITLE
from mlconn_pipelines.systems.business_central.records.correlation_reference import is_reference
from mlconn_pipelines.systems.business_central.records.sales_document import DocumentLine, TradeDocument

CentralLine = MappedLine[DocumentLine]

ITEM, CHARGE, ACCOUNT = "Item", "Charge", "Account"
DISCOUNT, OTHER = "C310", "F050"
"""X12 element 1300: discount, other."""
PRICE_STEP = Decimal("0.000001")


def line_number(line: DocumentLine) -> str:
    """How partners call the line: its sequence, which never changes, in the steps of 10,000 that it is given in.

    >>> line_number(DocumentLine(sequence=20000)), line_number(DocumentLine(sequence=15000))
    ('2', '15000')
    """
    return str(line.sequence // 10_000 if line.sequence and line.sequence % 10_000 == 0 else line.sequence)


def net_unit_price(line: DocumentLine, prices_include_tax: bool) -> Decimal:
    """The price itself where nothing is taken off; else the line's net amount for one unit, with six decimals."""
    if not line.quantity or not (line.discountAmount or line.discountPercent or prices_include_tax):
        return line.price
    return (line.amountExcludingTax / line.quantity).quantize(PRICE_STEP, ROUND_HALF_UP).normalize() + 0


def mapped_lines(
    document: TradeDocument, partner: Partner, book: ReferenceBook, set_id: str, notes: Checklist, *, we_sell: bool
) -> tuple[CentralLine, ...]:
    """All lines but comments and item charges, checked; one that is refused still stands in the result where it can."""
    lines = tuple(_mapped(document, partner, book, set_id, notes, we_sell))
    if all(line.is_comment for line in document.lines):
        notes.reject(Reason.NO_LINES, "The document has no lines.", "lines")
    return lines


def item_charges(document: TradeDocument) -> tuple[AllowanceOrCharge, ...]:
    """Item charges (freight and the like) as charges of the document."""
    return tuple(
        signed(line.amountExcludingTax, OTHER, clean(line.description) or "Charge")
        for line in document.lines
        if line.lineType == CHARGE and line.amountExcludingTax
    )


def invoice_discount(document: TradeDocument) -> Decimal:
    """What the document discount takes off the lines' net amounts."""
    return sum((line.invoiceDiscountAllocation for line in document.lines), Decimal())


def comments(document: TradeDocument) -> tuple[str, ...]:
    """Comment lines, which are printed on the document; not our own reference."""
    texts = (clean(line.description) for line in document.lines if line.is_comment)
    return tuple(text for text in texts if text and not is_reference(text))


def signed(amount: Decimal, code: str, description: str) -> AllowanceOrCharge:
    """A charge where the amount is positive, an allowance where it is negative."""
    return AllowanceOrCharge("C" if amount > 0 else "A", code, abs(amount), description)


def agreed_unit(code: str, partner: Partner, book: ReferenceBook) -> str:
    """The line's unit as the partner file has it: its code, or its international code where only that is agreed."""
    unit = book.units.get(code)
    international = unit.name if unit else ""
    agreed = {partner.default_unit, *partner.units.values(), *partner.unit_factors}
    if code not in partner.units and code not in agreed and (international in agreed or international in partner.units):
        return international
    return code


def _mapped(
    document: TradeDocument, partner: Partner, book: ReferenceBook, set_id: str, notes: Checklist, we_sell: bool
) -> Iterator[CentralLine]:
    for line in sorted(document.lines, key=lambda line: line.sequence):
        if line.is_comment or line.lineType == CHARGE:
            continue
        number = line_number(line)
        place = f"line {number}"
        if document.date:
            _check_ledger(line, document.date, book, notes, place)
        item = check_item(line.lineObjectNumber, book, notes, place) if line.lineType == ITEM else None
        try:
            measure = _measure(document, line, item, partner, book)
        except DocumentRejected as refusal:
            notes.reject(refusal.code, str(refusal), place)
            continue
        ours = check_variant(line, book, notes, place) if line.lineType == ITEM else line.lineObjectNumber
        described = clean(line.description) or (item.description if item else "")
        ids: tuple[ProductId, ...] = ()
        if line.lineType == ITEM:
            ids = _ids(ours, document, item, partner, book, set_id, notes, place, we_sell)
            described = with_variant(described, ours)
        yield MappedLine(line, number, measure, ids, described, ours)


def _check_ledger(line: DocumentLine, day: dt.date, book: ReferenceBook, notes: Checklist, place: str) -> None:
    if line.lineType == ACCOUNT:
        check_account(line.lineObjectNumber, day, book, notes, place, SYSTEM_TITLE)
    for held in line.dimensionSetLines:
        called = held.displayName or held.code
        check_dimension_value(held.id.lower(), called, held.valueCode, day, book, notes, place, SYSTEM_TITLE)


def _measure(document: TradeDocument, line: DocumentLine, item: Item | None, partner: Partner, book: ReferenceBook) -> Measure:
    price = net_unit_price(line, document.pricesIncludeTax)
    return to_x12(line.quantity, price, agreed_unit(line.unitOfMeasureCode, partner, book), partner, unit_factors(item, book))


def _ids(
    ours: str,
    document: TradeDocument,
    item: Item | None,
    partner: Partner,
    book: ReferenceBook,
    set_id: str,
    notes: Checklist,
    place: str,
    we_sell: bool,
) -> tuple[ProductId, ...]:
    code, their_code = code_of(ours), document.partner_code
    theirs = partner_number(ours, "", partner, their_code, book, notes, place, set_id, SYSTEM_TITLE, we_sell=we_sell)
    check_variant_is_told(ours, theirs, partner, book, their_code, notes, place)
    barcode = item.barcodes[0] if item and item.barcodes else ""
    cure = f"Enter their number under `items` of the partner file, or a barcode (GTIN) in {SYSTEM_TITLE}."
    return wanted_ids(code, theirs, barcode, partner, set_id, cure, notes, place, we_sell=we_sell)
