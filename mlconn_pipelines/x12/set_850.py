"""Purchase orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import takewhile

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import item_fields, item_segment
from mlconn_pipelines.x12.order_sets import ORDER_HEADING
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> PurchaseOrder:
    """The order that the segments state. Schedules, sub-lines and prices beside PO104 are passed over and told in `unread`."""
    heading = HeadingLoop(values)
    beg, lines, _ = read_lines(heading, LineLoop(values), _line_of)
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
        **heading.fields(PurchaseOrder),
    )


def render(order: PurchaseOrder, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. AMT*TT and CTT02 are written where the guide requires them (`AMT_TT`, `CTT02`)."""
    quantities = number_text(sum((line.quantity for line in order.lines), Decimal()))
    return [
        ("BEG", order.purpose, order.kind, order.number, order.release, date_text(order.date), order.contract),
        *field_segments(order, writing, ORDER_HEADING),
        *(segment for line in order.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(order.lines)), quantities if writing.wants("CTT02") else ""),
        *([("AMT", "TT", number_text(order.total))] if writing.wants("AMT_TT") or writing.wants("AMT") else []),
    ]


def _has_price_for_all(values: ElementReader) -> bool:
    """Whether the heading has a CTP, whose price is that of lines without one."""
    before_lines = takewhile(lambda segment: segment[0] != "PO1", values.segments)
    return any(segment[0] == "CTP" for segment in before_lines)


def _line_segments(line: OrderLine, writing: Writing) -> Iterator[OutSegment]:
    yield item_segment("PO1", line, writing)
    yield from field_segments(line, writing, "PID PO4 REF SAC SDQ DTM N9 N1")


def _line_of(line: LineLoop) -> OrderLine:
    po1, values = line.segment, line.values
    return OrderLine(**item_fields(po1, values.wanted_number(po1, 2), values.number(po1, 4)), **line.fields(OrderLine))
