"""What the ERP sells to a Product2 record: found by its external id or code, changed in what the ERP owns, else created.

Its prices go along: entries of price books, each found by price book and currency, changed, deactivated, else created.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.records.products import DECIMALS, PRICE_BOOK, PRICES
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

ENTITY, CODE = "Product2", "ProductCode"
NAME_MAX = 255
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("Name",),
    "active": ("IsActive",),
    "price": (f"{PRICES}.UnitPrice", f"{PRICES}.IsActive"),
}
"""Of a product, by what an owner may decide."""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price list and the price book that takes its prices in one currency. Same names and meanings as in the configuration."""

    price_list: int
    price_book: str
    currency: str


def conditions_of(product: Product, references: Sequence[str], *, external_id: str) -> tuple[Condition, ...]:
    return (Condition(external_id, "eq", product.code), Condition(CODE, "eq", product.code))


def product_outcome(
    product: Product,
    references: Sequence[str],
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    *,
    external_id: str,
    owns: Sequence[str],
    lists: Sequence[PriceRow] = (),
) -> Creation | Change:
    """Nothing is ever deleted: it becomes inactive. Nor is anything made of what may not be sold.

    owns: what of a product that is there the ERP decides: `name`, `active`. lists: whose prices go along, which it always decides.
    """
    rows, notes = list(known), Checklist()
    prices = {
        (row.price_book, row.currency): _price_of(product, row, lists, book, notes) if product.active else None for row in lists
    }
    fields: Mapping[str, Any] = {"Name": product.name[:NAME_MAX], "IsActive": product.active}
    found = [row for row in rows if _is(row, external_id, product.code)] or [
        row for row in rows if _is(row, CODE, product.code) and not row.get(external_id)
    ]
    if len(found) > 1:
        notes.reject(
            Reason.ITEM_AMBIGUOUS,
            f"Salesforce has {len(found)} products of the code {product.code}. Write it as {external_id} of the right one, then "
            "reprocess this.",
            product.code,
        )
    if notes.refused:
        return Creation(ENTITY, None, notes.findings, notes.missing)
    if not found and not product.active:
        return Change("", {})
    if not found:
        made = {external_id: product.code, CODE: product.code, **fields}
        entries = _entries(prices, ())
        return Creation(ENTITY, {**made, **({PRICES: entries} if entries else {})})
    (row,) = found
    wanted = {external_id: product.code, **{name: fields[name] for one in owns for name in FIELDS[one] if name in fields}}
    changes: dict[str, Any] = {name: value for name, value in wanted.items() if row.get(name) != value}
    entries = _entries(prices, row.get(PRICES) or ())
    return Change(key_of(row), {**changes, **({PRICES: entries} if entries else {})})


def _price_of(
    product: Product, row: PriceRow, lists: Sequence[PriceRow], book: ReferenceBook, notes: Checklist
) -> Decimal | None:
    """None where the list has no price in that currency. One in a currency that no row is about holds the item."""
    rows_of_list = {one.currency for one in lists if one.price_list == row.price_list}
    found = None
    for price in product.prices:
        if price.price_list != row.price_list:
            continue
        known = book.currencies.get(price.currency)
        if known is None:
            notes.look_up("currency", price.currency)
        if known is None or not known.iso:
            notes.reject(
                Reason.CURRENCY_WITHOUT_ISO_CODE if known else Reason.CURRENCY_UNKNOWN,
                f"SAP has the price of {product.code} in price list {row.price_list} in {price.currency or 'no currency'}, which "
                f"{'has no ISO code' if known else 'is no currency'} there. Correct it in SAP; the item is read again by itself.",
                f"price list {row.price_list}",
            )
        elif known.iso == row.currency:
            found = price.amount if found is None else found
        elif known.iso not in rows_of_list:
            notes.reject(
                Reason.CURRENCY_DIFFERS,
                f"SAP has the price of {product.code} in price list {row.price_list} in {known.iso}, and the price book "
                f"{row.price_book} is to take it in {row.currency}. Correct the currency in SAP, or give `prices` a row for "
                f"price list {row.price_list} in {known.iso}, then reprocess this.",
                f"price list {row.price_list}",
            )
    return found


def _entries(prices: Mapping[tuple[str, str], Decimal | None], there: Sequence[Record]) -> list[dict[str, Any]]:
    """What is to be written of the entries, each with its price book and currency. None is made for what has no price."""
    by_place = {(str(row.get(PRICE_BOOK)), str(row.get("CurrencyIsoCode"))): row for row in there}
    found = []
    for (price_book, currency), price in prices.items():
        row = by_place.get((price_book, currency))
        wanted: dict[str, Any] = {"IsActive": price is not None}
        if price is not None:
            wanted["UnitPrice"] = price if row is None else _rounded(price, row[DECIMALS])
            if row is not None and row.get("UseStandardPrice"):
                wanted["UseStandardPrice"] = False
        elif row is None:
            continue
        changes = {name: value for name, value in wanted.items() if row is None or row.get(name) != value}
        if changes:
            there_already = {} if row is None else {"Id": row["Id"]}
            found.append({PRICE_BOOK: price_book, "CurrencyIsoCode": currency, **there_already, **changes})
    return found


def _rounded(price: Decimal, decimals: int) -> Decimal:
    """As the org keeps it; else it would differ for ever. One that it would keep as 0 is left, to be refused where it is written."""
    return price.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) or price


def _is(row: Record, field: str, code: str) -> bool:
    return str(row.get(field) or "").strip().casefold() == code.casefold()
