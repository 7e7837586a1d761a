"""A receiving advice (861) held against our orders: what came, what was shipped, what was ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from mlconn_pipelines.documents.kinds import set_of
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.receiving_advice import ReceivedLine, ReceivingAdvice
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine, check_not_above, check_unit, in_order_unit, line_unknown, plain
from mlconn_pipelines.edi.purposes import ORIGINAL, check_purpose
from mlconn_pipelines.edi.supplied_order import SuppliedOrder, check_standing
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of


def check_receiving_advice(
    advice: ReceivingAdvice, orders: Mapping[str, SuppliedOrder], notes: Checklist, before: Sequence[ReceivingAdvice] = ()
) -> None:
    """More received than ordered, other than shipped, damaged or short: a person's. Less than ordered is only noted.

    orders: by their number. An order that is not among them is whoever calls' to report. before: what was reported of them so far.
    """
    check_purpose(advice.purpose, "BRA03", notes)
    totals: dict[tuple[str, int], tuple[OrderedLine, Decimal]] = {}
    for number in dict.fromkeys(advice.order_of(line).number for line in advice.lines):
        if number in orders:
            check_standing(orders[number], notes)
    for line in advice.lines:
        named = advice.order_of(line)
        if (order := orders.get(named.number)) is None:
            continue
        number = named.line or line.number
        place = f"order {named.number}, line {number or 'without number'}"
        ordered = order.match(number, line.product_ids, set_of(advice))
        if ordered is None:
            line_unknown("Received", number, line.product_ids, notes, place)
            continue
        stated = in_order_unit(ordered, line.quantity, line.unit, None)
        check_unit(stated, ordered, line.unit, notes, place)
        _check_condition(line, ordered, notes, place)
        if stated.quantity is None:
            continue
        shipped = in_order_unit(ordered, line.shipped, line.shipped_unit or line.unit, None).quantity
        if shipped is not None and shipped != stated.quantity:
            said = f"Item {ordered.item_code}: {plain(stated.quantity)} {ordered.unit} received, {plain(shipped)} {ordered.unit} shipped."
            notes.reject(Reason.QUANTITY_DIFFERS, said, place)
        _, so_far = totals.get((named.number, ordered.key), (ordered, Decimal()))
        totals[named.number, ordered.key] = (ordered, so_far + stated.quantity)
    already = _received_before(before, orders)
    for (number, key), (ordered, quantity) in totals.items():
        place = f"order {number}, line {ordered.number}"
        check_not_above(quantity, ordered, "received", Reason.QUANTITY_DIFFERS, notes, place)
        earlier, advices = already.get((number, key), (Decimal(), ()))
        if quantity <= ordered.quantity < earlier + quantity:
            notes.reject(
                Reason.QUANTITY_DIFFERS,
                f"Item {ordered.item_code}: {plain(quantity)} {ordered.unit} received, and {plain(earlier)} of the "
                f"{plain(ordered.quantity)} {ordered.unit} ordered came before (advice {', '.join(advices)}). Ask whoever reports it; "
                "approve it if both came, dismiss it if it is the same once more.",
                place,
            )
        if earlier + quantity < ordered.quantity:
            said = (
                f"Item {ordered.item_code}: {plain(earlier + quantity)} of {plain(ordered.quantity)} {ordered.unit} received."
            )
            notes.note(Reason.SHORT_SHIPPED, said, place, "ignore")


def _received_before(
    advices: Sequence[ReceivingAdvice], orders: Mapping[str, SuppliedOrder]
) -> Mapping[tuple[str, int], tuple[Decimal, tuple[str, ...]]]:
    """By order and key of its line, what was reported of it and by which advices; only originals count."""
    found: dict[tuple[str, int], tuple[Decimal, tuple[str, ...]]] = {}
    for advice in advices:
        fresh = {number: replace(order) for number, order in orders.items()}  # each advice begins at the first line
        for line in advice.lines if advice.purpose == ORIGINAL else ():
            named = advice.order_of(line)
            if (order := fresh.get(named.number)) is None:
                continue
            ordered = order.match(named.line or line.number, line.product_ids, set_of(advice))
            quantity = None if ordered is None else in_order_unit(ordered, line.quantity, line.unit, None).quantity
            if ordered is not None and quantity is not None:
                so_far, numbers = found.get((named.number, ordered.key), (Decimal(), ()))
                found[named.number, ordered.key] = (so_far + quantity, tuple(dict.fromkeys((*numbers, advice.number))))
    return found


def check_against_shipment(
    advice: ReceivingAdvice, notice: ShipNotice, partner: Partner, book: ReferenceBook, notes: Checklist
) -> None:
    """Other than its ship notice says: a person's. What the advice leaves out of an order that it speaks of is only noted."""
    if any(advice.order_of(line).number for line in advice.lines):
        shipments = notice.orders
    else:  # by items alone
        shipments = (ShippedOrder("", tuple(line for order in notice.orders for line in order.all_lines)),)
    for shipped in shipments:
        lines = [line for line in advice.lines if advice.order_of(line).number == shipped.order_number]
        if not lines:
            continue
        order = _as_told(shipped.order_number, shipped.all_lines, partner, book)
        received: dict[int, list[ReceivedLine]] = {}
        totals: dict[int, Decimal] = {}
        for line in lines:
            ordered = order.match(advice.order_of(line).line or line.number, line.product_ids, set_of(advice))
            if ordered is None:
                continue  # no line of the order either, or one that was not shipped with this: told where orders are compared
            stated = in_order_unit(ordered, line.quantity, line.unit, None)
            if stated.quantity is not None:
                received.setdefault(ordered.key, []).append(line)
                totals[ordered.key] = totals.get(ordered.key, Decimal()) + stated.quantity
        for ordered in order.lines:
            named = f", order {shipped.order_number}" if shipped.order_number else ""
            place = f"shipment {notice.number}{named}, line {ordered.number}"
            quantity = plain(ordered.quantity)
            if ordered.key not in totals:
                said = f"Item {ordered.item_code}: {quantity} {ordered.unit} shipped, and nothing is said of their receipt."
                notes.note(Reason.SHORT_SHIPPED, said, place)
            elif totals[ordered.key] != ordered.quantity and not _says_so_itself(received[ordered.key], ordered):
                notes.reject(
                    Reason.QUANTITY_DIFFERS,
                    f"Item {ordered.item_code}: {plain(totals[ordered.key])} {ordered.unit} received, {quantity} {ordered.unit} "
                    f"shipped by ship notice {notice.number}.",
                    place,
                )


