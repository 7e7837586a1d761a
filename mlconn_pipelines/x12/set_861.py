"""Receiving advices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mlconn_pipelines.documents.receiving_advice import (
    OrderReference,
    QuantityInQuestion,
    ReceivedLine,
    ReceivingAdvice,
)
from mlconn_pipelines.x12.carrier_segments import carrier_segments
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    date_segments,
    description_segments,
    product_ids_of,
    reference_segments,
    unit_of,
)
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text, time_text


def parse(values: Values, guide: PartnerGuide | None = None) -> ReceivingAdvice:
    """What was received. Of several LIN in one line the first counts."""
    return _Reading(values, guide).advice()


def render(document: ReceivingAdvice, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here."""
    writing = Writing(guide, "861", clean)
    head = (document.number, date_text(document.date), document.purpose, document.kind)
    return [
        ("BRA", *head, time_text(document.time), document.condition),
        *reference_segments(document.references, writing),
        *map(contact_segment, document.contacts),
        *date_segments(document.dates),
        *_order_segments(document.orders),
        *carrier_segments(document.carriers, writing),
        *party_segments(document.parties, writing),
        *(segment for line in document.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(document.lines))),
    ]


def _order_segments(orders: Sequence[OrderReference]) -> Iterator[OutSegment]:
    for order in orders:
        yield ("PRF", order.number, order.release, "", date_text(order.date), order.line)


def _line_segments(line: ReceivedLine, writing: Writing) -> Iterator[OutSegment]:
    questions = (part for q in line.in_question for part in (number_text(q.quantity), q.unit, q.condition))
    returned = (number_text(line.quantity_returned), line.returned_unit)
    yield ("RCD", line.number, number_text(line.quantity), line.unit, *returned, *questions)
    if line.shipped is not None:
        yield ("SN1", "", number_text(line.shipped), line.shipped_unit)
    if pairs := writing.product_pairs(line.product_ids):
        yield ("LIN", "", *pairs)
    yield from description_segments(line.description, writing)
    yield from reference_segments(line.references, writing)
    yield from date_segments(line.dates)
    yield from _order_segments(line.orders)
    for number in line.sscc:
        yield ("MAN", "GM", number)


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._heading = HeadingReading(values)
        self._line = LineReading(values, piece_length(guide, "861", "PID05", PID_LENGTH))
        self._orders: list[OrderReference] = []
        self._lines: list[ReceivedLine] = []
        self._lin: Segment = ()
        self._sn1: Segment = ()
        self._line_orders: list[OrderReference] = []
        self._sscc: list[str] = []

    def advice(self) -> ReceivingAdvice:
        values, heading = self._values, self._heading
        bra: Segment = ()
        in_party = False
        for segment in values.segments:
            id_ = segment[0]
            in_party = in_party or id_ == "N1"
            if id_ == "RCD":
                self._open_line(segment)
            elif id_ in ("CTT", "SE"):
                break
            elif self._line.segment:
                self._take_line(id_, segment)
            elif id_ == "BRA":
                bra = bra or segment
            elif id_ == "PRF" and not in_party:
                self._orders.append(self._order_of(segment))
            else:
                heading.takes(segment)
        self._close_line()
        if not bra:
            values.missing_segment("BRA")
            bra = ("BRA",)
        return ReceivingAdvice(
            number=text(bra, 1),
            date=values.wanted_date(bra, 2),
            dates=tuple(heading.dates),
            lines=tuple(self._lines),
            kind=text(bra, 4),
            purpose=text(bra, 3),
            time=values.time(bra, 5),
            condition=text(bra, 6),
            orders=tuple(self._orders),
            carriers=tuple(heading.carriers),
            parties=heading.parties(),
            references=tuple(heading.references),
            contacts=tuple(heading.contacts),
        )

    def _order_of(self, prf: Segment) -> OrderReference:
        return OrderReference(text(prf, 1), text(prf, 2), self._values.date(prf, 4), text(prf, 5))

    def _open_line(self, segment: Segment) -> None:
        self._close_line()
        self._line.opens(segment)
        self._lin, self._sn1, self._line_orders, self._sscc = (), (), [], []

    def _take_line(self, id_: str, segment: Segment) -> None:
        self._line.takes(segment)
        if self._line.is_over:
            return
        if id_ == "LIN":
            self._lin = self._lin or segment
        elif id_ == "SN1":
            self._sn1 = self._sn1 or segment
        elif id_ == "PRF":
            self._line_orders.append(self._order_of(segment))
        elif id_ == "MAN" and text(segment, 1) == "GM":
            self._sscc.append(text(segment, 2))

    def _close_line(self) -> None:
        rcd = self._line.segment
        if not rcd:
            return
        values = self._values
        line = ReceivedLine(
            number=text(rcd, 1),
            product_ids=product_ids_of(self._lin, 2),
            quantity=values.number(rcd, 2),
            unit=unit_of(rcd, 3, values),
            quantity_returned=values.number(rcd, 4),
            returned_unit=unit_of(rcd, 5, values),
            in_question=tuple(
                QuantityInQuestion(quantity, unit_of(rcd, i + 1, values), text(rcd, i + 2))
                for i in range(6, 21, 3)
                if (quantity := values.number(rcd, i)) is not None
            ),
            shipped=values.number(self._sn1, 2),
            shipped_unit=text(self._sn1, 3),
            description=self._line.description,
            references=tuple(self._line.references),
            dates=tuple(self._line.dates),
            orders=tuple(self._line_orders),
            sscc=tuple(self._sscc),
        )
        self._lines.append(line)
