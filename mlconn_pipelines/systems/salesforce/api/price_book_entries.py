"""Products with their entries of some price books: read together, and written one after the other.

An entry is known by product, price book and currency, of which the org keeps one, active or not. It is read by these right before
each write: what is there is changed by its id, what is not is upserted by an external id that is made of the three, and looked for once
more where that is refused. So neither a repeated write nor an entry that a person made leads to a second one. None is ever deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.errors import ConfigurationError, DocumentRejected
from mlconn_pipelines.ports.records import Condition, ConnectionReport, MasterRecords, OurRecord, Record, RecordSource, Stored
from mlconn_pipelines.ports.rows import CollectionTarget
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import LISTED_MAX, all_of, one_of, split_values
from mlconn_pipelines.systems.salesforce.records.products import DECIMALS, PRICE_BOOK, PRICES, STANDARD
from mlconn_pipelines.systems.salesforce.records.stamps import key_of, long_id

BOOKS, ENTRIES = "Pricebook2", "PricebookEntry"
SYSTEM = "Salesforce"
CURRENCY, PRICE = "CurrencyIsoCode", "UnitPrice"


@dataclass(frozen=True, slots=True)
class PricedProducts:
    """Implements MasterRecords, as `products` does, but for what the fields of a product hold of its prices (`PRICES`).

    wanted: price books by name and the currencies that each takes, as configured. external_id: of entries.
    """

    products: MasterRecords
    entries: CollectionTarget
    reader: RecordReader
    descriptions: Descriptions
    wanted: Mapping[str, frozenset[str]]
    external_id: str
    _books: dict[str, str] = field(default_factory=dict)

    def ours(self, entity: str, begins: str = "") -> RecordSource:
        return self.products.ours(entity, begins)

    def search(self, entity: str, conditions: Sequence[Condition], fields: Sequence[str] = ()) -> Iterator[Sequence[Record]]:
        """Whole products, each with its entries of the price books that are looked at."""
        for page in self.products.search(entity, conditions, fields):
            by_product = self._entries_of([key_of(row) for row in page])
            yield [{**row, PRICES: by_product.get(key_of(row), [])} for row in page]

    def check(self, fields: Sequence[str]) -> Sequence[ConnectionReport]:
        """Price books, and whether the org can keep prices in these currencies."""
        try:
            books, own = self.books(), self._only_currency()
        except ConfigurationError as wrong:
            return [ConnectionReport(SYSTEM, False, str(wrong))]
        currencies = frozenset[str]().union(*self.wanted.values())
        if own and (others := sorted(currencies - {own})):
            return [ConnectionReport(SYSTEM, False, self._in_other_currency(", ".join(others), own))]
        described = self.descriptions.fields(ENTRIES)
        closed = [
            name for name in ("Pricebook2Id", "Product2Id", PRICE) if name not in described or not described[name].createable
        ]
        if closed:
            words = f"{ENTRIES}.{', '.join(closed)} may not be given by the integration user: give it Create on Price Books and Products"
            return [ConnectionReport(SYSTEM, False, words)]
        return [ConnectionReport(SYSTEM, True, f"prices go into {', '.join(f'{name} ({key})' for name, key in books.items())}")]

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        return self.products.find(entity, reference, payload, older_than_s)

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        return self.products.under_reference(entity, reference, payload)

    def reserve(self) -> None:
        self.products.reserve()

    def create(self, entity: str, payload: Record) -> Stored:
        """The product, then its entries: where these break off, the product is found the next time, and they are made then."""
        stored = self.products.create(entity, {name: value for name, value in payload.items() if name != PRICES})
        self._write(stored.key, payload.get(PRICES) or ())
        return stored

    def update(self, entity: str, key: str, changes: Record) -> Record:
        own = {name: value for name, value in changes.items() if name != PRICES}
        product = self.products.update(entity, key, own) if own else {"Id": key}
        self._write(long_id(key), changes.get(PRICES) or ())
        return product

    def books(self) -> Mapping[str, str]:
        """Ids of the price books by the names that the configuration has for them. Errors: ConfigurationError naming what is wrong."""
        if not self._books:
            there = [row for rows in self.reader.query(BOOKS, ("Id", "Name", "IsStandard", "IsActive")) for row in rows]
            found = {name: _book_of(name, there) for name in self.wanted}
            if len(set(found.values())) < len(found):
                raise ConfigurationError(
                    f"{SYSTEM}: `prices` names one price book in two ways: {', '.join(found)}",
                    hint="Write it the same way in each row.",
                )
            self._books.update(found)
        return self._books

    def _entries_of(self, products: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
        """By product. The other half of the condition's room is the price books'."""
        names = {key: name for name, key in self.books().items()}
        described, only = self.descriptions.fields(ENTRIES), self._only_currency()
        asked = ("Id", "Product2Id", "Pricebook2Id", PRICE, "IsActive", "UseStandardPrice", *(() if only else (CURRENCY,)))
        missing = [name for name in asked if name not in described]
        if missing:
            raise ConfigurationError(
                f"{SYSTEM}: {ENTRIES} has no field {', '.join(missing)} that the integration user may read",
                hint="Give it Read on Products and Price Books in its permission set.",
            )
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for part in split_values(products, LISTED_MAX // 2):
            for rows in self.reader.query(
                ENTRIES, asked, all_of(one_of("Product2Id", part), one_of("Pricebook2Id", sorted(names)))
            ):
                for row in rows:
                    entry = {**row, "Id": key_of(row), CURRENCY: only or row[CURRENCY], DECIMALS: described[PRICE].scale}
                    found[long_id(row["Product2Id"])].append({**entry, PRICE_BOOK: names[long_id(row["Pricebook2Id"])]})
        return found

    def _write(self, product: str, prices: Sequence[Record]) -> None:
        """Those of the standard price book first: no other one takes a product that has no active standard price in that currency.

        One that somebody made at the same moment is changed. Errors: as of `upsert`; the refusal of an entry. Those before it are
        written then, and found the next time.
        """
        only = self._only_currency() if prices else ""
        if only and (others := [price[CURRENCY] for price in prices if price[CURRENCY] != only]):
            raise DocumentRejected(self._in_other_currency(others[0], only), code=Reason.CURRENCY_DIFFERS)
        for of_standard in (True, False):
            part = [price for price in prices if (price[PRICE_BOOK] == STANDARD) is of_standard]
            if not part:
                continue
            try:
                self._put(product, part, only)
            except DocumentRejected:
                there = {(row[PRICE_BOOK], row[CURRENCY]): row["Id"] for row in self._entries_of([product]).get(product, ())}
                known = [{**price, "Id": there.get((price[PRICE_BOOK], price[CURRENCY]))} for price in part]
                if all(price.get("Id") == now["Id"] for price, now in zip(part, known, strict=True)):
                    raise
                self._put(product, known, only)

    def _put(self, product: str, prices: Sequence[Record], only: str) -> None:
        """Those that have an id are changed by it, the others made."""
        scale = self.descriptions.fields(ENTRIES)[PRICE].scale
        to_change, to_make = [], []
        for price in prices:
            values = {name: price[name] for name in ("IsActive", "UseStandardPrice") if name in price}
            if PRICE in price:
                values[PRICE] = _kept(Decimal(price[PRICE]), scale, price[PRICE_BOOK])
            if price.get("Id"):
                to_change.append({**values, "Id": price["Id"]})
            else:
                to_make.append(values | self._place(product, price, only))
        self._upsert(to_change, "Id")
        self._upsert(to_make, self.external_id)

    def _place(self, product: str, price: Record, only: str) -> dict[str, str]:
        """What an entry is made with once and for all, and the external id that says it in 39 characters."""
        book, currency = self.books()[price[PRICE_BOOK]], price[CURRENCY]
        place = {"Product2Id": product, "Pricebook2Id": book, self.external_id: f"{product}{book}{currency}"}
        return place if only else {**place, CURRENCY: currency}

    def _upsert(self, rows: Sequence[Record], by: str) -> None:
        for part in self.entries.collections(ENTRIES, rows, by=by):
            for result in self.entries.upsert(ENTRIES, part, by=by):
                if result.error is not None:
                    raise result.error

    def _only_currency(self) -> str:
        """Of an org that knows one; empty where it knows several. Errors: ConfigurationError where it cannot be found out."""
        if CURRENCY in self.descriptions.fields(ENTRIES):
            return ""
        if not (own := self.reader.org_currency()):
            raise ConfigurationError(
                f"{SYSTEM}: the currency of the org cannot be read, so that no price can be written in it",
                hint="Let the integration user read the Organization (View Setup and Configuration).",
            )
        return own

    def _in_other_currency(self, currency: str, own: str) -> str:
        return (
            f"The org keeps prices in {own} alone, and `prices` names {currency}: the same number would be another amount there. "
            f"Name price lists in {own} only, or let the org know several currencies."
        )


def _kept(price: Decimal, decimals: int, price_book: str) -> Decimal:
    """The price as the org keeps it. Errors: DocumentRejected where that is 0 and it is not."""
    kept = price.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    if price and not kept:
        raise DocumentRejected(
            f"The price {price:f} for the price book {price_book} would be 0: the org keeps {decimals} decimals of Unit Price",
            hint="Sell the item by a larger unit, or have the org keep more decimals (Setup, Object Manager, Price Book Entry).",
            code=Reason.PRICE_TOO_SMALL,
        )
    return kept


def _book_of(name: str, there: Sequence[Record]) -> str:
    if name == STANDARD:
        found = [row for row in there if row.get("IsStandard") is True]
    else:
        found = [row for row in there if key_of(row) == name or key_of(row)[:15] == name]
        found = found or [row for row in there if str(row.get("Name") or "").strip().casefold() == name.casefold()]
        if any(row.get("IsStandard") for row in found):
            raise ConfigurationError(
                f"{SYSTEM}: {name!r} is the standard price book, whose prices come first",
                hint=f"Write `price_book: {STANDARD}`.",
            )
    if len(found) != 1:
        known = ", ".join(sorted(repr(str(row.get("Name"))) for row in there)) or "none"
        what = f"{len(found)} price books called {name!r}" if found else f"no price book {name!r}"
        raise ConfigurationError(
            f"{SYSTEM}: there is {what} for the integration user; it sees {known}",
            hint="Correct `price_book` (its name, or its id), or give the user Read on Price Books.",
        )
    if found[0].get("IsActive") is not True:
        raise ConfigurationError(f"{SYSTEM}: price book {name!r} is not active", hint="Activate it, or name another one.")
    return key_of(found[0])
