"""Purchase orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import takewhile

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    allowance_and_charge_segments,
    date_segments,
    description_segments,
    packing_segments,
    product_ids_of,
    reference_segments,
    store_quantity_segments,
)
from mlconn_pipelines.x12.note_loops import note_loop_segments
from mlconn_pipelines.x12.order_frame import heading_segments, read_order
from mlconn_pipelines.x12.party_segments import party_segments
from mlconn_pipelines.x12.price_basis import price_of_one, stated_price
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, date_text, number_text, text

_SAY_WHAT_IS_ORDERED = frozenset(("SCH", "SLN", "CTP", "PO3", "QTY"))


def parse(values: Values, guide: PartnerGuide | None = None) -> PurchaseOrder:
    """The order that the segments state. Schedules, sub-lines and prices beside PO104 are passed over and told in `unread`."""
    beg, heading, lines = read_order(values, guide, "850", "BEG", "PO1", _line_of)
    if any(line.unit_price is None for line in lines) and _has_price_for_all(values):
        lines = tuple(replace(line, unread=(*line.unread, "CTP")) if line.unit_price is None else line for line in lines)
    return PurchaseOrder(
        number=text(beg, 3),
        date=values.wanted_date(beg, 5),
        lines=lines,
        purpose=text(beg, 1),
        kind=text(beg, 2),
        release=text(beg, 4),
        contract=text(beg, 6),
        **heading,
    )


def render(order: PurchaseOrder, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. AMT*TT and CTT02 are written where the guide requires them (`AMT_TT`, `CTT02`)."""
    writing = Writing(guide, "850", clean)
    quantities = number_text(sum((line.quantity for line in order.lines), Decimal()))
    return [
        ("BEG", order.purpose, order.kind, order.number, order.release, date_text(order.date), order.contract),
        *heading_segments(order, writing),
        *(segment for line in order.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(order.lines)), quantities if writing.wants("CTT02") else ""),
        *([("AMT", "TT", number_text(order.total))] if writing.wants("AMT_TT") or writing.wants("AMT") else []),
    ]


def _has_price_for_all(values: Values) -> bool:
    """Whether the heading has a CTP, whose price is that of lines without one."""
    before_lines = takewhile(lambda segment: segment[0] != "PO1", values.segments)
    return any(segment[0] == "CTP" for segment in before_lines)


def _line_segments(line: OrderLine, writing: Writing) -> Iterator[OutSegment]:
    quantity, pairs = number_text(line.quantity), writing.product_pairs(line.product_ids)
    price = number_text(stated_price(line.unit_price, line.price_basis, line.unit))
    yield ("PO1", line.number, quantity, line.unit, price, line.price_basis, *pairs)
    yield from description_segments(line.description, writing)
    yield from packing_segments(line.packing)
    yield from reference_segments(line.references, writing)
    yield from allowance_and_charge_segments(line.allowances_and_charges, writing)
    yield from store_quantity_segments(line.store_quantities)
    yield from date_segments(line.dates)
    yield from note_loop_segments(line.notes, writing)
    yield from party_segments(line.parties, writing)


def _line_of(reading: LineReading, values: Values) -> OrderLine:
    po1 = reading.segment
    return OrderLine(
        number=text(po1, 1),
        quantity=values.wanted_number(po1, 2),
        unit=text(po1, 3),
        unit_price=price_of_one(values.number(po1, 4), text(po1, 5), text(po1, 3)),
        product_ids=product_ids_of(po1, 6),
        description=reading.description,
        dates=tuple(reading.dates),
        references=tuple(reading.references),
        allowances_and_charges=tuple(reading.allowances_and_charges),
        store_quantities=tuple(reading.store_quantities),
        price_basis=text(po1, 5),
        notes=reading.notes(),
        parties=reading.parties(),
        packing=reading.packing,
        unread=tuple(id_ for id_ in reading.unread if id_ in _SAY_WHAT_IS_ORDERED),
    )
