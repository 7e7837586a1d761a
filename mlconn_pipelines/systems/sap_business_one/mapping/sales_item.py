"""An item that is for sale to the product that sales people choose, with what price lists say of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from mlconn_pipelines.documents.product import ListPrice, Product
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import master_header_of
from mlconn_pipelines.systems.sap_business_one.mapping.reference import item
from mlconn_pipelines.systems.sap_business_one.records import master_data as sap
from mlconn_pipelines.systems.sap_business_one.records.reading import read

ENTITY, KEY, PRICES, PRICE_LIST = "Items", "ItemCode", "ItemPrices", "PriceList"
_FIELDS = (KEY, "ItemName", "SalesItem", "Valid", "ValidFrom", "ValidTo", "Frozen", "FrozenFrom", "FrozenTo")
_PRICED = Projection(
    (PRICE_LIST, "Price", "Currency", "AdditionalPrice1", "AdditionalCurrency1", "AdditionalPrice2", "AdditionalCurrency2"),
    ordered_by=PRICE_LIST,
)


class _PricedHashing(RecordHashing):
    """Prices that were not looked at before are news: they are to be written, unlike a field that merely became known."""

    def again(self, stored: Record, now: Record, version: str) -> str:
        return RecordHashing.again(self, {**stored, PRICES: ()}, now, version)


def hashing_of(lists: Collection[int]) -> ContentHashing:
    """lists: numbers of the price lists whose prices count as content; each set of them makes a version of its own."""
    if not lists:
        return RecordHashing(ENTITY, Projection(_FIELDS))
    wanted = frozenset(lists)

    def of_these(record: Record) -> Record:
        rows = [row for row in record.get(PRICES) or () if isinstance(row, Mapping) and row.get(PRICE_LIST) in wanted]
        return {**record, PRICES: rows}

    rules = sum(1 << number for number in wanted)
    return _PricedHashing(ENTITY, Projection(_FIELDS, {PRICES: _PRICED}), prepared=of_these, rules=rules)


def header_of(record: Record, hashing: ContentHashing) -> RecordHeader:
    """What is no sales item begins no product. One that became none, or may not be sold any more, is told as inactive."""
    header = master_header_of(record, KEY, hashing, left_out=False)
    return replace(header, begins=record.get("SalesItem") == "tYES")


def product_of(record: Record, lists: Collection[int] = ()) -> Translated:
    notes = Checklist()
    try:
        code, known = item(record)
        prices = tuple(_prices(record, lists)) if lists else ()
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
        return Translated(None, notes.findings)
    return Translated(Product(code, known.description or code, known.active and known.for_sale, prices))


def _prices(record: Record, lists: Collection[int]) -> Iterator[ListPrice]:
    """SAP has a row for every list, and writes one without a price as 0 of no currency. A price of 0 has a currency."""
    for row in read(sap.PricedItem, record).ItemPrices:
        stated: tuple[tuple[Decimal | None, str], ...] = (
            (row.Price, row.Currency),
            (row.AdditionalPrice1, row.AdditionalCurrency1),
            (row.AdditionalPrice2, row.AdditionalCurrency2),
        )
        for amount, currency in stated if row.PriceList in lists else ():
            if amount is not None and (amount or currency):
                yield ListPrice(row.PriceList, amount, currency)
