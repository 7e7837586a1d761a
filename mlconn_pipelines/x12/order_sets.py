"""What orders, their changes and the answers to both have in common: their heading, and the changed lines of 860 and 865 (POC)."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.documents.order_change import ChangedLine
from mlconn_pipelines.x12.element_reader import number_text, text
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.line_loop import LineLoop
from mlconn_pipelines.x12.line_segments import item_ending, product_ids_of, unit_of
from mlconn_pipelines.x12.price_basis import price_of_one
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

ORDER_HEADING = "CUR*BY REF PER SAC ITD DTM TD5 N9 N1"
"""The shared fields of all four sets, in the order that they have them in."""


def changed_line_segments(line: ChangedLine, writing: Writing) -> Iterator[OutSegment]:
    """POC, and what stands before an ACK."""
    yield (
        "POC",
        line.number,
        line.change,
        number_text(line.quantity),
        number_text(line.quantity_left),
        *item_ending(line, writing),
    )
    yield from field_segments(line, writing, "PID REF SAC SDQ DTM")


def changed_line_of(line: LineLoop) -> ChangedLine:
    """The line that a POC opened."""
    poc, values = line.segment, line.values
    unit = unit_of(poc, 5, values)
    return ChangedLine(
        number=text(poc, 1),
        change=text(poc, 2),
        product_ids=product_ids_of(poc, 8),
        quantity=values.number(poc, 3),
        quantity_left=values.number(poc, 4),
        unit=unit,
        unit_price=price_of_one(values.number(poc, 6), text(poc, 7), unit),
        price_basis=text(poc, 7),
        **line.fields(ChangedLine),
    )
