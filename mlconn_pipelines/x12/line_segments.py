"""Segments that several sets share: PO1 and IT1, REF, DTM, ITD, SAC, TAX, TXI, SDQ, SCH, CTP, PO4, PID, SLN, NTE, TD5, ACK."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Protocol

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    Component,
    DateReference,
    Packing,
    PaymentTerms,
    Price,
    ProductId,
    Reference,
    Schedule,
    StoreQuantity,
    Tax,
    TaxReference,
    UnitsShipped,
)
from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, money_text, number_text, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.price_basis import price_of_one, stated_price
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

PID_LENGTH = 80
NTE_LENGTH = 80
ROUTING_LENGTH = 35
_STORES_AT_ONCE = 10  # pairs in one SDQ


class PricedItem(Protocol):
    """A line that PO1, IT1 or POC writes."""

    @property
    def number(self) -> str: ...
    @property
    def quantity(self) -> Decimal | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_price(self) -> Decimal | None: ...
    @property
    def price_basis(self) -> str: ...
    @property
    def product_ids(self) -> tuple[ProductId, ...]: ...


def item_fields(segment: Segment, quantity: Decimal | None, price: Decimal | None) -> dict[str, Any]:
    """PO1 and IT1. quantity, price: as their set wants them read, from 02 and 04."""
    unit, basis = text(segment, 3), text(segment, 5)
    return {
        "number": text(segment, 1),
        "quantity": quantity,
        "unit": unit,
        "unit_price": price_of_one(price, basis, unit),
        "product_ids": product_ids_of(segment, 6),
        "price_basis": basis,
    }


def item_segment(id_: str, line: PricedItem, writing: Writing) -> OutSegment:
    """PO1 and IT1."""
    return (id_, line.number, number_text(line.quantity), *item_ending(line, writing))


def item_ending(line: PricedItem, writing: Writing) -> OutSegment:
    """Unit, price, what it is for, and the numbers of the item: how PO1, IT1 and POC end."""
    price = number_text(stated_price(line.unit_price, line.price_basis, line.unit))
    return (line.unit, price, line.price_basis, *writing.product_pairs(line.product_ids))


def reference_of(segment: Segment) -> Reference:
    """REF."""
    return Reference(text(segment, 1), text(segment, 2), text(segment, 3))


def reference_segments(references: Sequence[Reference], writing: Writing) -> Iterator[OutSegment]:
    """REF of each."""
    for reference in references:
        yield ("REF", reference.qualifier, reference.id, writing.cut(reference.description, "REF03", 80))


def date_of(segment: Segment, values: ElementReader) -> DateReference | None:
    """DTM, None where it holds a time or a period only."""
    date = values.date(segment, 2)
    return None if date is None else DateReference(text(segment, 1), date)


def date_segments(dates: Sequence[DateReference]) -> Iterator[OutSegment]:
    """DTM of each."""
    for reference in dates:
        yield ("DTM", reference.qualifier, date_text(reference.date))


def terms_of(segment: Segment, values: ElementReader) -> PaymentTerms:
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


def allowance_or_charge_of(segment: Segment, values: ElementReader) -> AllowanceOrCharge:
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


def tax_of(segment: Segment, values: ElementReader) -> Tax:
    """TXI."""
    return Tax(text(segment, 1), values.number(segment, 2), values.number(segment, 3))


def tax_segments(taxes: Sequence[Tax]) -> Iterator[OutSegment]:
    """TXI of each."""
    for tax in taxes:
        yield ("TXI", tax.kind, number_text(tax.amount), number_text(tax.percent))


def units_shipped_of(segment: Segment, values: ElementReader) -> UnitsShipped | None:
    """IT3, and ISS with the weight; None where no quantity is stated."""
    quantity = values.number(segment, 1)
    if quantity is None:
        return None
    weighs = segment[0] == "ISS"
    weight, weight_unit = (values.number(segment, 3), text(segment, 4)) if weighs else (None, "")
    return UnitsShipped(quantity, text(segment, 2), weight, weight_unit)


def units_shipped_segments(id_: str, shipped: Sequence[UnitsShipped]) -> Iterator[OutSegment]:
    """IT3 or ISS of each."""
    for one in shipped:
        weight = (number_text(one.weight), one.weight_unit) if id_ == "ISS" else ()
        yield (id_, number_text(one.quantity), one.unit, *weight)


def unit_of(segment: Segment, element: int, values: ElementReader) -> str:
    """The unit of a composite (C001): its first component. Multiples and powers of units are not used in trade."""
    whole = text(segment, element)
    return whole.split(values.component, 1)[0].strip() if values.component else whole


def store_quantities_of(segment: Segment, values: ElementReader) -> list[StoreQuantity]:
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


def packing_of(segment: Segment, values: ElementReader) -> Packing:
    """PO4."""
    pack, size, weight = values.integer(segment, 1), values.number(segment, 2), values.number(segment, 6)
    return Packing(pack, size, text(segment, 3), weight, text(segment, 7))


def packing_segments(packing: Packing | None) -> Iterator[OutSegment]:
    """PO4 where the packing is known."""
    if packing is not None:
        weight = ("", "", number_text(packing.weight), packing.weight_unit)
        yield ("PO4", number_text(packing.pack), number_text(packing.size), packing.size_unit, *weight)


def price_of(segment: Segment, values: ElementReader) -> Price:
    """CTP, without what its loop adds."""
    return Price(
        kind=text(segment, 2),
        amount=values.number(segment, 3),
        from_quantity=values.number(segment, 4),
        unit=unit_of(segment, 5, values),
        trade_class=text(segment, 1),
        multiplier_kind=text(segment, 6),
        multiplier=values.number(segment, 7),
        rebate=values.number(segment, 8),
        basis=text(segment, 9),
        per=values.integer(segment, 11),
    )


def price_segment(price: Price) -> OutSegment:
    """CTP."""
    head = (price.trade_class, price.kind, number_text(price.amount), number_text(price.from_quantity), price.unit)
    factor = (price.multiplier_kind, number_text(price.multiplier), number_text(price.rebate), price.basis)
    return ("CTP", *head, *factor, "", number_text(price.per))


def schedule_of(segment: Segment, values: ElementReader) -> Schedule:
    """SCH, with both of its days."""
    days = ((text(segment, at), values.date(segment, at + 1)) for at in (5, 8))
    return Schedule(
        quantity=values.wanted_number(segment, 1),
        unit=text(segment, 2),
        dates=tuple(DateReference(qualifier, day) for qualifier, day in days if day is not None),
        location_role=text(segment, 3),
        location=text(segment, 4),
        number=text(segment, 12),
    )


def schedule_segments(schedules: Sequence[Schedule]) -> Iterator[OutSegment]:
    """SCH of each."""
    for one in schedules:
        days = [(date.qualifier, date_text(date.date), "") for date in one.dates[:2]] + [("", "", "")] * 2
        place = (one.location_role, one.location)
        yield ("SCH", number_text(one.quantity), one.unit, *place, *days[0], *days[1], "", one.number)


def component_of(segment: Segment, values: ElementReader) -> Component:
    """SLN, without what its loop adds."""
    return Component(
        number=text(segment, 1),
        parent=text(segment, 2),
        relation=text(segment, 3),
        quantity=values.number(segment, 4),
        unit=unit_of(segment, 5, values),
        unit_price=values.number(segment, 6),
        price_basis=text(segment, 7),
        product_ids=product_ids_of(segment, 9),
    )


def component_segments(components: Sequence[Component]) -> Iterator[OutSegment]:
    """SLN of each."""
    for one in components:
        ids = (part for product in one.product_ids for part in (product.qualifier, product.id))
        head = (one.number, one.parent, one.relation, number_text(one.quantity), one.unit)
        yield ("SLN", *head, number_text(one.unit_price), one.price_basis, "", *ids)


def tax_reference_of(segment: Segment) -> TaxReference:
    """TAX."""
    pairs = ((text(segment, at), text(segment, at + 1)) for at in range(2, 12, 2))
    return TaxReference(text(segment, 1), tuple(pair for pair in pairs if any(pair)), text(segment, 12))


def tax_reference_segments(references: Sequence[TaxReference]) -> Iterator[OutSegment]:
    """TAX of each."""
    for one in references:
        places = [part for pair in one.places for part in pair]
        yield ("TAX", one.number, *places, *[""] * (10 - len(places)), one.exempt)


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


class NoteSegments:
    """Collects NTE as `note_segments` writes them: one with a code begins a note, one without goes on."""

    __slots__ = ("_length", "_notes")

    def __init__(self, length: int = NTE_LENGTH) -> None:
        self._length = length
        self._notes: list[list[str]] = []

    def add(self, segment: Segment) -> None:
        """The next NTE."""
        if text(segment, 1) or not self._notes:
            self._notes.append([])
        self._notes[-1].append(segment[2].rstrip() if len(segment) > 2 else "")

    def notes(self) -> tuple[str, ...]:
        """All notes read."""
        return tuple(joined(pieces, self._length) for pieces in self._notes)


def carrier_of(segment: Segment) -> Carrier | None:
    """TD5; None where it names neither carrier nor mode nor routing (a service level alone, say)."""
    carrier = Carrier(text(segment, 3), text(segment, 4), text(segment, 5), text(segment, 2) or "2")
    return carrier if carrier.code or carrier.mode or carrier.routing else None


def carrier_segments(carriers: Sequence[Carrier], writing: Writing) -> Iterator[OutSegment]:
    """TD5 of each."""
    for carrier in carriers:
        routing = writing.cut(carrier.routing, "TD505", ROUTING_LENGTH)
        yield ("TD5", "", carrier.qualifier if carrier.code else "", carrier.code, carrier.mode, routing)


def answer_of(segment: Segment, values: ElementReader) -> LineAnswer:
    """ACK, what stands below it left aside."""
    unit, qualifier = text(segment, 3), text(segment, 4)
    date, ids = values.date(segment, 5), product_ids_of(segment, 7)
    return LineAnswer(text(segment, 1), values.number(segment, 2), unit, qualifier, date, ids)


def answer_segments(answers: Sequence[LineAnswer]) -> Iterator[OutSegment]:
    """ACK of each, with its DTM: what a supplier says to a line of an order or of its change."""
    for answer in answers:
        quantity, date = number_text(answer.quantity), date_text(answer.date)
        instead = (part for one in answer.product_ids for part in (one.qualifier, one.id))
        yield ("ACK", answer.status, quantity, answer.unit, answer.date_qualifier, date, "", *instead)
        yield from date_segments(answer.dates)
