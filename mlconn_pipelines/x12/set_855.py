"""Purchase order acknowledgments."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, OrderAcknowledgment
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, text
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import item_fields, item_segment
from mlconn_pipelines.x12.order_sets import ORDER_HEADING
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> OrderAcknowledgment:
    """The supplier's answer; one without lines (BAK02 `AK`, `AT`, `RJ`) is whole too."""
    heading = HeadingLoop(values)
    bak, lines, _ = read_lines(heading, LineLoop(values), _line_of)
    return OrderAcknowledgment(
        order_number=text(bak, 3),
        date=values.wanted_date(bak, 4),
        kind=text(bak, 2),
        purpose=text(bak, 1),
        seller_reference=text(bak, 8),
        acknowledged_on=values.date(bak, 9),
        lines=lines,
        release=text(bak, 5),
        contract=text(bak, 7),
        **heading.fields(OrderAcknowledgment),
    )


def render(document: OrderAcknowledgment, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here and left out where there are no lines."""
    head = (document.purpose, document.kind, document.order_number, date_text(document.date), document.release)
    acknowledged = date_text(document.acknowledged_on)
    return [
        ("BAK", *head, "", document.contract, document.seller_reference, acknowledged),
        *field_segments(document, writing, ORDER_HEADING.replace(" N9", " TXI N9")),
        *(segment for line in document.lines for segment in _line_segments(line, writing)),
        *([("CTT", str(len(document.lines)))] if document.lines else []),
    ]


def _line_segments(line: AcknowledgedLine, writing: Writing) -> Iterator[OutSegment]:
    yield item_segment("PO1", line, writing)
    yield from field_segments(line, writing, "PID REF SAC DTM ACK TXI SCH N9")


def _line_of(line: LineLoop) -> AcknowledgedLine:
    po1, values = line.segment, line.values
    item = item_fields(po1, values.number(po1, 2), values.number(po1, 4))
    return AcknowledgedLine(**item, **line.fields(AcknowledgedLine))
