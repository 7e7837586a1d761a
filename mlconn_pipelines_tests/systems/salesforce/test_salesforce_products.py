"""What becomes of a product and its prices, given what is there: pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.product import ListPrice, Product
from mlconn_pipelines.documents.reference import Currency, ReferenceBook
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.systems.salesforce.mapping.products import PriceRow, product_outcome
from mlconn_pipelines.systems.salesforce.records.products import PRICES

BOOK = ReferenceBook(
    version=1, currencies={"$": Currency("$", "USD", 2), "EUR": Currency("EUR", "EUR", 2), "PTS": Currency("PTS", "", 2)}
)
ROWS = (PriceRow(1, "Standard", "USD"), PriceRow(2, "Dealers", "USD"), PriceRow(2, "Dealers", "EUR"))


def outcome(*prices: tuple[int, str, str], there: list[dict[str, Any]] | None = None, active: bool = True) -> Creation | Change:
    """prices: list, amount, currency. there: entries of the product, which is not there itself where it is None."""
    product = Product(
        "A1", "Item", active, tuple(ListPrice(one, Decimal(amount), currency) for one, amount, currency in prices)
    )
    known = [] if there is None else [{"Id": "01t000000000001AAA", "ERP_Item__c": "A1", PRICES: there}]
    return product_outcome(product, (), known, BOOK, "ref", external_id="ERP_Item__c", owns=(), lists=ROWS)


def entry(book: str, price: str, **more: Any) -> dict[str, Any]:
    place = {"Id": f"01u{book}", "PriceBook": book, "CurrencyIsoCode": "USD", "Decimals": 2}
    return {**place, "UnitPrice": Decimal(price), "IsActive": True, "UseStandardPrice": False, **more}


def written(what: Creation | Change) -> list[dict[str, Any]]:
    values = what.changes if isinstance(what, Change) else what.payload
    assert values is not None
    return list(values.get(PRICES, ()))


def test_a_list_with_several_currencies_gives_each_row_its_own() -> None:
    made = written(outcome((1, "10", "$"), (2, "9", "$"), (2, "8", "EUR")))
    assert [(one["PriceBook"], one["CurrencyIsoCode"], one["UnitPrice"]) for one in made] == [
        ("Standard", "USD", 10),
        ("Dealers", "USD", 9),
        ("Dealers", "EUR", 8),
    ]
    assert len(written(outcome((1, "10", "$"), (2, "8", "EUR")))) == 2, "the list is not priced in dollars"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([entry("Standard", "10.00")], {}),
        ([entry("Standard", "9.99")], {"UnitPrice": 10}),
        ([entry("Standard", "10.00", IsActive=False)], {"IsActive": True}),
        ([entry("Standard", "10.00", UseStandardPrice=True)], {"UseStandardPrice": False}),
    ],
)
def test_only_what_differs_is_written(there: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    (found, *more) = written(outcome((1, "10.004", "$"), there=there)) or [{}]
    assert (
        not more
        and {name: value for name, value in found.items() if name not in ("Id", "PriceBook", "CurrencyIsoCode")} == expected
    )


def test_what_has_no_price_or_may_not_be_sold_is_deactivated_once_and_never_made() -> None:
    assert written(outcome(there=[entry("Standard", "10")])) == written(
        outcome((1, "12", "EUR"), there=[entry("Standard", "10")], active=False)
    )
    assert written(outcome(there=[entry("Standard", "10")]))[0]["IsActive"] is False
    assert written(outcome(there=[entry("Standard", "10", IsActive=False)])) == [] == written(outcome(there=[]))
    assert outcome((1, "12", "$"), active=False) == Change("", {})


@pytest.mark.parametrize(
    ("currency", "code", "missing"),
    [
        ("EUR", "currency_differs", ()),
        ("PTS", "currency_without_iso_code", ()),
        ("CHF", "currency_unknown", (("currency", "CHF"),)),
        ("", "currency_unknown", (("currency", ""),)),
    ],
)
def test_a_currency_that_fits_no_row_holds_the_item(currency: str, code: str, missing: tuple[Any, ...]) -> None:
    held = outcome((1, "10", currency), there=[entry("Standard", "10")])
    assert isinstance(held, Creation) and held.payload is None and held.missing == missing
    assert [one.code for one in held.findings] == [code] and "price list 1" in held.findings[0].message
