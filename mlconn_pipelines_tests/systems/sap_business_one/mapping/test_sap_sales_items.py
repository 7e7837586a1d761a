"""Prices of an item: which rows count, and what of them is a change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.product import ListPrice
from mlconn_pipelines.systems.sap_business_one.mapping.sales_item import hashing_of, product_of


def an_item(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"ItemCode": "A1", "ItemName": "Item", "SalesItem": "tYES", "Valid": "tYES", "ItemPrices": list(rows), **more}


def test_a_row_of_nothing_is_no_price_and_a_zero_with_a_currency_is_one() -> None:
    rows = (
        {"PriceList": 1, "Price": 0, "Currency": "", "AdditionalPrice1": 0, "AdditionalCurrency1": ""},
        {"PriceList": 2, "Price": Decimal("0"), "Currency": "$"},
        {"PriceList": 3, "Price": None, "Currency": None, "AdditionalPrice1": 4.5, "AdditionalCurrency1": "EUR"},
        {"PriceList": 4, "Price": 9, "Currency": "$"},
    )
    product = product_of(an_item(*rows), {1, 2, 3}).document
    assert product is not None and product.prices == (ListPrice(2, Decimal(0), "$"), ListPrice(3, Decimal("4.5"), "EUR"))
    assert not product_of(an_item(SalesItem="tNO")).document.active


def test_only_prices_of_lists_that_are_looked_at_are_a_change() -> None:
    before, hashing = (
        an_item({"PriceList": 1, "Price": 1, "Currency": "$"}, {"PriceList": 2, "Price": 2, "Currency": "$"}),
        hashing_of({1}),
    )
    other = an_item({"PriceList": 2, "Price": 3, "Currency": "$"}, {"PriceList": 1, "Price": 1.0, "Currency": "$"})
    moved = an_item({"PriceList": 1, "Price": 3, "Currency": "$"})
    assert hashing.of(before) == hashing.of(other) != hashing.of(moved)
    assert hashing_of(()).of(before) == hashing_of(()).of(moved)


def test_lists_that_are_looked_at_from_now_on_are_news_of_what_has_a_price() -> None:
    priced, without, hashing = an_item({"PriceList": 1, "Price": 1, "Currency": "$"}), an_item(), hashing_of({1})
    assert hashing.version != hashing_of({1, 2}).version != hashing_of(()).version != hashing.version
    for version in (hashing_of(()).version, hashing_of({2}).version):
        assert hashing.again(priced, priced, version) != hashing.of(priced)
        assert hashing.again(without, without, version) == hashing.of(without)
