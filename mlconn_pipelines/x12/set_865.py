"""What suppliers say to changes of orders."""

from __future__ import annotations

from collections.abc import Callable

from mlconn_pipelines.documents.change_acknowledgment import AcknowledgedChange, ChangeAcknowledgment
from mlconn_pipelines.x12.changed_lines import changed_line_of, changed_line_segments
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading, heading_segments
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import PID_LENGTH
from mlconn_pipelines.x12.note_loops import MSG_LENGTH
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> ChangeAcknowledgment:
    """The supplier's answer; one without lines (BCA02 `AT`, `RJ`) is whole too."""
    heading = HeadingReading(values, piece_length(guide, "865", "MSG01", MSG_LENGTH))
    line = LineReading(values, piece_length(guide, "865", "PID05", PID_LENGTH), piece_length(guide, "865", "MSG01", MSG_LENGTH))
    lines: list[AcknowledgedChange] = []
    bca: Segment = ()
    for segment in values.segments:
        id_ = segment[0]
        if id_ in ("POC", "CTT", "SE"):
            if line.segment:
                lines.append(AcknowledgedChange(changed_line_of(line, values), tuple(line.answers)))
            if id_ != "POC":
                break
            line.opens(segment)
        elif line.segment:
            line.takes(segment)
        elif id_ == "BCA":
            bca = bca or segment
        else:
            heading.takes(segment)
    if not bca:
        values.missing_segment("BCA")
        bca = ("BCA",)
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
        lines=tuple(lines),
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


def render(document: ChangeAcknowledgment, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here and left out where there are no lines."""
    writing = Writing(guide, "865", clean)
    numbers = (document.order_number, document.release, document.change_number, date_text(document.order_date))
    references = ("", document.contract, document.seller_reference)
    dates = (date_text(document.date), date_text(document.changed_on))
    return [
        ("BCA", document.purpose, document.kind, *numbers, *references, *dates),
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
        *(segment for change in document.lines for segment in changed_line_segments(change.line, writing, change.answers)),
        *([("CTT", str(len(document.lines)))] if document.lines else []),
    ]
