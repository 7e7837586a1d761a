"""Inventory advices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mlconn_pipelines.documents.inventory import InventoryAdvice, StockedItem, StockQuantity
from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    date_of,
    date_segments,
    description_segments,
    price_of,
    price_segment,
    product_ids_of,
    reference_segments,
    store_quantity_segments,
    unit_of,
)
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text, time_text


def parse(values: Values, guide: PartnerGuide | None = None) -> InventoryAdvice:
    """The stock that the segments state. Schedules, sub-items and lots are passed over; quantities of the item are kept."""
    return _Reading(values, guide).advice()


def render(document: InventoryAdvice, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here. Prices of items have neither dates nor a currency in this set."""
    writing = Writing(guide, "846", clean)
    head = (document.purpose, document.kind, document.number, date_text(document.date), time_text(document.time))
    return [
        ("BIA", *head),
        *([("CUR", "SE", document.currency)] if document.currency else []),
        *date_segments(document.dates),
        *reference_segments(document.references, writing),
        *map(contact_segment, document.contacts),
        *party_segments(document.parties, writing),
        *(segment for item in document.items for segment in _item_segments(item, writing)),
        ("CTT", str(len(document.items))),
    ]


def _item_segments(item: StockedItem, writing: Writing) -> Iterator[OutSegment]:
    yield ("LIN", item.number, *writing.product_pairs(item.product_ids))
    yield from description_segments(item.description, writing)
    yield from date_segments(item.dates)
    yield from map(price_segment, item.prices)
    yield from reference_segments(item.references, writing)
    yield from store_quantity_segments(item.store_quantities)
    if item.maintenance:
        yield ("G53", item.maintenance)
    for stock in item.quantities:
        yield ("QTY", stock.kind, number_text(stock.quantity), stock.unit)
        yield from date_segments(stock.dates)
    yield from party_segments(item.locations, writing)


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._heading = HeadingReading(values)
        self._item = LineReading(values, piece_length(guide, "846", "PID05", PID_LENGTH))
        self._items: list[StockedItem] = []
        self._prices: list[Price] = []
        self._quantities: list[StockQuantity] = []
        self._maintenance = ""
        self._loop = ""

    def advice(self) -> InventoryAdvice:
        values, heading = self._values, self._heading
        bia: Segment = ()
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "LIN":
                self._open_item(segment)
            elif id_ in ("CTT", "SE"):
                break
            elif self._item.segment:
                self._take(id_, segment)
            elif id_ == "BIA":
                bia = bia or segment
            else:
                heading.takes(segment)
        self._close_item()
        if not bia:
            values.missing_segment("BIA")
            bia = ("BIA",)
        return InventoryAdvice(
            number=text(bia, 3),
            date=values.wanted_date(bia, 4),
            items=tuple(self._items),
            kind=text(bia, 2),
            purpose=text(bia, 1),
            time=values.time(bia, 5),
            currency=heading.currency,
            parties=heading.parties(),
            references=tuple(heading.references),
            contacts=tuple(heading.contacts),
            dates=tuple(heading.dates),
        )

    def _open_item(self, segment: Segment) -> None:
        self._close_item()
        self._item.opens(segment)
        self._prices, self._quantities, self._maintenance, self._loop = [], [], "", ""

    def _take(self, id_: str, segment: Segment) -> None:
        """A segment of the item, of its open quantity, or of a loop that is passed over (sub-items, schedules, lots)."""
        if self._loop == "LS":  # to LE: lots, with parties of their own
            self._loop = "LE" if id_ == "LE" else "LS"
        elif id_ == "QTY":
            self._take_quantity(segment)
        elif id_ in ("SLN", "LM", "SCH", "LS"):
            self._loop = id_
        elif id_ == "N1":
            self._loop = ""
            self._item.takes(segment)
        elif self._loop == "QTY":
            if id_ == "DTM" and (date := date_of(segment, self._values)) is not None:
                self._quantities[-1] = replace(self._quantities[-1], dates=(*self._quantities[-1].dates, date))
        elif not self._loop:
            if id_ == "CTP":
                self._prices.append(price_of(segment, self._values))
            elif id_ == "G53":
                self._maintenance = text(segment, 1)
            else:
                self._item.takes(segment)

    def _take_quantity(self, segment: Segment) -> None:
        """QTY02. A text in QTY04 instead (`unlimited`, say) is no quantity."""
        values = self._values
        self._loop = "QTY04"
        if text(segment, 4) and not text(segment, 2):
            return
        self._loop = "QTY"
        quantity = values.wanted_number(segment, 2)
        self._quantities.append(StockQuantity(text(segment, 1), quantity, unit_of(segment, 3, values)))

    def _close_item(self) -> None:
        lin = self._item.segment
        if not lin:
            return
        item = StockedItem(
            number=text(lin, 1),
            product_ids=product_ids_of(lin, 2),
            quantities=tuple(self._quantities),
            description=self._item.description,
            prices=tuple(self._prices),
            dates=tuple(self._item.dates),
            references=tuple(self._item.references),
            store_quantities=tuple(self._item.store_quantities),
            maintenance=self._maintenance,
            locations=self._item.parties(),
        )
        self._items.append(item)
