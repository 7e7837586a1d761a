"""Purchase order acknowledgments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, OrderAcknowledgment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.line_answers import answer_segments
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    allowance_and_charge_segments,
    date_segments,
    description_segments,
    product_ids_of,
    reference_segments,
)
from mlconn_pipelines.x12.note_loops import note_loop_segments
from mlconn_pipelines.x12.order_frame import heading_segments, read_order
from mlconn_pipelines.x12.price_basis import price_of_one, stated_price
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, date_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> OrderAcknowledgment:
    """The supplier's answer; one without lines (BAK02 `AK`, `AT`, `RJ`) is whole too."""
    bak, heading, lines = read_order(values, guide, "855", "BAK", "PO1", _line_of)
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
        **heading,
    )


def render(document: OrderAcknowledgment, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here and left out where there are no lines."""
    writing = Writing(guide, "855", clean)
    head = (document.purpose, document.kind, document.order_number, date_text(document.date), document.release)
    acknowledged = date_text(document.acknowledged_on)
    return [
        ("BAK", *head, "", document.contract, document.seller_reference, acknowledged),
        *heading_segments(document, writing),
        *(segment for line in document.lines for segment in _line_segments(line, writing)),
        *([("CTT", str(len(document.lines)))] if document.lines else []),
    ]


def _line_segments(line: AcknowledgedLine, writing: Writing) -> Iterator[OutSegment]:
    quantity, pairs = number_text(line.quantity), writing.product_pairs(line.product_ids)
    price = number_text(stated_price(line.unit_price, line.price_basis, line.unit))
    yield ("PO1", line.number, quantity, line.unit, price, line.price_basis, *pairs)
    yield from description_segments(line.description, writing)
    yield from reference_segments(line.references, writing)
    yield from allowance_and_charge_segments(line.allowances_and_charges, writing)
    yield from date_segments(line.dates)
    yield from answer_segments(line.answers)
    yield from note_loop_segments(line.notes, writing)


def _line_of(reading: LineReading, values: Values) -> AcknowledgedLine:
    po1 = reading.segment
    return AcknowledgedLine(
        number=text(po1, 1),
        quantity=values.number(po1, 2),
        unit=text(po1, 3),
        unit_price=price_of_one(values.number(po1, 4), text(po1, 5), text(po1, 3)),
        product_ids=product_ids_of(po1, 6),
        answers=tuple(reading.answers),
        description=reading.description,
        references=tuple(reading.references),
        dates=tuple(reading.dates),
        allowances_and_charges=tuple(reading.allowances_and_charges),
        price_basis=text(po1, 5),
        notes=reading.notes(),
    )
