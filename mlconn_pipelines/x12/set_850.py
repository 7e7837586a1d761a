"""Purchase orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading, heading_segments
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    allowance_and_charge_segments,
    date_segments,
    description_segments,
    packing_segments,
    product_ids_of,
    reference_segments,
    store_quantity_segments,
)
from mlconn_pipelines.x12.note_loops import MSG_LENGTH, note_loop_segments
from mlconn_pipelines.x12.party_segments import party_segments
from mlconn_pipelines.x12.price_basis import price_of_one, stated_price
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text


def parse(values: Values, guide: PartnerGuide | None = None) -> PurchaseOrder:
    """The order that the segments state. Schedules and sub-lines of lines are passed over."""
    note_length = piece_length(guide, "850", "MSG01", MSG_LENGTH)
    heading = HeadingReading(values, note_length)
    line = LineReading(values, piece_length(guide, "850", "PID05", PID_LENGTH), note_length)
    lines: list[OrderLine] = []
    beg: Segment = ()
    for segment in values.segments:
        id_ = segment[0]
        if id_ in ("PO1", "CTT", "SE"):
            if line.segment:
                lines.append(_line_of(line, values))
            if id_ != "PO1":
                break
            line.opens(segment)
        elif line.segment:
            line.takes(segment)
        elif id_ == "BEG":
            beg = beg or segment
        else:
            heading.takes(segment)
    if not beg:
        values.missing_segment("BEG")
        beg = ("BEG",)
    return PurchaseOrder(
        number=text(beg, 3),
        date=values.wanted_date(beg, 5),
        lines=tuple(lines),
        purpose=text(beg, 1),
        kind=text(beg, 2),
        release=text(beg, 4),
        currency=heading.currency,
        parties=heading.parties(),
        references=tuple(heading.references),
        contacts=tuple(heading.contacts),
        dates=tuple(heading.dates),
        terms=heading.terms,
        allowances_and_charges=tuple(heading.allowances_and_charges),
        notes=heading.notes(),
        carriers=tuple(heading.carriers),
        contract=text(beg, 6),
    )


def render(order: PurchaseOrder, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. AMT*TT and CTT02 are written where the guide requires them (`AMT_TT`, `CTT02`)."""
    writing = Writing(guide, "850", clean)
    quantities = number_text(sum((line.quantity for line in order.lines), Decimal()))
    return [
        ("BEG", order.purpose, order.kind, order.number, order.release, date_text(order.date), order.contract),
        *heading_segments(
            writing,
            currency=order.currency,
            references=order.references,
            contacts=order.contacts,
            allowances_and_charges=order.allowances_and_charges,
            terms=order.terms,
            dates=order.dates,
            carriers=order.carriers,
            notes=order.notes,
            parties=order.parties,
        ),
        *(segment for line in order.lines for segment in _line_segments(line, writing)),
        ("CTT", str(len(order.lines)), quantities if writing.wants("CTT02") else ""),
        *([("AMT", "TT", number_text(order.total))] if writing.wants("AMT_TT") or writing.wants("AMT") else []),
    ]


def _line_segments(line: OrderLine, writing: Writing) -> Iterator[OutSegment]:
    quantity, pairs = number_text(line.quantity), writing.product_pairs(line.product_ids)
    price = number_text(stated_price(line.unit_price, line.price_basis, line.unit))
    yield ("PO1", line.number, quantity, line.unit, price, line.price_basis, *pairs)
    yield from description_segments(line.description, writing)
    yield from packing_segments(line.packing)
    yield from reference_segments(line.references, writing)
    yield from allowance_and_charge_segments(line.allowances_and_charges, writing)
    yield from store_quantity_segments(line.store_quantities)
    yield from date_segments(line.dates)
    yield from note_loop_segments(line.notes, writing)
    yield from party_segments(line.parties, writing)


def _line_of(reading: LineReading, values: Values) -> OrderLine:
    po1 = reading.segment
    return OrderLine(
        number=text(po1, 1),
        quantity=values.wanted_number(po1, 2),
        unit=text(po1, 3),
        unit_price=price_of_one(values.number(po1, 4), text(po1, 5), text(po1, 3)),
        product_ids=product_ids_of(po1, 6),
        description=reading.description,
        dates=tuple(reading.dates),
        references=tuple(reading.references),
        allowances_and_charges=tuple(reading.allowances_and_charges),
        store_quantities=tuple(reading.store_quantities),
        price_basis=text(po1, 5),
        notes=reading.notes(),
        parties=reading.parties(),
        packing=reading.packing,
    )
