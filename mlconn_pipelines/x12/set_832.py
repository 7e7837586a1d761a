"""Price and sales catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.documents.price_catalogue import CatalogueItem, PriceCatalogue
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.headings import HeadingReading
from mlconn_pipelines.x12.line_reading import LineReading
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    allowance_and_charge_segments,
    date_of,
    date_segments,
    description_segments,
    packing_segments,
    price_of,
    price_segment,
    product_ids_of,
    reference_segments,
    terms_segments,
)
from mlconn_pipelines.x12.party_segments import contact_segment, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, text


def parse(values: Values, guide: PartnerGuide | None = None) -> PriceCatalogue:
    """The catalogue. Prices of sub-items, packages and sizes (SLN, G39, PKL) are passed over."""
    return _Reading(values, guide).catalogue()


def render(document: PriceCatalogue, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. CTT is counted here."""
    writing = Writing(guide, "832", clean)
    head = (document.kind, document.number, document.version, document.revision)
    return [
        ("BCT", *head, "", "", "", "", writing.cut(document.description, "BCT09", 80), document.purpose),
        *reference_segments(document.references, writing),
        *map(contact_segment, document.contacts),
        *date_segments(document.dates),
        *([("CUR", "SE", document.currency)] if document.currency else []),
        *terms_segments(document.terms, writing),
        *party_segments(document.parties, writing),
        *(segment for item in document.items for segment in _item_segments(item, writing)),
        ("CTT", str(len(document.items))),
    ]


def _item_segments(item: CatalogueItem, writing: Writing) -> Iterator[OutSegment]:
    yield ("LIN", item.number, *writing.product_pairs(item.product_ids))
    if item.maintenance:
        yield ("G53", item.maintenance)
    yield from date_segments(item.dates)
    yield from reference_segments(item.references, writing)
    yield from description_segments(item.description, writing)
    yield from packing_segments(item.packing)
    yield from allowance_and_charge_segments(item.allowances_and_charges, writing)
    for price in item.prices:
        yield price_segment(price)
        yield from date_segments(price.dates)
        if price.currency:
            yield ("CUR", "SE", price.currency)


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._heading = HeadingReading(values)
        self._item = LineReading(values, piece_length(guide, "832", "PID05", PID_LENGTH))
        self._items: list[CatalogueItem] = []
        self._prices: list[Price] = []
        self._maintenance = ""
        self._is_priced = False
        self._is_bounded = False

    def catalogue(self) -> PriceCatalogue:
        values, heading = self._values, self._heading
        bct: Segment = ()
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "LIN":
                self._open_item(segment)
            elif id_ in ("CTT", "SE"):
                break
            elif self._item.segment:
                self._take(id_, segment)
            elif id_ == "BCT":
                bct = bct or segment
            else:
                heading.takes(segment)
        self._close_item()
        if not bct:
            values.missing_segment("BCT")
            bct = ("BCT",)
        return PriceCatalogue(
            number=text(bct, 2),
            items=tuple(self._items),
            kind=text(bct, 1),
            version=text(bct, 3),
            revision=text(bct, 4),
            description=text(bct, 9),
            purpose=text(bct, 10),
            currency=heading.currency,
            parties=heading.parties(),
            references=tuple(heading.references),
            contacts=tuple(heading.contacts),
            dates=tuple(heading.dates),
            terms=heading.terms,
        )

    def _open_item(self, segment: Segment) -> None:
        self._close_item()
        self._item.opens(segment)
        self._prices, self._maintenance = [], ""
        self._is_priced = self._is_bounded = False

    def _take(self, id_: str, segment: Segment) -> None:
        """A segment of the item, or from its first CTP on of its latest price."""
        if id_ == "LS" or self._is_bounded:  # LS to LE: to whom a price applies, in places and classes
            self._is_bounded = id_ != "LE"
        elif self._item.is_over:
            return
        elif id_ == "CTP":
            self._is_priced = True
            self._prices.append(price_of(segment, self._values))
        elif self._is_priced and id_ in ("DTM", "CUR"):
            self._prices[-1] = self._with(self._prices[-1], id_, segment)
        elif id_ == "N1":
            self._is_priced = False
            self._item.takes(segment)
        elif self._is_priced and id_ in ("REF", "SAC", "TXI", "PO4", "PID"):
            return
        elif id_ == "G53":
            self._maintenance = self._maintenance or text(segment, 1)
        else:
            self._item.takes(segment)

    def _with(self, price: Price, id_: str, segment: Segment) -> Price:
        if id_ == "CUR":
            return replace(price, currency=price.currency or text(segment, 2))
        date = date_of(segment, self._values)
        return price if date is None else replace(price, dates=(*price.dates, date))

    def _close_item(self) -> None:
        lin = self._item.segment
        if not lin:
            return
        item = CatalogueItem(
            number=text(lin, 1),
            product_ids=product_ids_of(lin, 2),
            prices=tuple(self._prices),
            description=self._item.description,
            packing=self._item.packing,
            dates=tuple(self._item.dates),
            references=tuple(self._item.references),
            allowances_and_charges=tuple(self._item.allowances_and_charges),
            maintenance=self._maintenance,
        )
        self._items.append(item)
