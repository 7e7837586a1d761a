"""Price and sales catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.documents.price_catalogue import CatalogueItem, PriceCatalogue
from mlconn_pipelines.x12.element_reader import ElementReader, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_loop import LineLoop, read_lines
from mlconn_pipelines.x12.line_segments import date_of, date_segments, price_of, price_segment, product_ids_of
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> PriceCatalogue:
    """The catalogue. Prices of sub-items, packages and sizes (SLN, G39, PKL) are passed over."""
    heading = HeadingLoop(values)
    bct, items, _ = read_lines(heading, _ItemLoop(values), _item_of)
    return PriceCatalogue(
        number=text(bct, 2),
        items=items,
        kind=text(bct, 1),
        version=text(bct, 3),
        revision=text(bct, 4),
        description=text(bct, 9),
        purpose=text(bct, 10),
        **heading.fields(PriceCatalogue),
    )


def render(document: PriceCatalogue, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here."""
    head = (document.kind, document.number, document.version, document.revision)
    return [
        ("BCT", *head, "", "", "", "", writing.cut(document.description, "BCT09", 80), document.purpose),
        *field_segments(document, writing, "REF PER DTM CUR*SE ITD N1"),
        *(segment for item in document.items for segment in _item_segments(item, writing)),
        ("CTT", str(len(document.items))),
    ]


def _item_segments(item: CatalogueItem, writing: Writing) -> Iterator[OutSegment]:
    yield ("LIN", item.number, *writing.product_pairs(item.product_ids))
    yield from field_segments(item, writing, "G53 DTM REF PID PO4 SAC")
    for price in item.prices:
        yield price_segment(price)
        yield from date_segments(price.dates)
        if price.currency:
            yield ("CUR", "SE", price.currency)


class _ItemLoop(LineLoop):
    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.prices: list[Price] = []
        self.maintenance = ""
        self._is_priced = self._is_bounded = False

    def add(self, segment: Segment) -> None:
        """A segment of the item, or from its first CTP on of its latest price."""
        id_ = segment[0]
        if id_ == "LS" or self._is_bounded:  # LS to LE: to whom a price applies, in places and classes
            self._is_bounded = id_ != "LE"
        elif self.is_over:
            return
        elif id_ == "CTP":
            self._is_priced = True
            self.prices.append(price_of(segment, self.values))
        elif self._is_priced and id_ in ("DTM", "CUR"):
            self.prices[-1] = self._with(self.prices[-1], id_, segment)
        elif id_ == "N1":
            self._is_priced = False
            super().add(segment)
        elif self._is_priced and id_ in ("REF", "SAC", "TXI", "PO4", "PID"):
            return
        elif id_ == "G53":
            self.maintenance = self.maintenance or text(segment, 1)
        else:
            super().add(segment)

    def _with(self, price: Price, id_: str, segment: Segment) -> Price:
        if id_ == "CUR":
            return replace(price, currency=price.currency or text(segment, 2))
        date = date_of(segment, self.values)
        return price if date is None else replace(price, dates=(*price.dates, date))


def _item_of(item: _ItemLoop) -> CatalogueItem:
    lin = item.segment
    return CatalogueItem(
        number=text(lin, 1),
        product_ids=product_ids_of(lin, 2),
        maintenance=item.maintenance,
        **item.fields(CatalogueItem),
    )
