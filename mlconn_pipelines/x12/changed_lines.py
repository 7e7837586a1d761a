"""POC and what stands with it: a changed line, as 860 and 865 both write it."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.documents.order_change import ChangedLine
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
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, number_text, text


def changed_line_segments(line: ChangedLine, writing: Writing) -> Iterator[OutSegment]:
    """POC, PID, REF, SAC, SDQ, DTM."""
    quantity, left, price = number_text(line.quantity), number_text(line.quantity_left), number_text(line.unit_price)
    yield ("POC", line.number, line.change, quantity, left, line.unit, price, "", *writing.product_pairs(line.product_ids))
    yield from description_segments(line.description, writing)
    yield from reference_segments(line.references, writing)
    yield from allowance_and_charge_segments(line.allowances_and_charges, writing)
    yield from store_quantity_segments(line.store_quantities)
    yield from date_segments(line.dates)


def changed_line_of(reading: LineReading, values: Values) -> ChangedLine:
    """The line that a POC opened."""
    poc = reading.segment
    return ChangedLine(
        number=text(poc, 1),
        change=text(poc, 2),
        product_ids=product_ids_of(poc, 8),
        quantity=values.number(poc, 3),
        quantity_left=values.number(poc, 4),
        unit=unit_of(poc, 5, values),
        unit_price=values.number(poc, 6),
        description=reading.description,
        references=tuple(reading.references),
        dates=tuple(reading.dates),
        allowances_and_charges=tuple(reading.allowances_and_charges),
        store_quantities=tuple(reading.store_quantities),
    )
