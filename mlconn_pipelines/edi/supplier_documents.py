"""An order of ours as its supplier read it, and what their 855, 856 and 810 say about it: any ERP's, once its lines are mapped."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine
from mlconn_pipelines.edi.acknowledgment_codes import (
    DELIVERY_DATES,
    NEEDS_A_LOOK,
    ORDER_ON_HOLD,
    ORDER_REJECTED,
    REJECTED,
    words_for,
)
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.gtin import has_valid_check_digit
from mlconn_pipelines.edi.invoice_total import check_total
from mlconn_pipelines.edi.item_resolution import resolve
from mlconn_pipelines.edi.order_comparison import (
    LineMatcher,
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
from mlconn_pipelines.edi.purposes import check_invoice_type, check_purpose, is_acted_on, is_to_be_entered
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of


@dataclass(frozen=True, slots=True)
class SuppliedOrder:
    """system: what people call the ERP. supplier_code: its code for the supplier. currency: ISO 4217, empty where unknown."""

    system: str
    number: str
    supplier_code: str
    currency: str
    cancelled: bool
    lines: tuple[OrderedLine, ...]
    partner: Partner
    book: ReferenceBook
    matcher: LineMatcher = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "matcher", LineMatcher(self.lines))

    def match(self, number: str, ids: tuple[ProductId, ...], set_id: str) -> OrderedLine | None:
        """The order line that a supplier's line means, None where there is none."""
        codes = resolve(ids, self.partner, (self.supplier_code,), self.book, set_id, we_sell=False).candidates
        return self.matcher.match(number, ids, codes)


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """What is invoiced of an order line, in the order line's own unit."""

    ordered: OrderedLine
    quantity: Decimal
    unit_price: Decimal


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


def check_standing(order: SuppliedOrder, notes: Checklist) -> None:
    """A cancelled order should be answered by nobody."""
    if order.cancelled:
        notes.reject(
            Reason.ORDER_CANCELLED,
            f"Purchase order {order.number} is cancelled in {order.system}. Tell the supplier, then dismiss this.",
        )


def check_invoice(
    invoice: Invoice, order: SuppliedOrder | None, partner: Partner, notes: Checklist, before: Sequence[Invoice] = ()
) -> None:
    """Whether the invoice adds up, and, against the order, its currency, lines, quantities and prices.

    order None: only what the invoice says by itself is checked; that its order is unknown is whoever calls' to report.
    before: what was invoiced of the order so far.
    """
    check_invoice_type(invoice, notes)
    check_purpose(invoice.purpose, "BIG08", notes)
    for stated in invoice.lines:
        check_price_basis(stated.price_basis, stated.unit, stated.unit_price, "IT105", notes, f"line {stated.number}")
    check_total(invoice, notes)
    if order is None:
        return
    check_standing(order, notes)
    if invoice.currency and order.currency and invoice.currency != order.currency:
        notes.reject(
            Reason.CURRENCY_DIFFERS,
            f"The invoice is in {invoice.currency}, purchase order {order.number} in {order.currency}.",
            "CUR",
        )
    totals: dict[int, tuple[OrderedLine, Decimal]] = {}
    for line in invoiced_lines(invoice, order, partner, notes):
        _, so_far = totals.get(line.ordered.key, (line.ordered, Decimal()))
        totals[line.ordered.key] = (line.ordered, so_far + line.quantity)
    already = _invoiced_before(before, order, partner)
    for ordered, quantity in totals.values():
        check_not_above(quantity, ordered, "invoiced", Reason.QUANTITY_DIFFERS, notes, f"line {ordered.number}")
        earlier, numbers = already.get(ordered.key, (Decimal(), ()))
        if earlier and quantity <= ordered.quantity < earlier + quantity:
            notes.reject(
                Reason.INVOICED_BEFORE,
                f"Item {ordered.item_code}: {plain(quantity)} {ordered.unit} invoiced, and {plain(earlier)} of the "
                f"{plain(ordered.quantity)} {ordered.unit} ordered were invoiced before (invoice {', '.join(numbers)}). Ask the "
                "supplier; approve it if both are owed, dismiss it if it is the same once more.",
                f"line {ordered.number}",
            )


def _invoiced_before(
    invoices: Sequence[Invoice], order: SuppliedOrder, partner: Partner
) -> Mapping[int, tuple[Decimal, tuple[str, ...]]]:
    """By the order line's key, what was invoiced of it and by which invoices. Credits and the like take no part."""
    found: dict[int, tuple[Decimal, tuple[str, ...]]] = {}
    for invoice in invoices:
        if not is_to_be_entered(invoice, partner):
            continue
        # With a matcher of its own, as each invoice begins at the first line; what was found about it then was told then.
        for line in invoiced_lines(invoice, replace(order), partner, Checklist(partner)):
            so_far, numbers = found.get(line.ordered.key, (Decimal(), ()))
            found[line.ordered.key] = (so_far + line.quantity, tuple(dict.fromkeys((*numbers, invoice.number))))
    return found


