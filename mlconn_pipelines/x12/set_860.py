"""Changes of purchase orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mlconn_pipelines.documents.order_change import OrderChange
from mlconn_pipelines.x12.changed_lines import changed_line_of, changed_line_segments
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.order_frame import heading_segments, read_order
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, date_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> OrderChange:
    """The change that the segments state; one without lines (a cancellation of the whole order) is whole too."""
    bch, heading, lines = read_order(values, guide, "860", "BCH", "POC", changed_line_of)
    return OrderChange(
        order_number=text(bch, 3),
        order_date=values.wanted_date(bch, 6),
        lines=lines,
        date=values.date(bch, 11),
        purpose=text(bch, 1),
        kind=text(bch, 2),
        release=text(bch, 4),
        change_number=text(bch, 5),
        contract=text(bch, 8),
        seller_reference=text(bch, 9),
        **heading,
    )


def render(document: OrderChange, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here; CTT02 is written where the guide requires it."""
    writing = Writing(guide, "860", clean)
    quantities = sum((line.quantity for line in document.lines if line.quantity is not None), Decimal())
    numbers = (document.order_number, document.release, document.change_number, date_text(document.order_date))
    references = ("", document.contract, document.seller_reference)
    return [
        ("BCH", document.purpose, document.kind, *numbers, *references, "", date_text(document.date)),
        *heading_segments(document, writing),
        *(segment for line in document.lines for segment in changed_line_segments(line, writing)),
        ("CTT", str(len(document.lines)), number_text(quantities) if writing.wants("CTT02") else ""),
    ]
