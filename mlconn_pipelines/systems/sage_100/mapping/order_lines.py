"""Lines of an order as X12 shows them: agreed units, costs, product ids, checked line by line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from mlconn_pipelines.documents.line import AllowanceOrCharge, ProductId
from mlconn_pipelines.documents.reference import Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.item_resolution import partner_number
from mlconn_pipelines.edi.outbound_lines import MappedLine, wanted_ids
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.edi.units import to_x12, unit_factors
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.checks import check_account, check_item
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.records.purchase_order import CHARGE, COMMENT, REGULAR, PurchaseOrder, PurchaseOrderLine

SageLine = MappedLine[PurchaseOrderLine]
OTHER = "F050"
"""X12 element 1300."""


def mapped_lines(
    order: PurchaseOrder,
    day: dt.date,
    partner: Partner,
    book: ReferenceBook,
    notes: Checklist,
    settings: Sage100Settings,
) -> tuple[SageLine, ...]:
    """All lines that order something, checked; one that cannot be shown is left out after a finding."""
    if not order.ordered:
        notes.reject(Reason.NO_LINES, "No line of the order orders anything.", "lines")
    return tuple(_mapped(order, day, partner, book, notes, settings))


def _mapped(
    order: PurchaseOrder,
    day: dt.date,
    partner: Partner,
    book: ReferenceBook,
    notes: Checklist,
    settings: Sage100Settings,
) -> Iterator[SageLine]:
    for line in order.lines:
        place = f"line {line.LineKey}"
        if line.ItemType != COMMENT:
            check_account(line.PurchasesAcctKey, day, book, notes, place, settings)
        if not line.is_ordered:
            continue
        if line.QuantityOrdered <= 0:
            said = f"Item {line.ItemCode}: the quantity ordered is {line.QuantityOrdered.normalize():f}. Correct it in Sage."
            notes.reject(Reason.QUANTITY_NOT_POSITIVE, said, place)
        # Special and miscellaneous items need not be on file.
        item = check_item(line.ItemCode, book, notes, place) if line.ItemType == REGULAR else book.items.get(line.ItemCode)
        factors = unit_factors(item, book)
        try:
            measure = to_x12(
                line.QuantityOrdered, line.UnitCost, line.UnitOfMeasure, partner, factors, line.UnitOfMeasureConvFactor
            )
        except DocumentRejected as refusal:
            notes.reject(refusal.code, str(refusal), place)
            continue
        description = clean(line.ItemCodeDesc) or (item.description if item else "")
        yield MappedLine(
            line, str(line.LineKey), measure, _ids(order, line, item, partner, book, notes, place), description, line.ItemCode
        )


def _ids(
    order: PurchaseOrder,
    line: PurchaseOrderLine,
    item: Item | None,
    partner: Partner,
    book: ReferenceBook,
    notes: Checklist,
    place: str,
) -> tuple[ProductId, ...]:
    alias, catalogue = clean(line.VendorAliasItemNo), "Sage's vendor alias items"
    theirs = partner_number(line.ItemCode, alias, partner, order.vendor, book, notes, place, "850", catalogue, we_sell=False)
    barcode = item.barcodes[0] if item and item.barcodes else ""
    cure = "Enter their item number on the line (alias item number) in Sage."
    return wanted_ids(line.ItemCode, theirs, barcode, partner, "850", cure, notes, place, we_sell=False)


def charges_of(order: PurchaseOrder) -> tuple[AllowanceOrCharge, ...]:
    """Lines that only charge for something, as charges of the whole order."""
    rows = (line for line in order.lines if line.ItemType == CHARGE and line.ExtensionAmt)
    return tuple(
        AllowanceOrCharge(
            "C" if line.ExtensionAmt > 0 else "A", OTHER, abs(line.ExtensionAmt), clean(line.ItemCodeDesc or line.ItemCode)
        )
        for line in rows
    )


def comments_of(order: PurchaseOrder) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    """What the order's comment says, and its comment lines: before any ordered line about all of it, after one, by its key, about that."""
    of_order: list[str] = [clean(order.Comment)] if clean(order.Comment) else []
    of_lines: dict[int, tuple[str, ...]] = {}
    last: int | None = None
    for line in order.lines:
        said = clean(line.CommentText)
        if line.is_ordered:
            last = line.LineKey
        if not said:
            continue
        if last is None:
            of_order.append(said)
        else:
            of_lines[last] = (*of_lines.get(last, ()), said)
    return tuple(of_order), of_lines
