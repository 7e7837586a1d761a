"""What suppliers say to changes of orders."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.documents.change_acknowledgment import AcknowledgedChange, ChangeAcknowledgment
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, text
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.order_sets import ORDER_HEADING, changed_line_of, changed_line_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> ChangeAcknowledgment:
    """The supplier's answer; one without lines (BCA02 `AT`, `RJ`) is whole too."""
    heading = HeadingLoop(values)
    bca, lines, _ = read_lines(heading, LineLoop(values), _line_of)
    return ChangeAcknowledgment(
        order_number=text(bca, 3),
        order_date=values.wanted_date(bca, 6),
        kind=text(bca, 2),
        date=values.date(bca, 10),
        purpose=text(bca, 1),
        release=text(bca, 4),
        change_number=text(bca, 5),
        changed_on=values.date(bca, 11),
        contract=text(bca, 8),
        seller_reference=text(bca, 9),
        lines=lines,
        **heading.fields(ChangeAcknowledgment),
    )


def render(document: ChangeAcknowledgment, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here and left out where there are no lines."""
    numbers = (document.order_number, document.release, document.change_number, date_text(document.order_date))
    references = ("", document.contract, document.seller_reference)
    dates = (date_text(document.date), date_text(document.changed_on))
    return [
        ("BCA", document.purpose, document.kind, *numbers, *references, *dates),
        *field_segments(document, writing, ORDER_HEADING),
        *(segment for change in document.lines for segment in _line_segments(change, writing)),
        *([("CTT", str(len(document.lines)))] if document.lines else []),
    ]


def _line_segments(change: AcknowledgedChange, writing: Writing) -> Iterator[OutSegment]:
    yield from changed_line_segments(change.line, writing)
    yield from field_segments(change, writing, "ACK")
    yield from field_segments(change.line, writing, "N9 N1")


def _line_of(line: LineLoop) -> AcknowledgedChange:
    return AcknowledgedChange(changed_line_of(line), **line.fields(AcknowledgedChange))
