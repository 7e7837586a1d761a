"""ACK: what a supplier says to a line of an order or of its change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.segment_writing import OutSegment
from mlconn_pipelines.x12.values import Values, date_text, number_text, text


def answer_of(segment: Segment, values: Values) -> LineAnswer:
    """ACK, its product ids left aside."""
    unit, qualifier = text(segment, 3), text(segment, 4)
    return LineAnswer(text(segment, 1), values.number(segment, 2), unit, qualifier, values.date(segment, 5))


def answer_segments(answers: Sequence[LineAnswer]) -> Iterator[OutSegment]:
    """ACK of each."""
    for answer in answers:
        quantity, date = number_text(answer.quantity), date_text(answer.date)
        yield ("ACK", answer.status, quantity, answer.unit, answer.date_qualifier, date)
