"""Purchase orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import item_fields, item_segment
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

_TOTAL = "TT"  # element 522: total transaction amount
_HEADING = "CUR*BY REF PER TAX CTP SAC ITD DTM TD5 TXI N9 N1"


def parse(values: ElementReader) -> PurchaseOrder:
    """The order that the segments state, with what of it is no line's own: totals, prices for all lines, taxes."""
    heading = HeadingLoop(values)
    beg, lines, summary = read_lines(heading, LineLoop(values), _line_of)
    totals = [segment for segment in (*_before_lines(values), *summary) if segment[0] == "AMT" and text(segment, 1) == _TOTAL]
    counts = [segment for segment in summary if segment[0] == "CTT"]
    return PurchaseOrder(
        number=text(beg, 3),
        date=values.wanted_date(beg, 5),
        lines=lines,
        purpose=text(beg, 1),
        kind=text(beg, 2),
        release=text(beg, 4),
        contract=text(beg, 6),
        stated_total=values.number(totals[-1], 2) if totals else None,
        stated_quantity=values.number(counts[0], 2) if counts else None,
        **heading.fields(PurchaseOrder),
    )


def render(order: PurchaseOrder, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. AMT*TT and CTT02 are written where the order states them, or the guide requires them (`AMT_TT`,
    `CTT02`).
    """
    quantities = number_text(sum((line.quantity for line in order.lines), Decimal())) if writing.wants("CTT02") else ""
    wants_total = writing.wants("AMT_TT") or writing.wants("AMT")
    total = order.stated_total if order.stated_total is not None or not wants_total else order.total
    return [
        ("BEG", order.purpose, order.kind, order.number, order.release, date_text(order.date), order.contract),
        *field_segments(order, writing, _HEADING),
        *(segment for line in order.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(order.lines)), quantities if order.stated_quantity is None else number_text(order.stated_quantity)),
        *([] if total is None else [("AMT", _TOTAL, number_text(total))]),
    ]


def _before_lines(values: ElementReader) -> Iterator[Segment]:
    return takewhile(lambda segment: segment[0] != "PO1", values.segments)


def _line_segments(line: OrderLine, writing: Writing) -> Iterator[OutSegment]:
    yield item_segment("PO1", line, writing)
    yield from field_segments(line, writing, "CTP PID PO4 REF SAC TAX SDQ DTM TXI SCH N9 N1 SLN")


def _line_of(line: LineLoop) -> OrderLine:
    po1, values = line.segment, line.values
    return OrderLine(**item_fields(po1, values.wanted_number(po1, 2), values.number(po1, 4)), **line.fields(OrderLine))
