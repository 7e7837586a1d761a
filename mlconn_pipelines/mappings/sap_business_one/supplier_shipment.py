"""X12 856 of a supplier against our purchase orders, and the draft goods receipt that it may become."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine
from mlconn_pipelines.flows.ports.erp import Creation, Finding, Record
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.mappings.checklist import Checklist
from mlconn_pipelines.mappings.gtin import has_valid_check_digit
from mlconn_pipelines.mappings.order_comparison import (
    OrderedLine,
    check_not_above,
    check_unit,
    in_order_unit,
    line_unknown,
    plain,
)
from mlconn_pipelines.mappings.sap_business_one.ordered_lines import OurOrder, check_standing, our_order
from mlconn_pipelines.mappings.sap_business_one.settings import SapSettings

RECEIPTS, RECEIPT_OBJECT = "PurchaseDeliveryNotes", "oPurchaseDeliveryNotes"
PURCHASE_ORDER_TYPE = 22


def ship_notice_findings(
    notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook
) -> tuple[Finding, ...]:
    """Unknown lines, units that do not compare, more shipped than ordered, broken SSCCs; less shipped is only noted.

    orders: purchase orders by their number. An order that is not among them is whoever calls' to report.
    """
    notes = Checklist(partner)
    for package in (package for order in notice.orders for package in order.packages if package.sscc):
        if len(package.sscc) != 18 or not has_valid_check_digit(package.sscc):
            notes.note(
                "sscc_invalid", f"Package number {package.sscc!r} is no SSCC (18 digits, the last a check digit).", "MAN02"
            )
    for number, shipped in _by_order(notice).items():
        if number not in orders:
            continue
        order = our_order(orders[number], partner, book)
        check_standing(order, notes)
        for ordered, quantity in _shipped(order, shipped, notes).values():
            place = f"order {number}, line {ordered.number}"
            check_not_above(quantity, ordered, "shipped", "over_shipped", notes, place)
            if quantity < ordered.quantity:
                notes.note(
                    "short_shipped",
                    f"Item {ordered.item_code}: {plain(quantity)} of {plain(ordered.quantity)} {ordered.unit} shipped.",
                    place,
                    "ignore",
                )
    return notes.findings


def receipt_of(
    notice: ShipNotice,
    orders: Mapping[str, Record],
    partner: Partner,
    book: ReferenceBook,
    reference: str,
    settings: SapSettings,
) -> Creation | None:
    """A draft goods receipt copied from the purchase orders' lines; None where the setting is off.

    `DocObjectCode` in the payload says that it is to be stored among the drafts.
    """
    if not settings.receipt_drafts:
        return None
    notes = Checklist(partner)
    rows: list[dict[str, Any]] = []
    card = ""
    for number, shipped in _by_order(notice).items():
        if number not in orders:
            continue
        order = our_order(orders[number], partner, book)
        check_standing(order, notes)
        if card and card != order.document.CardCode:
            notes.reject("order_of_other_supplier", f"Purchase order {number} is of another supplier than the others.")
        card = card or order.document.CardCode
        for ordered, quantity in _shipped(order, shipped, notes).values():
            rows.append(base_line(order, ordered, quantity))
    if not rows:
        notes.reject("no_lines", "No line of the ship notice belongs to a purchase order of ours.")
    payload = {
        "DocObjectCode": RECEIPT_OBJECT,
        "CardCode": card,
        "NumAtCard": notice.number,
        "DocDate": notice.date.isoformat(),
        "TaxDate": notice.date.isoformat(),
        "DocDueDate": notice.date.isoformat(),
        settings.reference_field: reference,
        "Comments": f"X12 856 {notice.number} of {partner.title or partner.name}"[:254],
        "DocumentLines": rows,
    }
    return Creation(RECEIPTS, payload if rows else None, notes.findings, notes.missing, partner_code=card)


def base_line(order: OurOrder, ordered: OrderedLine, quantity: Decimal) -> dict[str, Any]:
    """A line copied from a purchase order's, the quantity in the order line's own SAP unit."""
    source = order.sources[ordered.key]
    in_sap_unit = source.Quantity * quantity / ordered.quantity if ordered.quantity else quantity
    return {
        "BaseType": PURCHASE_ORDER_TYPE,
        "BaseEntry": order.document.DocEntry,
        "BaseLine": ordered.key,
        "Quantity": round(in_sap_unit, 6),
    }


def _by_order(notice: ShipNotice) -> Mapping[str, list[ShippedLine]]:
    """All lines of each order number, in packages or not; an order may stand in a notice more than once."""
    lines: defaultdict[str, list[ShippedLine]] = defaultdict(list)
    for order in notice.orders:
        lines[order.order_number].extend(order.all_lines)
    return lines


def _shipped(order: OurOrder, lines: list[ShippedLine], notes: Checklist) -> dict[int, tuple[OrderedLine, Decimal]]:
    """What was shipped of each order line, its packages added up, in the order line's unit."""
    matched: dict[int, tuple[OrderedLine, Decimal]] = {}
    for line, place in _with_places(lines):
        ordered = order.match(line.number, line.product_ids, "856")
        if ordered is None:
            line_unknown("Shipped", line.number, line.product_ids, notes, f"order {order.document.DocNum}, {place}")
            continue
        stated = in_order_unit(ordered, line.quantity, line.unit, None)
        check_unit(stated, ordered, line.unit, notes, place)
        if stated.quantity is not None:
            _, so_far = matched.get(ordered.key, (ordered, Decimal()))
            matched[ordered.key] = (ordered, so_far + stated.quantity)
    return matched


def _with_places(lines: list[ShippedLine]) -> Iterator[tuple[ShippedLine, str]]:
    for position, line in enumerate(lines, start=1):
        yield line, f"line {line.number or position}"
