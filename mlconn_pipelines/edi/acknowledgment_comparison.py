"""A supplier's 855 held against our order: what each line's answer changes, and what a person decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.edi.acknowledgment_codes import (
    BACKORDERED,
    NEEDS_A_LOOK,
    ONLY_EXCEPTIONS,
    ORDER_ON_HOLD,
    ORDER_REJECTED,
    REJECTED,
    words_for,
)
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.confirmed_dates import day_of_all, day_of_line, is_dated
from mlconn_pipelines.edi.order_comparison import (
    OrderedLine,
    Stated,
    check_not_above,
    check_price,
    check_price_basis,
    check_unit,
    in_order_unit,
    line_unknown,
    plain,
)
from mlconn_pipelines.edi.purposes import check_purpose, is_acted_on
from mlconn_pipelines.edi.supplied_order import SuppliedOrder, check_standing
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class Correction:
    """What would make an order line agree with its 855, in the line's own unit. None: what is ordered stands."""

    ordered: OrderedLine
    quantity: Decimal | None
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What an 855 says. dates, corrections: by the order lines' keys. told: per order line, for the ledger.

    A rejected line has no correction: a person closes it.
    """

    dates: Mapping[int, dt.date]
    told: tuple[Mapping[str, Any], ...]
    corrections: Mapping[int, Correction] = field(default_factory=dict)


def answers_to(
    answer: OrderAcknowledgment, order: SuppliedOrder, partner: Partner, notes: Checklist, differences: Checklist
) -> Answers:
    """What the supplier says to each line. differences: other prices or quantities and rejections, which a person decides."""
    check_standing(order, notes)
    check_purpose(answer.purpose, "BAK01", notes)
    if not is_acted_on(answer.purpose, partner, "855"):
        return Answers({}, ())
    if answer.kind in ORDER_REJECTED:
        differences.reject(
            Reason.ORDER_REJECTED,
            f"The supplier rejects purchase order {answer.order_number} (BAK02 {answer.kind}). "
            f"Close or cancel it in {order.system}.",
            "BAK02",
        )
    if answer.kind in ORDER_ON_HOLD:
        notes.note(Reason.ORDER_ON_HOLD, f"The supplier holds purchase order {answer.order_number}.", "BAK02")
    _tell_beside_lines(answer, order, notes)
    same_currency = answer.currency in ("", order.currency) or not order.currency
    header_date = day_of_all(answer.dates)
    dates: dict[int, dt.date] = {}
    corrections: dict[int, Correction] = {}
    told: list[Mapping[str, Any]] = []
    answered: set[int] = set()
    for line in answer.lines:
        place = f"line {line.number}"
        ordered = order.match(line.number, line.product_ids, "855")
        if ordered is None:
            line_unknown("Acknowledged", line.number, line.product_ids, notes, place)
            continue
        answered.add(ordered.key)
        quantity, stated = _confirmed(line, ordered)
        check_unit(stated, ordered, line.unit, differences, place)
        _tell_charges(line.allowances_and_charges, line.taxes, notes, place)
        if not check_price_basis(line.price_basis, line.unit, line.unit_price, "PO105", differences, place):
            stated = replace(stated, unit_price=None)
        if correction := _correction(line, ordered, quantity, stated, order, partner, differences, place):
            # A price in another currency than the order's is never written to it.
            corrections[ordered.key] = correction if same_currency else replace(correction, unit_price=None)
        date = day_of_line(line, notes, place) or header_date
        _tell_undated(line, ordered, date, differences, place)
        told.append(_told(ordered, line, quantity, stated, date))
        if date is not None:
            dates[ordered.key] = date
    unanswered = [ordered for ordered in order.lines if ordered.key not in answered]
    if not answer.lines or answer.kind in ONLY_EXCEPTIONS | ORDER_REJECTED:
        told += [_untold(ordered, answer, header_date) for ordered in unanswered]
        if header_date is not None and answer.kind not in ORDER_REJECTED:
            dates |= {ordered.key: header_date for ordered in unanswered}
    elif unanswered:
        named = ", ".join(f"{ordered.number} ({ordered.item_code})" for ordered in unanswered)
        notes.note(
            Reason.LINE_NOT_ANSWERED,
            f"The supplier says nothing to line {named} of purchase order {answer.order_number} (BAK02 {answer.kind}). Ask whether "
            "it will be delivered.",
            "PO1",
        )
    return Answers(dates, tuple(told), corrections)


def _tell_beside_lines(answer: OrderAcknowledgment, order: SuppliedOrder, notes: Checklist) -> None:
    if answer.currency and order.currency and answer.currency != order.currency:
        notes.note(
            Reason.CURRENCY_DIFFERS,
            f"The supplier answers in {answer.currency}, purchase order {order.number} is in {order.currency}. Ask which one they "
            "will charge in; no price of theirs is written to the order.",
            "CUR",
            "accept_with_error",
        )
    _tell_charges(answer.allowances_and_charges, answer.taxes, notes, "SAC")


def _tell_charges(extras: Sequence[AllowanceOrCharge], taxes: Sequence[Tax], notes: Checklist, place: str) -> None:
    said = [*map(in_words, extras), *map(tax_in_words, taxes)]
    if said:
        notes.note(
            Reason.CHARGES_ANNOUNCED,
            f"The supplier's answer states {', '.join(said)}, which is not written to the order. Look whether it was agreed, before "
            "they invoice it.",
            place,
        )


def _tell_undated(
    line: AcknowledgedLine, ordered: OrderedLine, date: dt.date | None, differences: Checklist, place: str
) -> None:
    """What is back-ordered should say until when. date: of the line, whichever answer named it."""
    late = [answer for answer in line.answers if answer.status in BACKORDERED and not is_dated(answer)]
    others_dated = date is not None and not any(is_dated(answer) for answer in line.answers)
    for answer in late if not others_dated else ():
        much = f"{plain(answer.quantity)} {answer.unit or line.unit} of it " if answer.quantity is not None else ""
        differences.note(
            Reason.LINE_NEEDS_A_LOOK,
            f"Item {ordered.item_code}: {much}{words_for(answer.status)} ({answer.status}) without a date. Ask the supplier when it "
            "comes.",
            place,
        )


def _confirmed(line: AcknowledgedLine, ordered: OrderedLine) -> tuple[Decimal | None, Stated]:
    """(quantity that will come, what is stated), in the order's unit. Quantities of several ACKs add up, rejected ones left out.

    Where only the back-ordered part is named, the line's own quantity is what will come: the rest is there, or came.
    """
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
    total = sum((part.quantity or Decimal() for part in parts), Decimal())
    is_part = all(answer.status in BACKORDERED or answer.quantity is None for answer in line.answers)
    return (max(total, stated.quantity) if is_part and stated.quantity is not None else total), stated


def _correction(
    line: AcknowledgedLine,
    ordered: OrderedLine,
    quantity: Decimal | None,
    stated: Stated,
    order: SuppliedOrder,
    partner: Partner,
    differences: Checklist,
    place: str,
) -> Correction | None:
    """Findings for a person, and what would make the order agree; None where it agrees, or nothing will come."""
    rejected = [answer for answer in line.answers if answer.status in REJECTED]
    if rejected and not quantity:
        differences.reject(
            Reason.LINE_REJECTED,
            f"Item {ordered.item_code}: the supplier says {words_for(rejected[0].status)} ({rejected[0].status}). "
            f"Close the line in {order.system}, or order elsewhere.",
            place,
        )
        return None
    other_quantity = quantity if quantity is not None and quantity != ordered.quantity else None
    if other_quantity is not None:
        check_not_above(other_quantity, ordered, "confirmed", Reason.QUANTITY_DIFFERS, differences, place, at_most=False)
    same_price = check_price(stated, ordered, partner.price_tolerance, differences, place)
    for answer in line.answers:
        if answer.status in NEEDS_A_LOOK:
            instead = ", ".join(f"{one.qualifier} {one.id}" for one in answer.product_ids)
            said = f"{words_for(answer.status)} ({answer.status})" + (f": {instead} comes instead" if instead else "")
            differences.note(Reason.LINE_NEEDS_A_LOOK, f"Item {ordered.item_code}: {said}.", place)
    other_price = None if same_price else stated.unit_price
    return Correction(ordered, other_quantity, other_price) if (other_quantity, other_price) != (None, None) else None


def _told(
    ordered: OrderedLine, line: AcknowledgedLine, quantity: Decimal | None, stated: Stated, date: dt.date | None
) -> Mapping[str, Any]:
    statuses = dict.fromkeys(_in_words(answer, line) for answer in line.answers)
    return {
        "line": ordered.number,
        "item": ordered.item_code,
        "status": "; ".join(statuses) or "stated without a status",
        "quantity": plain(quantity) if quantity is not None else None,
        "unit": ordered.unit,
        "price": plain(stated.unit_price) if stated.unit_price is not None else None,
        "date": date.isoformat() if date else None,
    }


def _in_words(answer: LineAnswer, line: AcknowledgedLine) -> str:
    late = answer.status in BACKORDERED and answer.quantity is not None
    return words_for(answer.status) + (
        f" ({plain(answer.quantity)} {answer.unit or line.unit})" if late and answer.quantity else ""
    )


def _untold(ordered: OrderedLine, answer: OrderAcknowledgment, date: dt.date | None) -> Mapping[str, Any]:
    """An 855 without lines speaks for all of them, one with exceptions only for those that it leaves out."""
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
