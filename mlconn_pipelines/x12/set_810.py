"""Invoices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, Reference, Tax
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.line_segments import (
    NTE_LENGTH,
    PID_LENGTH,
    allowance_and_charge_segments,
    allowance_or_charge_of,
    date_of,
    date_segments,
    description_segments,
    note_segments,
    product_ids_of,
    reference_of,
    reference_segments,
    tax_of,
    tax_segments,
    terms_of,
    terms_segments,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.party_segments import PartyReading, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, money_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> Invoice:
    """The invoice that the segments state. Charges and taxes of lines count into those of the invoice.

    Taxes of lines are taken only where the summary states none, as partners who write both mean the same money.
    """
    return _Reading(values, guide).invoice()


def render(invoice: Invoice, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. TDS is the invoice's own total, CTT is counted here."""
    writing = Writing(guide, "810", clean)
    return [
        (
            "BIG",
            date_text(invoice.date),
            invoice.number,
            date_text(invoice.order_date),
            invoice.order_number,
            "",
            "",
            invoice.kind,
        ),
        *note_segments(invoice.notes, writing),
        *([("CUR", "SE", invoice.currency)] if invoice.currency else []),
        *reference_segments(invoice.references, writing),
        *party_segments(invoice.parties, writing),
        *terms_segments(invoice.terms, writing),
        *date_segments(invoice.dates),
        *(segment for line in invoice.lines for segment in _line_segments(line, writing)),
        ("TDS", money_text(invoice.total)),
        *tax_segments(invoice.taxes),
        *allowance_and_charge_segments(invoice.allowances_and_charges, writing),
        ("CTT", str(len(invoice.lines)), _hash_total(invoice) if writing.wants("CTT02") else ""),
    ]


def _line_segments(line: InvoiceLine, writing: Writing) -> Iterator[OutSegment]:
    price = number_text(line.unit_price)
    yield ("IT1", line.number, number_text(line.quantity), line.unit, price, "", *writing.product_pairs(line.product_ids))
    yield from description_segments(line.description, writing)
    yield from reference_segments(line.references, writing)


def _hash_total(invoice: Invoice) -> str:
    return number_text(sum((line.quantity for line in invoice.lines), Decimal()))


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._description_length = piece_length(guide, "810", "PID05", PID_LENGTH)
        self._note_length = piece_length(guide, "810", "NTE02", NTE_LENGTH)
        self._parties = PartyReading()
        self._references: list[Reference] = []
        self._dates: list[DateReference] = []
        self._charges: list[AllowanceOrCharge] = []
        self._taxes: list[Tax] = []
        self._line_taxes: list[Tax] = []
        self._notes: list[list[str]] = []
        self._lines: list[InvoiceLine] = []
        self._line: Segment | None = None
        self._line_party = False
        self._pieces: list[str] = []
        self._line_references: list[Reference] = []

    def invoice(self) -> Invoice:
        values = self._values
        big: Segment | None = None
        tds: Segment | None = None
        currency = ""
        terms: PaymentTerms | None = None
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "IT1":
                self._open_line(segment)
            elif id_ == "TDS":
                self._close_line()
                tds = tds or segment
            elif self._line is not None:
                self._take_line(id_, segment)
            elif id_ == "TXI":
                self._taxes.append(tax_of(segment, values))
            elif id_ == "SAC":
                self._charges.append(allowance_or_charge_of(segment, values))
            elif id_ == "BIG":
                big = big or segment
            elif id_ == "CUR":
                currency = currency or text(segment, 2)
            elif id_ == "N1":
                self._parties.opens(segment)
            elif self._parties.takes(segment):
                pass
            elif id_ == "ITD":
                self._parties.closes()
                terms = terms or terms_of(segment, values)
            else:
                self._take_heading(id_, segment)
        self._close_line()
        return self._made(big, tds, currency, terms)

    def _made(self, big: Segment | None, tds: Segment | None, currency: str, terms: PaymentTerms | None) -> Invoice:
        values = self._values
        if big is None:
            values.missing_segment("BIG")
        if tds is None:
            values.missing_segment("TDS")
        total = values.money(tds, 1) if tds else None
        if tds is not None and total is None and not text(tds, 1):
            values.missing(tds, 1, "the total of the invoice")
        big = big or ("BIG",)
        return Invoice(
            number=text(big, 2),
            date=values.wanted_date(big, 1),
            currency=currency,
            total=total or Decimal(),
            lines=tuple(self._lines),
            order_number=text(big, 4),
            order_date=values.date(big, 3),
            kind=text(big, 7),
            parties=self._parties.parties(),
            references=tuple(self._references),
            terms=terms,
            dates=tuple(self._dates),
            taxes=tuple(self._taxes or self._line_taxes),
            allowances_and_charges=tuple(self._charges),
            notes=tuple(joined(pieces, self._note_length) for pieces in self._notes),
        )

    def _take_heading(self, id_: str, segment: Segment) -> None:
        if id_ == "REF":
            self._references.append(reference_of(segment))
        elif id_ == "DTM":
            self._parties.closes()
            if (date := date_of(segment, self._values)) is not None:
                self._dates.append(date)
        elif id_ == "NTE":
            if text(segment, 1) or not self._notes:
                self._notes.append([])
            self._notes[-1].append(segment[2].rstrip() if len(segment) > 2 else "")

    def _open_line(self, segment: Segment) -> None:
        self._close_line()
        self._parties.closes()
        self._line, self._line_party, self._pieces, self._line_references = segment, False, [], []

    def _take_line(self, id_: str, segment: Segment) -> None:
        if id_ == "PID":
            if len(segment) > 5:
                self._pieces.append(segment[5].rstrip())
        elif id_ == "N1":
            self._line_party = True
        elif id_ == "REF" and not self._line_party:
            self._line_references.append(reference_of(segment))
        elif id_ == "SAC":
            self._charges.append(allowance_or_charge_of(segment, self._values))
        elif id_ == "TXI":
            self._line_taxes.append(tax_of(segment, self._values))

    def _close_line(self) -> None:
        if (segment := self._line) is None:
            return
        self._line = None
        values = self._values
        line = InvoiceLine(
            number=text(segment, 1),
            quantity=values.wanted_number(segment, 2),
            unit=text(segment, 3),
            unit_price=values.wanted_number(segment, 4),
            product_ids=product_ids_of(segment, 6),
            description=joined(self._pieces, self._description_length),
            references=tuple(self._line_references),
        )
        self._lines.append(line)
