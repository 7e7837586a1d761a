"""Changes of purchase orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlconn_pipelines.documents.order_change import ChangedLine, OrderChange
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.order_sets import ORDER_HEADING, changed_line_of, changed_line_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> OrderChange:
    """The change that the segments state; one without lines (a cancellation of the whole order) is whole too."""
    heading = HeadingLoop(values)
    bch, lines, _ = read_lines(heading, LineLoop(values), changed_line_of)
    return OrderChange(
        order_number=text(bch, 3),
        order_date=values.wanted_date(bch, 6),
        lines=lines,
        date=values.date(bch, 11),
        purpose=text(bch, 1),
        kind=text(bch, 2),
        release=text(bch, 4),
        change_number=text(bch, 5),
        contract=text(bch, 8),
        seller_reference=text(bch, 9),
        **heading.fields(OrderChange),
    )


def render(document: OrderChange, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here; CTT02 is written where the guide requires it."""
    quantities = sum((line.quantity for line in document.lines if line.quantity is not None), Decimal())
    numbers = (document.order_number, document.release, document.change_number, date_text(document.order_date))
    references = ("", document.contract, document.seller_reference)
    return [
        ("BCH", document.purpose, document.kind, *numbers, *references, "", date_text(document.date)),
        *field_segments(document, writing, ORDER_HEADING),
        *(segment for line in document.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(document.lines)), number_text(quantities) if writing.wants("CTT02") else ""),
    ]


def _line_segments(line: ChangedLine, writing: Writing) -> Iterator[OutSegment]:
    yield from changed_line_segments(line, writing)
    yield from field_segments(line, writing, "N9 N1")
