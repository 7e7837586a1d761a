"""Won opportunities as orders, without a system: what is taken over to the letter, and what holds a deal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.documents.sales_order import SalesOrder
from mlconn_pipelines.systems.salesforce.mapping.opportunities import hashing_of, header_of, is_wanted, order_of
from mlconn_pipelines.systems.salesforce.mapping.settings import WonDeals

DEALS = WonDeals(currency="USD", customer_order_number_field="PO_Number__c")


def line(number: int = 1, **values: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Id": f"00k00000000000{number}AAA",
        "ProductCode": f"A10{number}",
        "Quantity": Decimal("3"),
        "UnitPrice": Decimal("12.35"),
        "TotalPrice": Decimal("37.05"),
    }
    return told | values


def deal(*lines: dict[str, Any], **values: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Id": "006000000000001AAA",
        "SystemModstamp": "2026-03-10T23:30:00.000+0000",
        "Name": "Ten  pumps",
        "IsWon": True,
        "StageName": "Closed Won",
        "CloseDate": "2026-03-31",
        "Amount": sum((one["TotalPrice"] or Decimal() for one in lines), Decimal()) if lines else Decimal("37.05"),
        "HasOpportunityLineItem": bool(lines),
        "PO_Number__c": "PO-7",
        "Account": {"Name": "Northwind", "AccountNumber": "C10010"},
        "OpportunityLineItems": list(lines),
    }
    return told | values


def order(record: dict[str, Any], deals: WonDeals = DEALS) -> SalesOrder:
    made = order_of(record, deals)
    assert isinstance(made.document, SalesOrder), made.findings
    return made.document


def codes(record: dict[str, Any], deals: WonDeals = DEALS) -> list[str]:
    made = order_of(record, deals)
    assert made.document is None
    return [finding.code for finding in made.findings]


def test_a_deal_is_taken_over_to_the_day_and_the_cent() -> None:
    made = order(deal(line(1, ServiceDate="2026-04-30"), line(2, Discount=Decimal("10"), TotalPrice=Decimal("33.345"))))
    assert (made.number, made.customer_code, made.customer_order_number) == ("Ten pumps", "C10010", "PO-7")
    assert (made.date, made.delivery_date, made.currency) == (dt.date(2026, 3, 31), dt.date(2026, 4, 30), "USD")
    assert [(one.item_code, one.quantity, one.unit_price, one.discount_percent) for one in made.lines] == [
        ("A101", Decimal(3), Decimal("12.35"), Decimal()),
        ("A102", Decimal(3), Decimal("12.35"), Decimal(10)),
    ]
    assert made.total == Decimal("70.395")


def test_a_close_date_is_a_day_and_no_moment() -> None:
    assert codes(deal(line(), CloseDate="2026-03-31T00:00:00.000+0000")) == ["record_unreadable"]


def test_several_currencies_state_theirs() -> None:
    assert order(deal(line(), CurrencyIsoCode="EUR")).currency == "EUR"
    assert codes(deal(line()), WonDeals()) == ["currency_unknown"]


def test_a_deal_without_products_is_one_item_where_one_is_named() -> None:
    (only,) = order(deal(), WonDeals(currency="USD", item_without_lines="SERVICE")).lines
    assert (only.item_code, only.quantity, only.unit_price) == ("SERVICE", Decimal(1), Decimal("37.05"))
    assert codes(deal()) == ["no_lines"]
    assert codes(deal(Amount=None), WonDeals(currency="USD", item_without_lines="SERVICE")) == ["no_lines"]


def test_a_deal_whose_products_were_not_all_given_out_becomes_no_order() -> None:
    instead = WonDeals(currency="USD", item_without_lines="SERVICE")
    assert codes(deal(HasOpportunityLineItem=True), instead) == ["no_lines"]
    made = order_of(deal(line(1), Amount=Decimal("74.10")), instead)
    assert made.document is None
    (said,) = made.findings
    assert said.code == "total_does_not_add_up" and "add up to 37.05, and its amount is 74.10" in said.message
    assert order(deal(line(1), line(2, TotalPrice=Decimal("37.045")), Amount=Decimal("74.10"))).total


def test_a_deal_without_an_account_is_said_to_have_none() -> None:
    (finding,) = order_of(deal(line(), Account=None, AccountId=None), DEALS).findings
    assert finding.message == "'Ten  pumps' has no account. Give it one in Salesforce."
    (finding,) = order_of(deal(line(), Account=None, AccountId="001A"), DEALS).findings
    assert "'001A'" in finding.message


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (deal(line(), Account={"Name": "Northwind", "AccountNumber": None}), "account_without_code"),
        (deal(line(), Account=None), "account_without_code"),
        (deal(line(), Account={"Name": "Northwind", "AccountNumber": "C10010", "IsDeleted": True}), "account_deleted"),
        (deal(line(ProductCode="")), "product_without_code"),
        (deal(line(Quantity=Decimal("-1"), TotalPrice=None)), "quantity_not_positive"),
        (deal(line(TotalPrice=Decimal("99"))), "total_does_not_add_up"),
        (deal(line(Quantity="many")), "record_unreadable"),
        (deal(line(UnitPrice=Decimal("-12.35"), TotalPrice=Decimal("-37.05"))), "price_negative"),
        (deal(line(UnitPrice=None, TotalPrice=Decimal("-37.05"))), "price_negative"),
        (deal(line(Discount=Decimal("150"), TotalPrice=Decimal("-18.525"))), "total_does_not_add_up"),
        (deal(line(), Account={"Name": "Northwind", "AccountNumber": ["x"]}), "record_unreadable"),
        (deal(line(), Account="x"), "account_without_code"),
        (deal(line(ProductCode={"a": 1})), "record_unreadable"),
        (deal(line(), PO_Number__c=["PO"]), "record_unreadable"),
        (deal(OpportunityLineItems=[None]), "record_unreadable"),
        (deal(OpportunityLineItems=["x"]), "record_unreadable"),
        (deal(OpportunityLineItems=5), "record_unreadable"),
        (deal(line(), line()), "record_unreadable"),
    ],
)
def test_what_cannot_be_told_to_the_erp_holds_the_deal(record: dict[str, Any], code: str) -> None:
    assert codes(record) == [code]
    assert header_of(record, DEALS).key == "006000000000001AAA", "the header is read whatever the rest holds"


def test_an_items_code_may_stand_at_the_product() -> None:
    of_product = WonDeals(currency="USD", item_code_field="Product2.ERP_Item__c")
    assert order(deal(line(Product2={"ERP_Item__c": "B7"})), of_product).lines[0].item_code == "B7"


@pytest.mark.parametrize(
    ("wanted", "values", "deals"),
    [
        (True, {}, DEALS),
        (False, {"IsWon": False}, DEALS),
        (False, {"IsDeleted": True}, DEALS),
        (True, {}, WonDeals(stages=("Closed Won",))),
        (False, {}, WonDeals(stages=("Signed",))),
        (False, {"Type": "Existing"}, WonDeals(types=("New",))),
        (False, {"RecordTypeId": "012A"}, WonDeals(record_types=("012B",))),
        (True, {}, WonDeals(amount_min=Decimal("37.05"))),
        (False, {"Amount": None}, WonDeals(amount_min=Decimal(1))),
    ],
)
def test_the_rule_says_which_deals_are_orders(wanted: bool, values: dict[str, Any], deals: WonDeals) -> None:
    record = deal(line(), **values)
    assert is_wanted(record, deals) is wanted
    assert header_of(record, deals).cancelled is not wanted


def test_what_is_written_back_is_no_change_and_what_is_ordered_is_one() -> None:
    hashed = hashing_of(DEALS).of(deal(line()))
    same = deal(
        line(), ERP_Order_Number__c="612", StageName="Signed", Description="called", SystemModstamp="2026-04-01T00:00:00Z"
    )
    assert hashing_of(DEALS).of(same) == hashed
    of_total = deal(line(UnitPrice=None)), deal(line(UnitPrice=None, TotalPrice=Decimal("30")), Amount=Decimal("37.05"))
    assert hashing_of(DEALS).of(of_total[0]) != hashing_of(DEALS).of(of_total[1]), "the price is taken from the total there"
    for other in (deal(line(Quantity=Decimal(4))), deal(line(), line(2)), deal(line(), PO_Number__c="PO-8")):
        assert hashing_of(DEALS).of(other) != hashed


def decimals(least: int, most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(least, most, places=places, allow_nan=False, allow_infinity=False)


@st.composite
def products(draw: st.DrawFn, number: int = 1) -> dict[str, Any]:
    """A product as Salesforce keeps it: its total is what it computes, to the cent."""
    quantity, price = draw(decimals(1, 9_999, 2)), draw(decimals(0, 99_999, 2))
    discount = draw(st.none() | decimals(0, 100, 2))
    total = (quantity * price * (100 - (discount or 0)) / 100).quantize(Decimal("0.01"))
    told = {"Quantity": quantity, "UnitPrice": price, "Discount": discount, "TotalPrice": total}
    return line(
        number, **told, SortOrder=draw(st.none() | st.integers(1, 9)), ServiceDate=draw(st.none() | st.just("2026-04-30"))
    )


SOUND = st.integers(1, 6).flatmap(lambda count: st.tuples(*(products(number) for number in range(1, count + 1))))


@given(SOUND, st.randoms(use_true_random=False))
def test_any_sound_deal_is_an_order_over_its_amount(lines: tuple[dict[str, Any], ...], dice: Any) -> None:
    record = deal(*lines)
    made = order(record)
    assert len(made.lines) == len(lines) and {one.item_code for one in made.lines} == {one["ProductCode"] for one in lines}
    assert abs(made.total - record["Amount"]) <= Decimal("0.01") * len(lines)
    mixed = list(lines)
    dice.shuffle(mixed)
    assert order(deal(*mixed)) == made, "in whatever order Salesforce gives them out"
    assert hashing_of(DEALS).of(deal(*mixed)) == hashing_of(DEALS).of(record)


@given(SOUND, st.sampled_from(["Quantity", "UnitPrice", "TotalPrice", "Discount", "ProductCode"]), st.data())
def test_whatever_makes_another_order_is_a_change(lines: tuple[dict[str, Any], ...], name: str, data: st.DataObject) -> None:
    value = "B999" if name == "ProductCode" else data.draw(decimals(0, 100, 2))
    changed = [{**lines[0], name: value}, *lines[1:]]
    before, after = (order_of(record, DEALS).document for record in (deal(*lines), deal(*changed)))
    if after is not None and after != before:
        assert hashing_of(DEALS).of(deal(*lines)) != hashing_of(DEALS).of(deal(*changed))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab7 é", max_size=5) | decimals(-999, 999, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["records", "Id", "x"]), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(list(deal(line()))), ANYTHING), st.dictionaries(st.sampled_from(list(line())), ANYTHING))
def test_a_deal_of_any_shape_is_an_order_above_nothing_or_has_its_reason(
    of_deal: dict[str, Any], of_line: dict[str, Any]
) -> None:
    record = {
        **deal(line()),
        "OpportunityLineItems": [{**line(), **of_line}],
        **of_deal,
        "Id": "006000000000001AAA",
        "SystemModstamp": "2026-03-10T23:30:00Z",
    }
    header_of(record, DEALS)
    made = order_of(record, DEALS)
    if made.document is None:
        assert made.findings and all(finding.message for finding in made.findings)
    else:
        assert isinstance(made.document, SalesOrder) and made.document.customer_code and made.document.lines
        assert all(one.quantity > 0 and (one.unit_price or 0) >= 0 and one.item_code for one in made.document.lines)
