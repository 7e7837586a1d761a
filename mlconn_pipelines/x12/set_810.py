"""Invoices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    NTE_LENGTH,
    PID_LENGTH,
    NteReading,
    allowance_and_charge_segments,
    allowance_or_charge_of,
    date_segments,
    description_segments,
    note_segments,
    product_ids_of,
    reference_segments,
    tax_of,
    tax_segments,
    terms_segments,
)
from mlconn_pipelines.x12.note_loops import MSG_LENGTH
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.price_basis import price_of_one, stated_price
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, money_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> Invoice:
    """The invoice that the segments state, notes in NTE and in N9 alike. Sub-lines of lines are passed over."""
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
            invoice.purpose,
        ),
        *note_segments(invoice.notes, writing),
        *([("CUR", "SE", invoice.currency)] if invoice.currency else []),
        *reference_segments(invoice.references, writing),
        *map(contact_segment, invoice.contacts),
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
    price = number_text(stated_price(line.unit_price, line.price_basis, line.unit))
    pairs = writing.product_pairs(line.product_ids)
    yield ("IT1", line.number, number_text(line.quantity), line.unit, price, line.price_basis, *pairs)
    yield from tax_segments(line.taxes)
    yield from description_segments(line.description, writing)
    yield from reference_segments(line.references, writing)
    yield from date_segments(line.dates)
    yield from allowance_and_charge_segments(line.allowances_and_charges, writing)


def _hash_total(invoice: Invoice) -> str:
    return number_text(sum((line.quantity for line in invoice.lines), Decimal()))


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._heading = HeadingReading(values, piece_length(guide, "810", "MSG01", MSG_LENGTH))
        self._notes = NteReading(piece_length(guide, "810", "NTE02", NTE_LENGTH))
        self._line = LineReading(values, piece_length(guide, "810", "PID05", PID_LENGTH))
        self._lines: list[InvoiceLine] = []
        self._charges: list[AllowanceOrCharge] = []
        self._taxes: list[Tax] = []

    def invoice(self) -> Invoice:
        values, heading = self._values, self._heading
        big: Segment = ()
        tds: Segment = ()
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "IT1":
                self._close_line()
                self._line.opens(segment)
            elif id_ == "TDS":
                self._close_line()
                tds = tds or segment
            elif self._line.segment:
                self._line.takes(segment)
            elif tds or id_ in ("TXI", "SAC"):
                self._take_summary(id_, segment)
            elif id_ == "BIG":
                big = big or segment
            elif id_ == "NTE":
                self._notes.takes(segment)
            else:
                heading.takes(segment)
        self._close_line()
        return self._made(big, tds)

    def _made(self, big: Segment, tds: Segment) -> Invoice:
        values, heading = self._values, self._heading
        if not big:
            values.missing_segment("BIG")
        if not tds:
            values.missing_segment("TDS")
        total = values.money(tds, 1) if tds else None
        if tds and total is None and not text(tds, 1):
            values.missing(tds, 1, "the total of the invoice")
        big = big or ("BIG",)
        return Invoice(
            number=text(big, 2),
            date=values.wanted_date(big, 1),
            currency=heading.currency,
            total=total or Decimal(),
            lines=tuple(self._lines),
            order_number=text(big, 4),
            order_date=values.date(big, 3),
            kind=text(big, 7),
            parties=heading.parties(),
            references=tuple(heading.references),
            terms=heading.terms,
            dates=tuple(heading.dates),
            taxes=tuple(self._taxes),
            allowances_and_charges=tuple(self._charges),
            notes=self._notes.notes() + heading.notes(),
            contacts=tuple(heading.contacts),
            purpose=text(big, 8),
        )

    def _take_summary(self, id_: str, segment: Segment) -> None:
        """After TDS, or before the first line where a partner puts it there."""
        if id_ == "TXI":
            self._taxes.append(tax_of(segment, self._values))
        elif id_ == "SAC":
            self._charges.append(allowance_or_charge_of(segment, self._values))

    def _close_line(self) -> None:
        it1 = self._line.segment
        if not it1:
            return
        values, reading = self._values, self._line
        line = InvoiceLine(
            number=text(it1, 1),
            quantity=values.wanted_number(it1, 2),
            unit=text(it1, 3),
            unit_price=price_of_one(values.wanted_number(it1, 4), text(it1, 5), text(it1, 3)) or Decimal(),
            product_ids=product_ids_of(it1, 6),
            description=reading.description,
            references=tuple(reading.references),
            dates=tuple(reading.dates),
            taxes=tuple(reading.taxes),
            allowances_and_charges=tuple(reading.allowances_and_charges),
            price_basis=text(it1, 5),
        )
        self._lines.append(line)
        reading.opens(())
