"""Receiving advices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.documents.receiving_advice import (
    OrderReference,
    QuantityInQuestion,
    ReceivedLine,
    ReceivingAdvice,
)
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text, time_text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import product_ids_of, unit_of
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> ReceivingAdvice:
    """What was received. Of several LIN in one line the first counts."""
    heading = HeadingLoop(values, apart=("PRF",))
    bra, lines, _ = read_lines(heading, _ReceivedLoop(values), _line_of)
    return ReceivingAdvice(
        number=text(bra, 1),
        date=values.wanted_date(bra, 2),
        lines=lines,
        kind=text(bra, 4),
        purpose=text(bra, 3),
        time=values.time(bra, 5),
        condition=text(bra, 6),
        orders=tuple(_order_of(prf, values) for prf in heading.kept_apart),
        **heading.fields(ReceivingAdvice),
    )


def render(document: ReceivingAdvice, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here."""
    head = (document.number, date_text(document.date), document.purpose, document.kind)
    return [
        ("BRA", *head, time_text(document.time), document.condition),
        *field_segments(document, writing, "REF PER DTM"),
        *_order_segments(document.orders),
        *field_segments(document, writing, "TD5 N1"),
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
    yield from field_segments(line, writing, "PID REF DTM")
    yield from _order_segments(line.orders)
    for number in line.sscc:
        yield ("MAN", "GM", number)


class _ReceivedLoop(LineLoop):
    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.lin: Segment = ()
        self.sn1: Segment = ()
        self.orders: list[OrderReference] = []
        self.sscc: list[str] = []

    def add(self, segment: Segment) -> None:
        super().add(segment)
        if self.is_over:
            return
        match segment[0]:
            case "LIN":
                self.lin = self.lin or segment
            case "SN1":
                self.sn1 = self.sn1 or segment
            case "PRF":
                self.orders.append(_order_of(segment, self.values))
            case "MAN" if text(segment, 1) == "GM":
                self.sscc.append(text(segment, 2))


def _order_of(prf: Segment, values: ElementReader) -> OrderReference:
    return OrderReference(text(prf, 1), text(prf, 2), values.date(prf, 4), text(prf, 5))


def _line_of(line: _ReceivedLoop) -> ReceivedLine:
    rcd, values = line.segment, line.values
    return ReceivedLine(
        number=text(rcd, 1),
        product_ids=product_ids_of(line.lin, 2),
        quantity=values.number(rcd, 2),
        unit=unit_of(rcd, 3, values),
        quantity_returned=values.number(rcd, 4),
        returned_unit=unit_of(rcd, 5, values),
        in_question=tuple(
            QuantityInQuestion(quantity, unit_of(rcd, i + 1, values), text(rcd, i + 2))
            for i in range(6, 21, 3)
            if (quantity := values.number(rcd, i)) is not None
        ),
        shipped=values.number(line.sn1, 2),
        shipped_unit=text(line.sn1, 3),
        orders=tuple(line.orders),
        sscc=tuple(line.sscc),
        **line.fields(ReceivedLine),
    )
