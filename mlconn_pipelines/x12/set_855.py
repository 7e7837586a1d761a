"""Purchase order acknowledgments."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.documents.line import DateReference
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, OrderAcknowledgment, ScheduledPart
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import item_fields, item_segment
from mlconn_pipelines.x12.order_sets import ORDER_HEADING
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> OrderAcknowledgment:
    """The supplier's answer; one without lines (BAK02 `AK`, `AT`, `RJ`) is whole too."""
    heading = HeadingLoop(values)
    bak, lines, _ = read_lines(heading, _LineLoop(values), _line_of)
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
    yield from field_segments(line, writing, "PID REF SAC DTM ACK TXI")
    for part in line.schedule:
        dates = [(one.qualifier, date_text(one.date), "") for one in part.dates]
        yield ("SCH", number_text(part.quantity), part.unit, "", "", *(element for date in dates for element in date))
    yield from field_segments(line, writing, "N9")


class _LineLoop(LineLoop):
    """Keeps what SCH of a line says too: suppliers who deliver in parts say there when."""

    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.schedule: list[ScheduledPart] = []

    def add(self, segment: Segment) -> None:
        if segment[0] == "SCH" and not self.is_over and self._loop != "N1":  # below N1 it is that party's
            dates = ((text(segment, place), self.values.date(segment, place + 1)) for place in (5, 8))
            named = tuple(DateReference(qualifier, day) for qualifier, day in dates if day is not None)
            self.schedule.append(ScheduledPart(self.values.number(segment, 1), text(segment, 2), named))
        super().add(segment)


def _line_of(line: _LineLoop) -> AcknowledgedLine:
    po1, values = line.segment, line.values
    item = item_fields(po1, values.number(po1, 2), values.number(po1, 4))
    return AcknowledgedLine(**item, **line.fields(AcknowledgedLine), schedule=tuple(line.schedule))
