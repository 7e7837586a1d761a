"""What the demo calls missing, doubled and wrong between Salesforce and SAP: each is found where it is planted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from mlconn_simulators.demo.customers import compare_customers, read_customer_books
from mlconn_simulators.demo.report import FlowReport
from mlconn_simulators.demo.salesforce import EDITED_AFTER_S, READ_AFTER_S, DealBooks, Deals, compare_deals, read_deal_books
from mlconn_simulators.program import RunningSandbox, start
from mlconn_simulators.sales import NEW_CUSTOMER, OPEN_DEALS


def deal(**changes: Any) -> dict[str, Any]:
    told = {"Name": "Deal 1", "IsWon": True, "PO_Number__c": "PO-1", "Amount": 12.5, "ERP_Order_Number__c": "7"}
    return {**told, "ERP_Order_Status__c": "Open", **changes}


def order(**changes: Any) -> dict[str, Any]:
    return {"reference": "acme_sf:Orders:D1", "DocNum": 7, "lines": [{"quantity": 5, "price": 2.5}], "open": 5, **changes}


def compared(
    due: list[dict[str, Any]], orders: dict[str, list[dict[str, Any]]], changed: int = 0
) -> tuple[FlowReport, FlowReport, str]:
    rows = FlowReport("acme_sf", "opportunities"), FlowReport("acme_sf", "orders")
    return (*rows, compare_deals(*rows, DealBooks([*due, deal(IsWon=False)], due, orders, changed)))


def test_an_order_for_each_deal_and_its_number_on_it_is_fine() -> None:
    deals, orders, words = compared([deal()], {"PO-1": [order()]})
    assert deals.adds_up and orders.adds_up and deals.compared == 1
    assert words.startswith("1 won deals should be orders: SAP has 1 by our reference, 0 missing, 0 doubled")


@pytest.mark.parametrize(
    ("due", "orders", "counted"),
    [
        (deal(), {}, (1, 0, 0, 0)),
        (deal(), {"PO-1": [order(), order()]}, (0, 1, 0, 0)),
        (deal(ERP_Order_Number__c=None), {"PO-1": [order()]}, (0, 0, 1, 0)),
        (deal(ERP_Order_Number__c="8"), {"PO-1": [order()]}, (0, 0, 0, 1)),
        (deal(Amount=12.6), {"PO-1": [order()]}, (0, 0, 0, 1)),
        (deal(), {"PO-1": [order(open=3)]}, (0, 0, 0, 1)),
        (deal(), {"PO-1": [order()], "PO-2": [order(reference="acme_sf:Orders:D2")]}, (0, 0, 0, 1)),
    ],
    ids=["order missing", "order doubled", "number missing", "number wrong", "amount", "delivered in part", "order of no deal"],
)
def test_what_is_planted_is_found(due: dict[str, Any], orders: dict[str, Any], counted: tuple[int, ...]) -> None:
    deals, numbers, _ = compared([due], orders)
    differences = len(deals.differences) + len(numbers.differences)
    assert (deals.lost, deals.duplicates, numbers.lost, differences) == counted
    assert not (deals.adds_up and numbers.adds_up)


def test_what_became_of_orders_is_told_and_counted() -> None:
    due = [deal(ERP_Order_Status__c="Partly delivered"), deal(PO_Number__c="PO-2", ERP_Order_Status__c="Delivered")]
    orders = {"PO-1": [order(open=3)], "PO-2": [order(reference="acme_sf:Orders:D2", open=0)]}
    rows = FlowReport("acme_sf", "opportunities"), FlowReport("acme_sf", "orders")
    invoices = {"PO-2": [{"status": "bost_Open", "paid": 5}]}
    words = compare_deals(*rows, DealBooks(due, due, orders, invoices=invoices))
    assert "SAP delivered 1 of them in part and 1 in full, and 1 were paid in full or in part: 1 deals say otherwise" in words
    assert rows[1].differences == ["Deal 1: says Delivered and None, it is Delivered and Partly paid"]


def test_an_order_that_followed_its_edited_deal_in_silence_is_a_difference() -> None:
    deals, _, words = compared([deal()], {"PO-1": [order()]}, changed=1)
    assert len(deals.differences) == 1 and "1 changed afterwards" in words


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    with start(systems=["salesforce"], documents={"salesforce": 0}) as opened:
        yield opened


def test_the_org_starts_alone_with_open_deals_and_people_win_and_edit_them(running: RunningSandbox) -> None:
    described = running.describe()
    assert set(described) == {"salesforce", "world"}
    books = read_deal_books(described)
    assert len(books.deals) == OPEN_DEALS and not books.due and not books.orders
    deals = Deals(described)
    for _ in range(OPEN_DEALS):
        deals.go_on()
    won = [one["Id"] for one in read_deal_books(described).deals if one["IsWon"]]
    assert len(won) == OPEN_DEALS // 2, "the others wait for the first orders"
    for one in books.deals:
        running.sales.org.edit("Opportunity", one["Id"], {"StageName": "Closed Won"})
    erp, org = running.sales.erp, running.sales.org
    customers = read_customer_books(described)
    assert not customers.new_is_known and not customers.settled
    new = next(one["Id"] for one in customers.accounts if one["Name"] == NEW_CUSTOMER)
    org.edit("Account", new, {"AccountNumber": erp.add_partner(CardName=NEW_CUSTOMER, Currency="$")})
    books = read_deal_books(described)
    assert all(one["IsWon"] for one in books.deals) and 0 < len(books.due) <= OPEN_DEALS - 2
    deals.go_on(100.0)
    assert not deals.edited, "no deal has its order yet"
    customer = next(each for each in erp.company.sets["BusinessPartners"] if each.values["CardType"] == "cCustomer")
    line = {"ItemCode": org.world.items[0].code, "Quantity": 1}
    for place, due in enumerate(books.due):
        own = {"U_MLConnRef": f"acme_sf:Orders:D{place}", "NumAtCard": due["PO_Number__c"]}
        entry = erp.add_document("Orders", CardCode=customer.values["CardCode"], DocumentLines=[line], **own)
        record = erp.company.sets["Orders"].find((entry,))
        assert record is not None
        erp.journal.created("Orders", record, False, {})
        org.edit("Opportunity", due["Id"], {"ERP_Order_Number__c": str(record.values["DocNum"])})
    deals.go_on(100.0)
    assert not deals.edited, "stamps are whole seconds, so that the edit waits"
    deals.go_on(100.0 + EDITED_AFTER_S)
    assert deals.edited == books.due[0]["Id"] and not deals.over
    after = next(one for one in read_deal_books(described).deals if one["Id"] == deals.edited)
    assert after["CloseDate"] > books.due[0]["CloseDate"]
    books = read_deal_books(described)
    standings = [books.standing(one)[1] for one in books.due]
    expected = [("Open", None), ("Partly delivered", None), ("Delivered", "Partly paid"), ("Delivered", "Paid")]
    assert standings[:4] == expected and set(standings[4:]) == {("Open", None)}
    deals.go_on(100.0 + EDITED_AFTER_S + READ_AFTER_S)
    assert not deals.over, "no deal says yet what became of its order"
    for one, (status, payment) in zip(books.due, standings, strict=True):
        org.edit("Opportunity", one["Id"], {"ERP_Order_Status__c": status, "ERP_Payment_Status__c": payment})
    deals.go_on(100.0 + EDITED_AFTER_S + READ_AFTER_S)
    assert not deals.over, "neither the telephone number nor the balances went over"
    customers = read_customer_books(described)
    assert len(customers.phones_differ) == 1 and customers.balances_differ
    for account, partner in customers.known:
        erp.change("BusinessPartners", partner["CardCode"], Phone1=account["Phone"])
        org.edit("Account", account["Id"], {"ERP_Balance__c": Decimal(str(partner["CurrentAccountBalance"]))})
    deals.go_on(100.0 + EDITED_AFTER_S + READ_AFTER_S)
    assert deals.over
    rows = FlowReport("acme_sf", "accounts"), FlowReport("acme_sf", "receivables")
    words = compare_customers(*rows, read_customer_books(described))
    assert "0 doubled, 0 changed telephone numbers are not in SAP" in words and all(row.adds_up for row in rows)
    erp.add_partner(CardName=NEW_CUSTOMER, Currency="$")
    rows = FlowReport("acme_sf", "accounts"), FlowReport("acme_sf", "receivables")
    assert "1 doubled" in compare_customers(*rows, read_customer_books(described)) and not rows[0].adds_up
