"""A supplier's 856 held against our orders and what was shipped of them before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.gtin import has_valid_check_digit
from mlconn_pipelines.edi.order_comparison import (
    OrderedLine,
    check_not_above,
    check_unit,
    in_order_unit,
    line_unknown,
    plain,
)
from mlconn_pipelines.edi.purposes import check_purpose
from mlconn_pipelines.edi.supplied_order import SuppliedOrder, check_standing
from mlconn_pipelines.reasons import Reason


def check_ship_notice(notice: ShipNotice, orders: Mapping[str, SuppliedOrder], notes: Checklist) -> None:
    """Unknown lines, units that do not compare, more shipped than ordered, broken SSCCs; less shipped is only noted.

    orders: by their number. An order that is not among them is whoever calls' to report.
    """
    check_purpose(notice.purpose, "BSN01", notes)
    for package in (package for order in notice.orders for package in order.packages if package.sscc):
        if len(package.sscc) != 18 or not has_valid_check_digit(package.sscc):
            notes.note(
                Reason.SSCC_INVALID, f"Package number {package.sscc!r} is no SSCC (18 digits, the last a check digit).", "MAN02"
            )
    for number, shipped in lines_by_order(notice).items():
        if (order := orders.get(number)) is None:
            continue
        check_standing(order, notes)
        for ordered, quantity in shipped_lines(order, shipped, notes).values():
            place = f"order {number}, line {ordered.number}"
            check_not_above(quantity, ordered, "shipped", Reason.OVER_SHIPPED, notes, place)
            if quantity < ordered.quantity:
                notes.note(
                    Reason.SHORT_SHIPPED,
                    f"Item {ordered.item_code}: {plain(quantity)} of {plain(ordered.quantity)} {ordered.unit} shipped.",
                    place,
                    "ignore",
                )


def lines_by_order(notice: ShipNotice) -> Mapping[str, list[ShippedLine]]:
    """All lines of each order number, in packages or not; an order may stand in a notice more than once."""
    lines: defaultdict[str, list[ShippedLine]] = defaultdict(list)
    for order in notice.orders:
        lines[order.order_number].extend(order.all_lines)
    return lines


def shipped_lines(
    order: SuppliedOrder, lines: Sequence[ShippedLine], notes: Checklist
) -> dict[int, tuple[OrderedLine, Decimal]]:
    """What was shipped of each order line, its packages added up, in the order line's unit."""
    matched: dict[int, tuple[OrderedLine, Decimal]] = {}
    for line, place in _with_places(lines):
        ordered = order.match(line.number, line.product_ids, "856")
        if ordered is None:
            line_unknown("Shipped", line.number, line.product_ids, notes, f"order {order.number}, {place}")
            continue
        stated = in_order_unit(ordered, line.quantity, line.unit, None)
        check_unit(stated, ordered, line.unit, notes, place)
        if stated.quantity is not None:
            _, so_far = matched.get(ordered.key, (ordered, Decimal()))
            matched[ordered.key] = (ordered, so_far + stated.quantity)
    return matched


def _with_places(lines: Sequence[ShippedLine]) -> Iterator[tuple[ShippedLine, str]]:
    for position, line in enumerate(lines, start=1):
        yield line, f"line {line.number or position}"