def order_as_told(order: PurchaseOrder, partner: Partner, book: ReferenceBook) -> SuppliedOrder:
    """An order as its document says, where no ERP has it to be read: a customer's, or ours that is completed."""
    return _as_told(order.number, order.lines, partner, book)


def _as_told(number: str, lines: Sequence[OrderLine | ShippedLine], partner: Partner, book: ReferenceBook) -> SuppliedOrder:
    """Lines are called by their first product number."""
    told = tuple(
        OrderedLine(
            key=place,
            number=line.number or str(place),
            item_code=line.product_ids[0].id if line.product_ids else "",
            quantity=line.quantity,
            unit=line.unit,
            unit_price=None,
            product_ids=line.product_ids,
        )
        for place, line in enumerate(lines, start=1)
    )
    return SuppliedOrder("", number, "", "", cancelled=False, lines=told, partner=partner, book=book)


def _says_so_itself(lines: Sequence[ReceivedLine], ordered: OrderedLine) -> bool:
    """Whether the advice states what was shipped as the ship notice does: then it is told already."""
    stated = [in_order_unit(ordered, line.shipped, line.shipped_unit or line.unit, None).quantity for line in lines]
    return None not in stated and sum(filter(None, stated), Decimal()) == ordered.quantity


def _check_condition(line: ReceivedLine, ordered: OrderedLine, notes: Checklist, place: str) -> None:
    """What came damaged, short, over or wrong, and what goes back."""
    for part in line.in_question:
        meaning = (meaning_of("412", part.condition) or "in a condition that X12 does not list").lower()
        said = f"Item {ordered.item_code}: {plain(part.quantity)} {part.unit or ordered.unit} {meaning} (RCD {part.condition})."
        notes.reject(Reason.QUANTITY_DIFFERS, said, place)
    if line.quantity_returned:
        unit = line.returned_unit or line.unit
        notes.reject(
            Reason.QUANTITY_DIFFERS, f"Item {ordered.item_code}: {plain(line.quantity_returned)} {unit} are returned.", place
        )