def invoiced_lines(invoice: Invoice, order: SuppliedOrder, partner: Partner, notes: Checklist) -> list[InvoicedLine]:
    """Each order line that is invoiced; several invoice lines of one at the same price add up."""
    found: dict[tuple[int, Decimal], InvoicedLine] = {}
    for line in invoice.lines:
        place = f"line {line.number}" if line.number else "line without number"
        ordered = order.match(line.number, line.product_ids, "810")
        if ordered is None:
            line_unknown("Invoiced", line.number, line.product_ids, notes, place)
            continue
        stated = in_order_unit(ordered, line.quantity, line.unit, line.unit_price)
        check_unit(stated, ordered, line.unit, notes, place)
        check_price(stated, ordered, partner.price_tolerance, notes, place)
        if stated.quantity is None or stated.unit_price is None:
            continue
        so_far = found.get((ordered.key, stated.unit_price))
        quantity = stated.quantity + (so_far.quantity if so_far else Decimal())
        found[ordered.key, stated.unit_price] = InvoicedLine(ordered, quantity, stated.unit_price)
    return list(found.values())


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


def answers_to(
    answer: OrderAcknowledgment, order: SuppliedOrder, partner: Partner, notes: Checklist, differences: Checklist
) -> Answers:
    """What the supplier says to each line. differences: other prices or quantities and rejections, which a person decides."""
    check_standing(order, notes)
    check_purpose(answer.purpose, "BAK01", notes)
    if not is_acted_on(answer.purpose, partner):
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
    header_date = max((stated.date for stated in answer.dates if stated.qualifier in DELIVERY_DATES), default=None)
    dates: dict[int, dt.date] = {}
    corrections: dict[int, Correction] = {}
    told: list[Mapping[str, Any]] = []
    for line in answer.lines:
        place = f"line {line.number}"
        ordered = order.match(line.number, line.product_ids, "855")
        if ordered is None:
            line_unknown("Acknowledged", line.number, line.product_ids, notes, place)
            continue
        quantity, stated = _confirmed(line, ordered)
        check_unit(stated, ordered, line.unit, differences, place)
        if not check_price_basis(line.price_basis, line.unit, line.unit_price, "PO105", differences, place):
            stated = replace(stated, unit_price=None)
        if correction := _correction(line, ordered, quantity, stated, order, partner, differences, place):
            corrections[ordered.key] = correction
        date = _date(line, notes, place) or header_date
        told.append(_told(ordered, line, quantity, stated, date))
        if date is not None:
            dates[ordered.key] = date
    if not answer.lines:
        told = [_untold(ordered, answer, header_date) for ordered in order.lines]
        if header_date is not None and answer.kind not in ORDER_REJECTED:
            dates = {ordered.key: header_date for ordered in order.lines}
    return Answers(dates, tuple(told), corrections)


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
            differences.note(
                Reason.LINE_NEEDS_A_LOOK, f"Item {ordered.item_code}: {words_for(answer.status)} ({answer.status}).", place
            )
    other_price = None if same_price else stated.unit_price
    return Correction(ordered, other_quantity, other_price) if (other_quantity, other_price) != (None, None) else None


def _date(line: AcknowledgedLine, notes: Checklist, place: str) -> dt.date | None:
    """The day by which everything confirmed is there: the latest of several, which is said."""
    stated = [answer for answer in line.answers if answer.date and answer.status not in REJECTED]
    for answer in stated:
        if not _is_of_delivery(answer):
            meaning = meaning_of("374", answer.date_qualifier) or "a date of an unknown kind"
            notes.note(
                Reason.NO_DELIVERY_DATE,
                f"The supplier states {meaning} {answer.date} (ACK04 {answer.date_qualifier}), which is no day of delivery "
                "and is not written to the order.",
                place,
            )
    days = sorted({answer.date for answer in stated if answer.date and _is_of_delivery(answer)})
    if len(days) > 1:
        notes.note(
            Reason.SPLIT_SCHEDULE,
            f"The supplier delivers on {', '.join(map(str, days))}; {days[-1]} is the day that counts.",
            place,
        )
    return days[-1] if days else None


def _is_of_delivery(answer: LineAnswer) -> bool:
    return not answer.date_qualifier or answer.date_qualifier in DELIVERY_DATES


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
