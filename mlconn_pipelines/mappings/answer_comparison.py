"""X12 855 against an order of ours: what each line's status is, by when it comes, and which differences a person decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, OrderAcknowledgment
from mlconn_pipelines.mappings.acknowledgment_codes import (
    DELIVERY_DATES,
    NEEDS_A_LOOK,
    ORDER_ON_HOLD,
    ORDER_REJECTED,
    REJECTED,
    words_for,
)
from mlconn_pipelines.mappings.checklist import Checklist
from mlconn_pipelines.mappings.order_comparison import (
    OrderedLine,
    Stated,
    check_not_above,
    check_price,
    check_unit,
    in_order_unit,
    line_unknown,
    plain,
)
from mlconn_pipelines.mappings.our_order import OurOrder, check_standing


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """What the supplier says of one order line, in the order's unit.

    quantity: what will come, None where that is unclear. unit_price: only where it differs from the order's. rejected: nothing
    will come. date: by which all of it is there, None where none is stated.
    """

    ordered: OrderedLine
    quantity: Decimal | None
    unit_price: Decimal | None
    rejected: bool
    date: dt.date | None

    @property
    def quantity_differs(self) -> bool:
        return not self.rejected and self.quantity is not None and self.quantity != self.ordered.quantity


@dataclass(frozen=True, slots=True)
class Answered:
    """told: per order line, for the ledger: {line, item, status, quantity, unit, price, date}."""

    lines: tuple[AnsweredLine, ...]
    told: tuple[Mapping[str, Any], ...]


def read_answer(answer: OrderAcknowledgment, order: OurOrder, notes: Checklist, differences: Checklist) -> Answered:
    """The answer line by line. notes: what is found; differences: what a person has to approve."""
    check_standing(order, notes)
    if answer.kind in ORDER_REJECTED:
        differences.reject(
            "order_rejected",
            f"The supplier rejects purchase order {answer.order_number} (BAK02 {answer.kind}). Close or cancel it in the ERP.",
            "BAK02",
        )
    if answer.kind in ORDER_ON_HOLD:
        notes.note("order_on_hold", f"The supplier holds purchase order {answer.order_number}.", "BAK02")
    header_date = max((stated.date for stated in answer.dates if stated.qualifier in DELIVERY_DATES), default=None)
    if not answer.lines:
        return _for_all(answer, order, header_date)
    lines: list[AnsweredLine] = []
    told: list[Mapping[str, Any]] = []
    for line in answer.lines:
        place = f"line {line.number}"
        ordered = order.match(line.number, line.product_ids, "855")
        if ordered is None:
            line_unknown("Acknowledged", line.number, line.product_ids, notes, place)
            continue
        quantity, stated = _confirmed(line, ordered)
        check_unit(stated, ordered, line.unit, differences, place)
        date = _date(line, notes, place) or header_date
        told.append(_told(ordered, line, quantity, stated, date))
        lines.append(_compared(line, ordered, quantity, stated, date, order, differences, place))
    return Answered(tuple(lines), tuple(told))


def _for_all(answer: OrderAcknowledgment, order: OurOrder, date: dt.date | None) -> Answered:
    """An 855 without lines speaks for all of them."""
    rejected = answer.kind in ORDER_REJECTED
    lines = tuple(
        AnsweredLine(ordered, Decimal() if rejected else ordered.quantity, None, rejected, None if rejected else date)
        for ordered in order.lines
    )
    return Answered(lines, tuple(_untold(ordered, answer, date) for ordered in order.lines))


def _confirmed(line: AcknowledgedLine, ordered: OrderedLine) -> tuple[Decimal | None, Stated]:
    """(quantity that will come, what is stated), in the order's unit. Quantities of several ACKs add up, rejected ones left out."""
    coming = [answer for answer in line.answers if answer.status not in REJECTED]
    stated = in_order_unit(ordered, line.quantity, line.unit, line.unit_price)
    if line.answers and not coming:
        return Decimal(), stated
    named = [(answer.quantity, answer.unit or line.unit) for answer in coming if answer.quantity is not None]
    if not named:
        return stated.quantity, stated
    parts = [in_order_unit(ordered, quantity, unit, None) for quantity, unit in named]
    if any(part.quantity is None for part in parts):
        return None, Stated(None, stated.unit_price, unit_known=False)
    return sum((part.quantity or Decimal() for part in parts), Decimal()), stated


def _compared(
    line: AcknowledgedLine,
    ordered: OrderedLine,
    quantity: Decimal | None,
    stated: Stated,
    date: dt.date | None,
    order: OurOrder,
    differences: Checklist,
    place: str,
) -> AnsweredLine:
    rejected = [answer for answer in line.answers if answer.status in REJECTED]
    if rejected and not quantity:
        differences.reject(
            "line_rejected",
            f"Item {ordered.item_code}: the supplier says {words_for(rejected[0].status)} ({rejected[0].status}). "
            "Close the line in the ERP, or order elsewhere.",
            place,
        )
        return AnsweredLine(ordered, quantity, None, True, date)
    if quantity is not None:
        check_not_above(quantity, ordered, "confirmed", "quantity_differs", differences, place, at_most=False)
    same_price = check_price(stated, ordered, order.partner.price_tolerance, differences, place)
    for answer in line.answers:
        if answer.status in NEEDS_A_LOOK:
            differences.note(
                "line_needs_a_look", f"Item {ordered.item_code}: {words_for(answer.status)} ({answer.status}).", place
            )
    return AnsweredLine(ordered, quantity, None if same_price else stated.unit_price, False, date)


def _date(line: AcknowledgedLine, notes: Checklist, place: str) -> dt.date | None:
    """The day by which everything confirmed is there: the latest of several, which is said."""
    days = sorted({answer.date for answer in line.answers if answer.date and answer.status not in REJECTED})
    if len(days) > 1:
        notes.note(
            "split_schedule",
            f"The supplier delivers on {', '.join(map(str, days))}; {days[-1]} is written to the order.",
            place,
        )
    return days[-1] if days else None


def _told(
    ordered: OrderedLine, line: AcknowledgedLine, quantity: Decimal | None, stated: Stated, date: dt.date | None
) -> Mapping[str, Any]:
    statuses = dict.fromkeys(words_for(answer.status) for answer in line.answers)
    return {
        "line": ordered.number,
        "item": ordered.item_code,
        "status": "; ".join(statuses) or "stated without a status",
        "quantity": plain(quantity) if quantity is not None else None,
        "unit": ordered.unit,
        "price": plain(stated.unit_price) if stated.unit_price is not None else None,
        "date": date.isoformat() if date else None,
    }


def _untold(ordered: OrderedLine, answer: OrderAcknowledgment, date: dt.date | None) -> Mapping[str, Any]:
    rejected, held = answer.kind in ORDER_REJECTED, answer.kind in ORDER_ON_HOLD
    return {
        "line": ordered.number,
        "item": ordered.item_code,
        "status": "rejected" if rejected else "on hold" if held else "accepted",
        "quantity": "0" if rejected else plain(ordered.quantity),
        "unit": ordered.unit,
        "price": None,
        "date": date.isoformat() if date and not rejected else None,
    }
