"""Inventory advices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlconn_pipelines.documents.inventory import InventoryAdvice, StockedItem, StockQuantity
from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text, time_text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import date_of, date_segments, price_of, price_segment, product_ids_of, unit_of
from mlconn_pipelines.x12.party_segments import party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> InventoryAdvice:
    """The stock that the segments state. Schedules, sub-items and lots are passed over; quantities of the item are kept."""
    heading = HeadingLoop(values)
    bia, items, _ = read_lines(heading, _ItemLoop(values), _item_of)
    return InventoryAdvice(
        number=text(bia, 3),
        date=values.wanted_date(bia, 4),
        items=items,
        kind=text(bia, 2),
        purpose=text(bia, 1),
        time=values.time(bia, 5),
        **heading.fields(InventoryAdvice),
    )


def render(document: InventoryAdvice, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here. Prices of items have neither dates nor a currency in this set."""
    head = (document.purpose, document.kind, document.number, date_text(document.date), time_text(document.time))
    return [
        ("BIA", *head),
        *field_segments(document, writing, "CUR*SE DTM REF PER N1"),
        *(segment for item in document.items for segment in _item_segments(item, writing)),
        ("CTT", str(len(document.items))),
    ]


def _item_segments(item: StockedItem, writing: Writing) -> Iterator[OutSegment]:
    yield ("LIN", item.number, *writing.product_pairs(item.product_ids))
    yield from field_segments(item, writing, "PID DTM")
    yield from map(price_segment, item.prices)
    yield from field_segments(item, writing, "REF SDQ G53")
    for stock in item.quantities:
        yield ("QTY", stock.kind, number_text(stock.quantity), stock.unit)
        yield from date_segments(stock.dates)
    yield from party_segments(item.locations, writing)


class _ItemLoop(LineLoop):
    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.prices: list[Price] = []
        self.quantities: list[StockQuantity] = []
        self.maintenance = ""
        self._within = ""

    def add(self, segment: Segment) -> None:
        """A segment of the item, of its open quantity, or of a loop that is passed over (sub-items, schedules, lots)."""
        id_ = segment[0]
        if self._within == "LS":  # to LE: lots, with parties of their own
            self._within = "LE" if id_ == "LE" else "LS"
        elif id_ == "QTY":
            self._add_quantity(segment)
        elif id_ in ("SLN", "LM", "SCH", "LS"):
            self._within = id_
        elif id_ == "N1":
            self._within = ""
            super().add(segment)
        elif self._within == "QTY":
            if id_ == "DTM" and (date := date_of(segment, self.values)) is not None:
                self.quantities[-1] = replace(self.quantities[-1], dates=(*self.quantities[-1].dates, date))
        elif not self._within:
            if id_ == "CTP":
                self.prices.append(price_of(segment, self.values))
            elif id_ == "G53":
                self.maintenance = text(segment, 1)
            else:
                super().add(segment)

    def _add_quantity(self, segment: Segment) -> None:
        """QTY02. A text in QTY04 instead (`unlimited`, say) is no quantity."""
        self._within = "QTY04"
        if text(segment, 4) and not text(segment, 2):
            return
        self._within = "QTY"
        quantity = self.values.wanted_number(segment, 2)
        self.quantities.append(StockQuantity(text(segment, 1), quantity, unit_of(segment, 3, self.values)))


def _item_of(item: _ItemLoop) -> StockedItem:
    lin = item.segment
    return StockedItem(
        number=text(lin, 1),
        product_ids=product_ids_of(lin, 2),
        quantities=tuple(item.quantities),
        maintenance=item.maintenance,
        locations=item.parties(),
        **item.fields(StockedItem),
    )
