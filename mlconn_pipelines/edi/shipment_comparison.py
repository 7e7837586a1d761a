"""A supplier's 856 held against our orders and what was shipped of them before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from mlconn_pipelines.edi.purposes import check_purpose, is_acted_on
from mlconn_pipelines.edi.supplied_order import SuppliedOrder, check_standing
from mlconn_pipelines.reasons import Reason


def check_ship_notice(
    notice: ShipNotice, orders: Mapping[str, SuppliedOrder], notes: Checklist, before: Sequence[ShipNotice] = ()
) -> None:
    """Unknown lines, units that do not compare, more shipped than ordered, broken and repeated SSCCs; less shipped is only noted.

    orders: by their number. An order that is not among them is whoever calls' to report. before: what was announced of them so far.
    """
    check_purpose(notice.purpose, "BSN01", notes)
    _check_package_numbers(notice, before, notes)
    already = _shipped_before(before, orders)
    for number, shipped in lines_by_order(notice).items():
        if (order := orders.get(number)) is None:
            continue
        check_standing(order, notes)
        for ordered, quantity in shipped_lines(order, shipped, notes).values():
            place = f"order {number}, line {ordered.number}"
            check_not_above(quantity, ordered, "shipped", Reason.OVER_SHIPPED, notes, place)
            earlier, notices = already.get((number, ordered.key), (Decimal(), ()))
            if earlier and quantity <= ordered.quantity < earlier + quantity:
                notes.reject(
                    Reason.OVER_SHIPPED,
                    f"Item {ordered.item_code}: {plain(quantity)} {ordered.unit} shipped, and {plain(earlier)} of the "
                    f"{plain(ordered.quantity)} {ordered.unit} ordered were shipped before (ship notice {', '.join(notices)}). Ask the "
                    "supplier; approve it if all of it comes, dismiss it if it is the same once more.",
                    place,
                )
            if earlier + quantity < ordered.quantity:
                so_far = f", {plain(earlier + quantity)} with what was shipped before" if earlier else ""
                notes.note(
                    Reason.SHORT_SHIPPED,
                    f"Item {ordered.item_code}: {plain(quantity)} of {plain(ordered.quantity)} {ordered.unit} shipped{so_far}.",
                    place,
                    "ignore",
                )


def _check_package_numbers(notice: ShipNotice, before: Sequence[ShipNotice], notes: Checklist) -> None:
    """Each package bears a number of its own, which no shipment of these orders bore before."""
    seen = Counter(_package_numbers(notice))
    for number, times in seen.items():
        if len(number) != 18 or not has_valid_check_digit(number):
            notes.note(
                Reason.SSCC_INVALID, f"Package number {number!r} is no SSCC (18 digits, the last a check digit).", "MAN02"
            )
        if times > 1:
            notes.note(
                Reason.SSCC_REPEATED,
                f"Package number {number} stands on {times} packages, and each has one of its own. Ask the supplier which is which "
                "before the packages are taken in by their numbers.",
                "MAN02",
            )
    for earlier in before:
        for number in seen.keys() & set(_package_numbers(earlier)):
            notes.note(
                Reason.SSCC_REPEATED,
                f"Package number {number} was announced before (ship notice {earlier.number}). Ask the supplier whether it is that "
                "package once more.",
                "MAN02",
            )


def _package_numbers(notice: ShipNotice) -> list[str]:
    return [package.sscc for order in notice.orders for package in order.packages if package.sscc]


def _shipped_before(
    notices: Sequence[ShipNotice], orders: Mapping[str, SuppliedOrder]
) -> Mapping[tuple[str, int], tuple[Decimal, tuple[str, ...]]]:
    """By order and key of its line, what was shipped of it and by which notices; only what acts counts."""
    found: dict[tuple[str, int], tuple[Decimal, tuple[str, ...]]] = {}
    for notice in notices:
        for number, lines in lines_by_order(notice).items():
            if number not in orders or not is_acted_on(notice.purpose, orders[number].partner, "856"):
                continue
            # With a matcher of its own, as each notice begins at the first line; what was found about it then was told then.
            order = replace(orders[number])
            for ordered, quantity in shipped_lines(order, lines, Checklist(order.partner)).values():
                so_far, numbers = found.get((number, ordered.key), (Decimal(), ()))
                found[number, ordered.key] = (so_far + quantity, tuple(dict.fromkeys((*numbers, notice.number))))
    return found


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
