"""X12 855 against our purchase order: what each line's status is, which date to write, which differences a person decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.erp import OrderChange, Record
from mlconn_pipelines.flows.ports.partner import Partner
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
from mlconn_pipelines.mappings.sap_business_one.ordered_lines import OurOrder, check_standing, our_order
from mlconn_pipelines.mappings.sap_business_one.settings import SapSettings


def change_of(
    answer: OrderAcknowledgment, record: Record, partner: Partner, book: ReferenceBook, settings: SapSettings
) -> OrderChange:
    """Dates at once, prices and quantities after approval and by setting, rejected lines never: a person closes them in SAP."""
    order = our_order(record, partner, book)
    notes, differences = Checklist(partner), Checklist(partner)
    check_standing(order, notes)
    if answer.kind in ORDER_REJECTED:
        differences.reject(
            "order_rejected",
            f"The supplier rejects purchase order {answer.order_number} (BAK02 {answer.kind}). Close or cancel it in SAP.",
            "BAK02",
        )
    if answer.kind in ORDER_ON_HOLD:
        notes.note("order_on_hold", f"The supplier holds purchase order {answer.order_number}.", "BAK02")
    header_date = max((stated.date for stated in answer.dates if stated.qualifier in DELIVERY_DATES), default=None)
    dates: dict[int, dict[str, Any]] = {}
    corrections: dict[int, dict[str, Any]] = {}
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
        corrections[ordered.key] = _differences(line, ordered, quantity, stated, order, partner, differences, place)
        if date is not None:
            dates[ordered.key] = _dates(ordered, date, record, settings)
    if not answer.lines:
        told = [_untold(ordered, answer, header_date) for ordered in order.lines]
        if header_date is not None and answer.kind not in ORDER_REJECTED:
            dates = {ordered.key: _dates(ordered, header_date, record, settings) for ordered in order.lines}
    open_lines = _open_lines(order, notes, any(dates.values()))
    changes = _patch({key: values for key, values in dates.items() if key in open_lines})
    approved = {key: dates.get(key, {}) | corrections.get(key, {}) for key in dates.keys() | corrections.keys()}
    approved_changes = _patch({k: v for k, v in approved.items() if k in open_lines}) if settings.apply_differences else changes
    expected = _patched(record, changes) if changes else {}
    return OrderChange(changes, approved_changes, differences.findings, tuple(told), notes.findings, expected)


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


def _differences(
    line: AcknowledgedLine,
    ordered: OrderedLine,
    quantity: Decimal | None,
    stated: Stated,
    order: OurOrder,
    partner: Partner,
    differences: Checklist,
    place: str,
) -> dict[str, Any]:
    """Findings for a person, and the line's fields that would make the order agree."""
    correction: dict[str, Any] = {}
    rejected = [answer for answer in line.answers if answer.status in REJECTED]
    if rejected and not quantity:
        differences.reject(
            "line_rejected",
            f"Item {ordered.item_code}: the supplier says {words_for(rejected[0].status)} ({rejected[0].status}). "
            "Close the line in SAP, or order elsewhere.",
            place,
        )
        return correction
    if quantity is not None:
        check_not_above(quantity, ordered, "confirmed", "quantity_differs", differences, place, at_most=False)
        if quantity != ordered.quantity:
            source = order.sources[ordered.key]
            correction["Quantity"] = round(source.Quantity * quantity / ordered.quantity, 6) if ordered.quantity else quantity
    if not check_price(stated, ordered, partner.price_tolerance, differences, place) and stated.unit_price is not None:
        source = order.sources[ordered.key]
        in_sap_unit = ordered.quantity / source.Quantity if source.Quantity else Decimal(1)
        correction |= {"UnitPrice": round(stated.unit_price * in_sap_unit, 6), "DiscountPercent": 0}
    for answer in line.answers:
        if answer.status in NEEDS_A_LOOK:
            differences.note(
                "line_needs_a_look", f"Item {ordered.item_code}: {words_for(answer.status)} ({answer.status}).", place
            )
    return correction


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


def _dates(ordered: OrderedLine, date: dt.date, record: Record, settings: SapSettings) -> dict[str, Any]:
    """The configured date fields that hold another day yet."""
    rows: Sequence[Record] = record.get("DocumentLines") or ()
    held: Record = next((line for line in rows if line.get("LineNum") == ordered.key), {})
    return {name: date.isoformat() for name in settings.confirmed_date_fields if str(held.get(name) or "")[:10] != str(date)}


def _open_lines(order: OurOrder, notes: Checklist, dates: bool) -> set[int]:
    """LineNums that SAP still lets us change."""
    closed = order.document.DocumentStatus == "bost_Close" or order.document.cancelled
    if closed and dates and not order.document.cancelled:
        notes.note(
            "order_closed", f"Purchase order {order.document.DocNum} is closed in SAP; the confirmed dates are not written."
        )
    return set() if closed else {key for key, line in order.sources.items() if line.LineStatus != "bost_Close"}


def _patch(lines: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """A PATCH body: SAP finds lines by LineNum and merges their fields."""
    rows = [{"LineNum": key, **values} for key, values in sorted(lines.items()) if values]
    return {"DocumentLines": rows} if rows else {}


def _patched(record: Record, patch: Record) -> Record:
    """The record as SAP will hold it after a PATCH of line fields that nothing else follows from, such as dates."""
    changed = {row["LineNum"]: row for row in patch["DocumentLines"]}
    lines = [{**line, **changed.get(line.get("LineNum"), {})} for line in record.get("DocumentLines") or ()]
    return {**record, "DocumentLines": lines}


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
    """An 855 without lines speaks for all of them."""
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
