"""Purchase order acknowledgments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlconn_pipelines.documents.line import DateReference, Reference
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    date_of,
    date_segments,
    description_segments,
    product_ids_of,
    reference_of,
    reference_segments,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.party_segments import PartyReading, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> OrderAcknowledgment:
    """The supplier's answer; one without lines (BAK02 `AK`, `AT`, `RJ`) is whole too."""
    return _Reading(values, guide).acknowledgment()


def render(document: OrderAcknowledgment, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here and left out where there are no lines."""
    writing = Writing(guide, "855", clean)
    bak = ("BAK", document.purpose, document.kind, document.order_number, date_text(document.date))
    return [
        (*bak, "", "", "", document.seller_reference, date_text(document.acknowledged_on)),
        *reference_segments(document.references, writing),
        *date_segments(document.dates),
        *party_segments(document.parties, writing),
        *(segment for line in document.lines for segment in _line_segments(line, writing)),
        *([("CTT", str(len(document.lines)))] if document.lines else []),
    ]


def _line_segments(line: AcknowledgedLine, writing: Writing) -> Iterator[OutSegment]:
    price, pairs = number_text(line.unit_price), writing.product_pairs(line.product_ids)
    yield ("PO1", line.number, number_text(line.quantity), line.unit, price, "", *pairs)
    yield from description_segments(line.description, writing)
    for answer in line.answers:
        quantity, date = number_text(answer.quantity), date_text(answer.date)
        yield ("ACK", answer.status, quantity, answer.unit, answer.date_qualifier, date)


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._description_length = piece_length(guide, "855", "PID05", PID_LENGTH)
        self._parties = PartyReading()
        self._references: list[Reference] = []
        self._dates: list[DateReference] = []
        self._lines: list[AcknowledgedLine] = []
        self._line: Segment | None = None
        self._line_is_over = False
        self._pieces: list[str] = []
        self._answers: list[LineAnswer] = []

    def acknowledgment(self) -> OrderAcknowledgment:
        values = self._values
        bak: Segment | None = None
        in_note = False
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "PO1":
                self._open_line(segment)
            elif id_ in ("CTT", "SE"):
                break
            elif self._line is not None:
                self._take_line(id_, segment)
            elif id_ == "BAK":
                bak = bak or segment
            elif id_ == "N1":
                in_note = False
                self._parties.opens(segment)
            elif id_ == "N9":
                in_note = True
            elif self._parties.takes(segment) or in_note:
                continue
            elif id_ == "REF":
                self._references.append(reference_of(segment))
            elif id_ == "DTM" and (date := date_of(segment, values)) is not None:
                self._dates.append(date)
        self._close_line()
        if bak is None:
            values.missing_segment("BAK")
        bak = bak or ("BAK",)
        return OrderAcknowledgment(
            order_number=text(bak, 3),
            date=values.wanted_date(bak, 4),
            kind=text(bak, 2),
            purpose=text(bak, 1),
            seller_reference=text(bak, 8),
            acknowledged_on=values.date(bak, 9),
            lines=tuple(self._lines),
            parties=self._parties.parties(),
            references=tuple(self._references),
            dates=tuple(self._dates),
        )

    def _open_line(self, segment: Segment) -> None:
        self._close_line()
        self._parties.closes()
        self._line, self._line_is_over, self._pieces, self._answers = segment, False, [], []

    def _take_line(self, id_: str, segment: Segment) -> None:
        values = self._values
        if id_ == "ACK" and not self._line_is_over:
            unit, qualifier = text(segment, 3), text(segment, 4)
            answer = LineAnswer(text(segment, 1), values.number(segment, 2), unit, qualifier, values.date(segment, 5))
            self._answers.append(answer)
        elif id_ in ("SLN", "SCH", "N9", "N1", "LM"):
            self._line_is_over = True
        elif id_ == "PID" and not self._line_is_over and len(segment) > 5:
            self._pieces.append(segment[5].rstrip())

    def _close_line(self) -> None:
        if (segment := self._line) is None:
            return
        self._line = None
        line = AcknowledgedLine(
            number=text(segment, 1),
            quantity=self._values.number(segment, 2),
            unit=text(segment, 3),
            unit_price=self._values.number(segment, 4),
            product_ids=product_ids_of(segment, 6),
            answers=tuple(self._answers),
            description=joined(self._pieces, self._description_length),
        )
        self._lines.append(line)
