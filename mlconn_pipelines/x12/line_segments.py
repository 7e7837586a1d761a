"""Segments that several sets share: REF, DTM, ITD, SAC, TXI, SDQ, CTP, PO4, PID, NTE, and the pairs of product ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    Packing,
    PaymentTerms,
    Price,
    ProductId,
    Reference,
    StoreQuantity,
    Tax,
)
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.values import Values, date_text, money_text, number_text, text

PID_LENGTH = 80
NTE_LENGTH = 80
_STORES_AT_ONCE = 10  # pairs in one SDQ


def reference_of(segment: Segment) -> Reference:
    """REF."""
    return Reference(text(segment, 1), text(segment, 2), text(segment, 3))


def reference_segments(references: Sequence[Reference], writing: Writing) -> Iterator[OutSegment]:
    """REF of each."""
    for reference in references:
        yield ("REF", reference.qualifier, reference.id, writing.cut(reference.description, "REF03", 80))


def date_of(segment: Segment, values: Values) -> DateReference | None:
    """DTM, None where it holds a time or a period only."""
    date = values.date(segment, 2)
    return None if date is None else DateReference(text(segment, 1), date)


def date_segments(dates: Sequence[DateReference]) -> Iterator[OutSegment]:
    """DTM of each."""
    for reference in dates:
        yield ("DTM", reference.qualifier, date_text(reference.date))


def terms_of(segment: Segment, values: Values) -> PaymentTerms:
    """ITD."""
    return PaymentTerms(
        kind=text(segment, 1),
        basis=text(segment, 2),
        discount_percent=values.number(segment, 3),
        discount_days=values.integer(segment, 5),
        net_due_date=values.date(segment, 6),
        net_days=values.integer(segment, 7),
        description=text(segment, 12),
    )


def terms_segments(terms: PaymentTerms | None, writing: Writing) -> Iterator[OutSegment]:
    """ITD where there are terms."""
    if terms is not None:
        yield (
            "ITD",
            terms.kind,
            terms.basis,
            number_text(terms.discount_percent),
            "",
            number_text(terms.discount_days),
            date_text(terms.net_due_date),
            number_text(terms.net_days),
            *("", "", "", ""),
            writing.cut(terms.description, "ITD12", 80),
        )


def allowance_or_charge_of(segment: Segment, values: Values) -> AllowanceOrCharge:
    """SAC."""
    return AllowanceOrCharge(
        text(segment, 1),
        text(segment, 2),
        values.money(segment, 5),
        text(segment, 15),
        text(segment, 12),
        values.number(segment, 7),
        text(segment, 6),
        values.number(segment, 8),
        text(segment, 9),
        values.number(segment, 10),
    )


def allowance_and_charge_segments(items: Sequence[AllowanceOrCharge], writing: Writing) -> Iterator[OutSegment]:
    """SAC of each."""
    for item in items:
        description = writing.cut(item.description, "SAC15", 80)
        amount, percent, rate = money_text(item.amount), number_text(item.percent), number_text(item.rate)
        stated = (amount, item.percent_of, percent, rate, item.rate_unit, number_text(item.rate_quantity))
        yield ("SAC", item.indicator, item.code, "", "", *stated, "", item.handling, "", "", description)


def tax_of(segment: Segment, values: Values) -> Tax:
    """TXI."""
    return Tax(text(segment, 1), values.number(segment, 2), values.number(segment, 3))


def tax_segments(taxes: Sequence[Tax]) -> Iterator[OutSegment]:
    """TXI of each."""
    for tax in taxes:
        yield ("TXI", tax.kind, number_text(tax.amount), number_text(tax.percent))


def unit_of(segment: Segment, element: int, values: Values) -> str:
    """The unit of a composite (C001): its first component. Multiples and powers of units are not used in trade."""
    whole = text(segment, element)
    return whole.split(values.component, 1)[0].strip() if values.component else whole


def store_quantities_of(segment: Segment, values: Values) -> list[StoreQuantity]:
    """SDQ: every pair of store and quantity."""
    unit, qualifier = text(segment, 1), text(segment, 2)
    return [
        StoreQuantity(store, values.wanted_number(segment, i + 1), unit, qualifier)
        for i in range(3, min(len(segment), 3 + 2 * _STORES_AT_ONCE), 2)
        if (store := text(segment, i))
    ]


def store_quantity_segments(quantities: Sequence[StoreQuantity]) -> Iterator[OutSegment]:
    """SDQ, ten stores each; another unit or qualifier begins another."""
    for (unit, qualifier), same in groupby(quantities, key=lambda one: (one.unit, one.qualifier)):
        pairs = [(one.store, number_text(one.quantity)) for one in same]
        for start in range(0, len(pairs), _STORES_AT_ONCE):
            chosen = pairs[start : start + _STORES_AT_ONCE]
            yield ("SDQ", unit, qualifier, *(part for pair in chosen for part in pair))


def packing_of(segment: Segment, values: Values) -> Packing:
    """PO4."""
    pack, size, weight = values.integer(segment, 1), values.number(segment, 2), values.number(segment, 6)
    return Packing(pack, size, text(segment, 3), weight, text(segment, 7))


def packing_segments(packing: Packing | None) -> Iterator[OutSegment]:
    """PO4 where the packing is known."""
    if packing is not None:
        weight = ("", "", number_text(packing.weight), packing.weight_unit)
        yield ("PO4", number_text(packing.pack), number_text(packing.size), packing.size_unit, *weight)


def price_of(segment: Segment, values: Values) -> Price:
    """CTP, without what its loop adds. One that states no amount has the amount 0."""
    amount = values.number(segment, 3) or Decimal()
    return Price(text(segment, 2), amount, values.number(segment, 4), unit_of(segment, 5, values), text(segment, 1))


def price_segment(price: Price) -> OutSegment:
    """CTP."""
    return ("CTP", price.trade_class, price.kind, number_text(price.amount), number_text(price.from_quantity), price.unit)


def product_ids_of(segment: Segment, first: int) -> tuple[ProductId, ...]:
    """The pairs of qualifier and id from an element on, as they stand."""
    end = len(segment)
    return tuple(
        ProductId(qualifier, id_)
        for i in range(first, end - 1, 2)
        if (qualifier := segment[i].strip()) and (id_ := segment[i + 1].strip())
    )


def description_segments(description: str, writing: Writing) -> Iterator[OutSegment]:
    """PID in free form, several where the text is longer than one holds."""
    for piece in writing.pieces(description, "PID05", PID_LENGTH):
        yield ("PID", "F", "", "", "", piece)


def note_segments(notes: Sequence[str], writing: Writing) -> Iterator[OutSegment]:
    """NTE. The first of a note has the code GEN, those that continue it have none."""
    for note in notes:
        for number, piece in enumerate(writing.pieces(note, "NTE02", NTE_LENGTH)):
            yield ("NTE", "" if number else "GEN", piece)


class NteReading:
    """Collects NTE as `note_segments` writes them: one with a code begins a note, one without goes on."""

    __slots__ = ("_length", "_notes")

    def __init__(self, length: int = NTE_LENGTH) -> None:
        self._length = length
        self._notes: list[list[str]] = []

    def takes(self, segment: Segment) -> None:
        """The next NTE."""
        if text(segment, 1) or not self._notes:
            self._notes.append([])
        self._notes[-1].append(segment[2].rstrip() if len(segment) > 2 else "")

    def notes(self) -> tuple[str, ...]:
        """All notes read."""
        return tuple(joined(pieces, self._length) for pieces in self._notes)
