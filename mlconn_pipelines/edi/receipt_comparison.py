"""A receiving advice (861) held against our orders: what came, what was shipped, what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from mlconn_pipelines.documents.kinds import set_of
from mlconn_pipelines.documents.receiving_advice import OrderReference, ReceivedLine, ReceivingAdvice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine, check_not_above, check_unit, in_order_unit, line_unknown, plain
from mlconn_pipelines.edi.purposes import check_purpose
from mlconn_pipelines.edi.supplier_documents import SuppliedOrder, check_standing
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of


def check_receiving_advice(advice: ReceivingAdvice, orders: Mapping[str, SuppliedOrder], notes: Checklist) -> None:
    """More received than ordered, other than shipped, damaged or short: a person's. Less than ordered is only noted.

    orders: by their number. An order that is not among them is whoever calls' to report.
    """
    check_purpose(advice.purpose, "BRA03", notes)
    totals: dict[tuple[str, int], tuple[OrderedLine, Decimal]] = {}
    for number in dict.fromkeys(_order_of(line, advice).number for line in advice.lines):
        if number in orders:
            check_standing(orders[number], notes)
    for line in advice.lines:
        named = _order_of(line, advice)
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
    for (number, _), (ordered, quantity) in totals.items():
        place = f"order {number}, line {ordered.number}"
        check_not_above(quantity, ordered, "received", Reason.QUANTITY_DIFFERS, notes, place)
        if quantity < ordered.quantity:
            said = f"Item {ordered.item_code}: {plain(quantity)} of {plain(ordered.quantity)} {ordered.unit} received."
            notes.note(Reason.SHORT_SHIPPED, said, place, "ignore")


def _order_of(line: ReceivedLine, advice: ReceivingAdvice) -> OrderReference:
    """The order that the line names, else the only one that the whole advice names."""
    named = line.orders or (advice.orders if len(advice.orders) == 1 else ())
    return named[0] if named else OrderReference("")


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
