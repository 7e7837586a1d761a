"""Invoices."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, money_text, number_text, text
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import allowance_or_charge_of, item_fields, item_segment, tax_of, units_shipped_of
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> Invoice:
    """The invoice that the segments state, notes in NTE and in N9 alike. Sub-lines of lines are passed over.

    Taxes and charges belong after TDS; before the first line, where some partners put them, they mean the same.
    """
    heading = HeadingLoop(values, apart=("TXI", "SAC"), nte=True)
    big, lines, rest = read_lines(heading, LineLoop(values), _line_of, ends=("TDS",))
    if not rest:
        values.missing_segment("TDS")
    total = values.money(rest[0], 1) if rest else None
    if rest and total is None and not text(rest[0], 1):
        values.missing(rest[0], 1, "the total of the invoice")
    summary = [*heading.kept_apart, *rest]
    in_heading = heading.fields(Invoice)
    return Invoice(
        **in_heading
        | {
            "number": text(big, 2),
            "date": values.wanted_date(big, 1),
            "total": total or Decimal(),
            "lines": lines,
            "order_number": text(big, 4),
            "order_date": values.date(big, 3),
            "release": text(big, 5),
            "kind": text(big, 7),
            "taxes": tuple(tax_of(segment, values) for segment in summary if segment[0] == "TXI"),
            "allowances_and_charges": tuple(
                allowance_or_charge_of(segment, values) for segment in summary if segment[0] == "SAC"
            ),
            "purpose": text(big, 8),
            "units_shipped": tuple(filter(None, (units_shipped_of(one, values) for one in rest if one[0] == "ISS"))),
        }
    )


def render(invoice: Invoice, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. TDS is the invoice's own total, CTT is counted here."""
    ordered = (date_text(invoice.order_date), invoice.order_number)
    quantities = number_text(sum((line.quantity for line in invoice.lines), Decimal()))
    return [
        ("BIG", date_text(invoice.date), invoice.number, *ordered, invoice.release, "", invoice.kind, invoice.purpose),
        *field_segments(invoice, writing, "NTE CUR*SE REF PER N1 ITD DTM"),
        *(segment for line in invoice.lines for segment in _line_segments(line, writing)),
        ("TDS", money_text(invoice.total)),
        *field_segments(invoice, writing, "TXI SAC ISS"),
        ("CTT", str(len(invoice.lines)), quantities if writing.wants("CTT02") else ""),
    ]


def _line_segments(line: InvoiceLine, writing: Writing) -> Iterator[OutSegment]:
    yield item_segment("IT1", line, writing)
    yield from field_segments(line, writing, "IT3 TXI PID REF DTM SAC")


def _line_of(line: LineLoop) -> InvoiceLine:
    it1, values = line.segment, line.values
    item = item_fields(it1, values.wanted_number(it1, 2), values.wanted_number(it1, 4))
    return InvoiceLine(**item, **line.fields(InvoiceLine))
