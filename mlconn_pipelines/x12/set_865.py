"""What suppliers say to changes of orders."""

from __future__ import annotations

from collections.abc import Callable

from mlconn_pipelines.documents.change_acknowledgment import AcknowledgedChange, ChangeAcknowledgment
from mlconn_pipelines.x12.changed_lines import changed_line_of, changed_line_segments
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.order_frame import heading_segments, read_order
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, date_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> ChangeAcknowledgment:
    """The supplier's answer; one without lines (BCA02 `AT`, `RJ`) is whole too."""
    bca, heading, lines = read_order(values, guide, "865", "BCA", "POC", _answered)
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
        **heading,
    )


def render(document: ChangeAcknowledgment, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here and left out where there are no lines."""
    writing = Writing(guide, "865", clean)
    numbers = (document.order_number, document.release, document.change_number, date_text(document.order_date))
    references = ("", document.contract, document.seller_reference)
    dates = (date_text(document.date), date_text(document.changed_on))
    return [
        ("BCA", document.purpose, document.kind, *numbers, *references, *dates),
        *heading_segments(document, writing),
        *(segment for change in document.lines for segment in changed_line_segments(change.line, writing, change.answers)),
        *([("CTT", str(len(document.lines)))] if document.lines else []),
    ]


def _answered(reading: LineReading, values: Values) -> AcknowledgedChange:
    return AcknowledgedChange(changed_line_of(reading, values), tuple(reading.answers))
