"""Lines of an order as X12 shows them: agreed units, net prices, product ids, checked item by item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from mlconn_pipelines.documents.item_id import item_id
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.reference import Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.item_resolution import check_variant_is_told, partner_number, with_variant
from mlconn_pipelines.edi.outbound_lines import MappedLine, wanted_ids
from mlconn_pipelines.edi.reference_checks import check_account, check_dimension_value
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.edi.units import PRICE_STEP, to_x12, unit_factors
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.finance_operations.mapping.checks import check_item
from mlconn_pipelines.systems.finance_operations.records.general_journal import main_account_in
from mlconn_pipelines.systems.finance_operations.records.purchase_order import PurchaseOrder, PurchaseOrderLine
from mlconn_pipelines.systems.finance_operations.records.variants import variant_parts

FoLine = MappedLine[PurchaseOrderLine]

_HALF_CENT = Decimal("0.005")


def net_price(line: PurchaseOrderLine) -> Decimal:
    """The price of one unit such that quantity times price is LineAmount; the list price where that makes it already."""
    gross = line.unit_price
    quantity = line.OrderedPurchaseQuantity
    exact = gross
    if line.LineAmount is not None and quantity and abs(gross * quantity - line.LineAmount) > _HALF_CENT:
        exact = line.LineAmount / quantity
    return exact.quantize(PRICE_STEP).normalize() + 0


def item_of(line: PurchaseOrderLine) -> str:
    """The line's item, or the variant of it; empty for a line of a procurement category."""
    return item_id(line.ItemNumber, *variant_parts(line)) if line.ItemNumber else ""


def main_account_of(line: PurchaseOrderLine, book: ReferenceBook) -> str:
    """The line's main account; what is shown may have dimensions behind it."""
    shown = line.MainAccountIdDisplayValue.strip()
    return shown if shown in book.accounts else main_account_in(shown)


def dimension_values_of(line: PurchaseOrderLine, book: ReferenceBook) -> Iterator[tuple[str, str]]:
    """(financial dimension, value) of the line; none where the text is not in the format that integrations have in F&O."""
    shown, form = line.DefaultLedgerDimensionDisplayValue.strip(), book.dimension_format
    if form is None or not form.delimiter or not shown:
        return
    # A delimiter inside of a value is escaped.
    values = re.split(rf"(?<!\\){re.escape(form.delimiter)}", shown)
    if len(values) == len(form.dimensions):
        yield from zip(form.dimensions, (value.replace("\\", "").strip() for value in values), strict=True)


def mapped_lines(
    order: PurchaseOrder, partner: Partner, book: ReferenceBook, set_id: str, notes: Checklist
) -> tuple[FoLine, ...]:
    """All lines that are still ordered, checked; a line that is refused is left out of the result where it cannot be shown."""
    lines = tuple(_mapped(order, partner, book, set_id, notes))
    if not order.lines:
        notes.reject(Reason.NO_LINES, "No line of the order is still ordered.", "lines")
    return lines


def _mapped(order: PurchaseOrder, partner: Partner, book: ReferenceBook, set_id: str, notes: Checklist) -> Iterator[FoLine]:
    for line in order.lines:
        place = f"line {line.LineNumber}"
        if (day := order.ConfirmationDate or order.AccountingDate) is not None:
            check_account(main_account_of(line, book), day, book, notes, place, "F&O")
            for dimension, value in dimension_values_of(line, book):
                check_dimension_value(dimension.casefold(), dimension, value, day, book, notes, place, "F&O")
        item = check_item(line.ItemNumber, book, notes, place)
        try:
            measure = to_x12(
                line.OrderedPurchaseQuantity, net_price(line), line.PurchaseUnitSymbol, partner, unit_factors(item, book)
            )
        except DocumentRejected as refusal:
            notes.reject(refusal.code, str(refusal), place)
            continue
        ids = _ids(order, line, item, partner, book, set_id, notes, place)
        description = with_variant(clean(line.LineDescription) or (item.description if item else ""), item_of(line))
        yield MappedLine(line, str(line.LineNumber), measure, ids, description)


def _ids(
    order: PurchaseOrder,
    line: PurchaseOrderLine,
    item: Item | None,
    partner: Partner,
    book: ReferenceBook,
    set_id: str,
    notes: Checklist,
    place: str,
) -> tuple[ProductId, ...]:
    ours, vendor = item_of(line), order.OrderVendorAccountNumber
    theirs = partner_number(
        ours,
        clean(line.ExternalItemNumber),
        partner,
        vendor,
        book,
        notes,
        place,
        set_id,
        "F&O's external item descriptions",
        we_sell=False,
    )
    check_variant_is_told(ours, theirs, partner, book, vendor, notes, place)
    barcode = clean(line.Barcode) or (item.barcodes[0] if item and item.barcodes else "")
    cure = "Enter their item number (external item description) or a barcode in F&O."
    return wanted_ids(line.ItemNumber, theirs, barcode, partner, set_id, cure, notes, place, we_sell=False)
