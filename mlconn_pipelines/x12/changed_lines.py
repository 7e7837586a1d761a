"""POC and what stands with it: a changed line, as 860 and 865 both write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.documents.order_change import ChangedLine
from mlconn_pipelines.x12.line_answers import answer_segments
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    allowance_and_charge_segments,
    date_segments,
    description_segments,
    product_ids_of,
    reference_segments,
    store_quantity_segments,
    unit_of,
)
from mlconn_pipelines.x12.note_loops import note_loop_segments
from mlconn_pipelines.x12.party_segments import party_segments
from mlconn_pipelines.x12.price_basis import price_of_one, stated_price
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, number_text, text


def changed_line_segments(line: ChangedLine, writing: Writing, answers: Sequence[LineAnswer] = ()) -> Iterator[OutSegment]:
    """POC, PID, REF, SAC, SDQ, DTM, ACK, N9, N1. answers: of the supplier, in an 865."""
    quantity, left = number_text(line.quantity), number_text(line.quantity_left)
    price = number_text(stated_price(line.unit_price, line.price_basis, line.unit))
    pairs = writing.product_pairs(line.product_ids)
    yield ("POC", line.number, line.change, quantity, left, line.unit, price, line.price_basis, *pairs)
    yield from description_segments(line.description, writing)
    yield from reference_segments(line.references, writing)
    yield from allowance_and_charge_segments(line.allowances_and_charges, writing)
    yield from store_quantity_segments(line.store_quantities)
    yield from date_segments(line.dates)
    yield from answer_segments(answers)
    yield from note_loop_segments(line.notes, writing)
    yield from party_segments(line.parties, writing)


def changed_line_of(reading: LineReading, values: Values) -> ChangedLine:
    """The line that a POC opened."""
    poc = reading.segment
    unit = unit_of(poc, 5, values)
    return ChangedLine(
        number=text(poc, 1),
        change=text(poc, 2),
        product_ids=product_ids_of(poc, 8),
        quantity=values.number(poc, 3),
        quantity_left=values.number(poc, 4),
        unit=unit,
        unit_price=price_of_one(values.number(poc, 6), text(poc, 7), unit),
        description=reading.description,
        references=tuple(reading.references),
        dates=tuple(reading.dates),
        allowances_and_charges=tuple(reading.allowances_and_charges),
        store_quantities=tuple(reading.store_quantities),
        price_basis=text(poc, 7),
        notes=reading.notes(),
        parties=reading.parties(),
    )
