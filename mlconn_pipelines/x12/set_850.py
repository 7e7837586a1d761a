"""Purchase orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, Reference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    allowance_and_charge_segments,
    allowance_or_charge_of,
    date_of,
    date_segments,
    description_segments,
    product_ids_of,
    reference_of,
    reference_segments,
    terms_of,
    terms_segments,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.party_segments import PartyReading, contact_of, contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text

MSG_LENGTH = 264


def parse(values: Values, guide: PartnerGuide | None = None) -> PurchaseOrder:
    """The order that the segments state. Charges of lines are left aside: an order has none of them by line."""
    return _Reading(values, guide).order()


def render(order: PurchaseOrder, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. AMT*TT and CTT02 are written where the guide requires them (`AMT_TT`, `CTT02`)."""
    writing = Writing(guide, "850", clean)
    quantities = number_text(sum((line.quantity for line in order.lines), Decimal()))
    return [
        ("BEG", order.purpose, order.kind, order.number, order.release, date_text(order.date)),
        *([("CUR", "BY", order.currency)] if order.currency else []),
        *reference_segments(order.references, writing),
        *(contact_segment(contact) for contact in order.contacts),
        *allowance_and_charge_segments(order.allowances_and_charges, writing),
        *terms_segments(order.terms, writing),
        *date_segments(order.dates),
        *(segment for note in order.notes for segment in _note_segments(note, writing)),
        *party_segments(order.parties, writing),
        *(segment for line in order.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(order.lines)), quantities if writing.wants("CTT02") else ""),
        *([("AMT", "TT", number_text(order.total))] if writing.wants("AMT_TT") or writing.wants("AMT") else []),
    ]


def _note_segments(note: str, writing: Writing) -> Iterator[OutSegment]:
    """N9 with MSG, which 005010 replaced by MTX."""
    yield ("N9", "L1", "NOTE")
    for piece in writing.pieces(note, "MSG01", MSG_LENGTH):
        yield ("MTX", "", piece) if writing.is_from_005010 else ("MSG", piece)


def _line_segments(line: OrderLine, writing: Writing) -> Iterator[OutSegment]:
    price = number_text(line.unit_price)
    yield ("PO1", line.number, number_text(line.quantity), line.unit, price, "", *writing.product_pairs(line.product_ids))
    yield from description_segments(line.description, writing)
    yield from date_segments(line.dates)


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._description_length = piece_length(guide, "850", "PID05", PID_LENGTH)
        self._note_length = piece_length(guide, "850", "MSG01", MSG_LENGTH)
        self._parties = PartyReading()
        self._references: list[Reference] = []
        self._contacts: list[Contact] = []
        self._dates: list[DateReference] = []
        self._charges: list[AllowanceOrCharge] = []
        self._notes: list[str] = []
        self._note: tuple[Segment, list[str]] | None = None
        self._lines: list[OrderLine] = []
        self._line: Segment | None = None
        self._line_is_over = False
        self._pieces: list[str] = []
        self._line_dates: list[DateReference] = []

    def order(self) -> PurchaseOrder:
        values = self._values
        beg: Segment | None = None
        currency = ""
        terms: PaymentTerms | None = None
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "PO1":
                self._open_line(segment)
            elif id_ in ("CTT", "SE"):
                self._close_line()
                break
            elif self._line is not None:
                self._take_line(id_, segment)
            elif id_ == "BEG":
                beg = beg or segment
            elif id_ == "CUR":
                currency = currency or text(segment, 2)
            elif id_ == "ITD":
                terms = terms or terms_of(segment, values)
            else:
                self._take_heading(id_, segment)
        self._close_line()
        self._close_note()
        if beg is None:
            values.missing_segment("BEG")
        beg = beg or ("BEG",)
        return PurchaseOrder(
            number=text(beg, 3),
            date=values.wanted_date(beg, 5),
            lines=tuple(self._lines),
            purpose=text(beg, 1),
            kind=text(beg, 2),
            release=text(beg, 4),
            currency=currency,
            parties=self._parties.parties(),
            references=tuple(self._references),
            contacts=tuple(self._contacts),
            dates=tuple(self._dates),
            terms=terms,
            allowances_and_charges=tuple(self._charges),
            notes=tuple(self._notes),
        )

    def _take_heading(self, id_: str, segment: Segment) -> None:
        if id_ == "N1":
            self._close_note()
            self._parties.opens(segment)
        elif self._parties.takes(segment):
            return
        elif id_ == "N9":
            self._close_note()
            self._note = (segment, [])
        elif self._note is not None:
            position = {"MSG": 1, "MTX": 2}.get(id_, 0)
            if position and len(segment) > position:
                self._note[1].append(segment[position].rstrip())
        elif id_ == "REF":
            self._references.append(reference_of(segment))
        elif id_ == "PER":
            self._contacts.append(contact_of(segment))
        elif id_ == "DTM":
            if (date := date_of(segment, self._values)) is not None:
                self._dates.append(date)
        elif id_ == "SAC":
            self._charges.append(allowance_or_charge_of(segment, self._values))

    def _close_note(self) -> None:
        if self._note is None:
            return
        opened, pieces = self._note
        self._note = None
        note = joined(pieces, self._note_length) or text(opened, 3)
        if note:
            self._notes.append(note)

    def _open_line(self, segment: Segment) -> None:
        self._close_line()
        self._close_note()
        self._parties.closes()
        self._line, self._line_is_over, self._pieces, self._line_dates = segment, False, [], []

    def _take_line(self, id_: str, segment: Segment) -> None:
        """Sub-lines, schedules, notes and parties of a line hold dates and descriptions of their own."""
        if id_ in ("SLN", "SCH", "N9", "N1", "AMT", "LM"):
            self._line_is_over = True
        elif self._line_is_over:
            return
        elif id_ == "PID":
            if len(segment) > 5:
                self._pieces.append(segment[5].rstrip())
        elif id_ == "DTM" and (date := date_of(segment, self._values)) is not None:
            self._line_dates.append(date)

    def _close_line(self) -> None:
        if (segment := self._line) is None:
            return
        self._line = None
        values = self._values
        line = OrderLine(
            number=text(segment, 1),
            quantity=values.wanted_number(segment, 2),
            unit=text(segment, 3),
            unit_price=values.number(segment, 4),
            product_ids=product_ids_of(segment, 6),
            description=joined(self._pieces, self._description_length),
            dates=tuple(self._line_dates),
        )
        self._lines.append(line)
