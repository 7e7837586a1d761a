"""Changes of purchase orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mlconn_pipelines.documents.order_change import ChangedLine, OrderChange
from mlconn_pipelines.x12.changed_lines import changed_line_of, changed_line_segments
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading, heading_segments
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import PID_LENGTH
from mlconn_pipelines.x12.note_loops import MSG_LENGTH
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> OrderChange:
    """The change that the segments state; one without lines (a cancellation of the whole order) is whole too."""
    heading = HeadingReading(values, piece_length(guide, "860", "MSG01", MSG_LENGTH))
    line = LineReading(values, piece_length(guide, "860", "PID05", PID_LENGTH), piece_length(guide, "860", "MSG01", MSG_LENGTH))
    lines: list[ChangedLine] = []
    bch: Segment = ()
    for segment in values.segments:
        id_ = segment[0]
        if id_ in ("POC", "CTT", "SE"):
            if line.segment:
                lines.append(changed_line_of(line, values))
            if id_ != "POC":
                break
            line.opens(segment)
        elif line.segment:
            line.takes(segment)
        elif id_ == "BCH":
            bch = bch or segment
        else:
            heading.takes(segment)
    if not bch:
        values.missing_segment("BCH")
        bch = ("BCH",)
    return OrderChange(
        order_number=text(bch, 3),
        order_date=values.wanted_date(bch, 6),
        lines=tuple(lines),
        date=values.date(bch, 11),
        purpose=text(bch, 1),
        kind=text(bch, 2),
        release=text(bch, 4),
        change_number=text(bch, 5),
        contract=text(bch, 8),
        seller_reference=text(bch, 9),
        currency=heading.currency,
        parties=heading.parties(),
        references=tuple(heading.references),
        contacts=tuple(heading.contacts),
        dates=tuple(heading.dates),
        terms=heading.terms,
        allowances_and_charges=tuple(heading.allowances_and_charges),
        notes=heading.notes(),
        carriers=tuple(heading.carriers),
    )


def render(document: OrderChange, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here; CTT02 is written where the guide requires it."""
    writing = Writing(guide, "860", clean)
    quantities = sum((line.quantity for line in document.lines if line.quantity is not None), Decimal())
    numbers = (document.order_number, document.release, document.change_number, date_text(document.order_date))
    references = ("", document.contract, document.seller_reference)
    return [
        ("BCH", document.purpose, document.kind, *numbers, *references, "", date_text(document.date)),
        *heading_segments(
            writing,
            currency=document.currency,
            references=document.references,
            contacts=document.contacts,
            allowances_and_charges=document.allowances_and_charges,
            terms=document.terms,
            dates=document.dates,
            carriers=document.carriers,
            notes=document.notes,
            parties=document.parties,
        ),
        *(segment for line in document.lines for segment in changed_line_segments(line, writing)),
        ("CTT", str(len(document.lines)), number_text(quantities) if writing.wants("CTT02") else ""),
    ]
