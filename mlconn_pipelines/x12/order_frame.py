"""What orders, their changes and the answers to both have in common: a first segment, a heading, lines, a CTT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypedDict, TypeVar

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, Reference
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.x12.carrier_segments import carrier_segments
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    allowance_and_charge_segments,
    date_segments,
    reference_segments,
    terms_segments,
)
from mlconn_pipelines.x12.note_loops import MSG_LENGTH, note_loop_segments
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values

Line = TypeVar("Line")


class Heading(TypedDict):
    """The fields of these documents that their headings fill, by name."""

    currency: str
    parties: tuple[Party, ...]
    references: tuple[Reference, ...]
    contacts: tuple[Contact, ...]
    dates: tuple[DateReference, ...]
    terms: PaymentTerms | None
    allowances_and_charges: tuple[AllowanceOrCharge, ...]
    notes: tuple[str, ...]
    carriers: tuple[Carrier, ...]


class Headed(Protocol):
    """A document with these fields."""

    @property
    def currency(self) -> str: ...
    @property
    def parties(self) -> tuple[Party, ...]: ...
    @property
    def references(self) -> tuple[Reference, ...]: ...
    @property
    def contacts(self) -> tuple[Contact, ...]: ...
    @property
    def dates(self) -> tuple[DateReference, ...]: ...
    @property
    def terms(self) -> PaymentTerms | None: ...
    @property
    def allowances_and_charges(self) -> tuple[AllowanceOrCharge, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def carriers(self) -> tuple[Carrier, ...]: ...


def read_order(
    values: Values,
    guide: PartnerGuide | None,
    set_id: str,
    first_id: str,
    line_id: str,
    line_of: Callable[[LineReading, Values], Line],
) -> tuple[Segment, Heading, tuple[Line, ...]]:
    """The first segment (`BEG`), which is told as missing where it is; the heading; and each line as `line_of` reads it.

    line_id: the segment that opens a line. What a line holds beyond it (schedules, sub-lines) is the reading's to take or pass over.
    """
    note_length = piece_length(guide, set_id, "MSG01", MSG_LENGTH)
    heading = HeadingReading(values, note_length)
    line = LineReading(values, piece_length(guide, set_id, "PID05", PID_LENGTH), note_length)
    lines: list[Line] = []
    first: Segment = ()
    ends = (line_id, "CTT", "SE")
    for segment in values.segments:
        id_ = segment[0]
        if id_ in ends:
            if line.segment:
                lines.append(line_of(line, values))
            if id_ != line_id:
                break
            line.opens(segment)
        elif line.segment:
            line.takes(segment)
        elif id_ == first_id:
            first = first or segment
        else:
            heading.takes(segment)
    if not first:
        values.missing_segment(first_id)
        first = (first_id,)
    return first, _fields(heading), tuple(lines)


def _fields(heading: HeadingReading) -> Heading:
    return Heading(
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


def heading_segments(document: Headed, writing: Writing) -> Iterator[OutSegment]:
    """CUR, REF, PER, SAC, ITD, DTM, TD5, N9 and N1, in the order that all four sets have them in."""
    if document.currency:
        yield ("CUR", "BY", document.currency)
    yield from reference_segments(document.references, writing)
    yield from map(contact_segment, document.contacts)
    yield from allowance_and_charge_segments(document.allowances_and_charges, writing)
    yield from terms_segments(document.terms, writing)
    yield from date_segments(document.dates)
    yield from carrier_segments(document.carriers, writing)
    yield from note_loop_segments(document.notes, writing)
    yield from party_segments(document.parties, writing)
