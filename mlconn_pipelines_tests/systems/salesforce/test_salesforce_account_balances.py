"""What a customer owes, as fields of an account; and which account is the customer's."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from mlconn_pipelines.documents.account_balance import AccountBalance
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.rows import Target
from mlconn_pipelines.systems.salesforce.mapping.account_balances import BalanceFields, account_of, fields_of

BALANCE = AccountBalance(
    customer_code="C1",
    name="Blue Peak",
    currency="USD",
    balance=Decimal("120.50"),
    open_orders=Decimal(30),
    open_invoices=Decimal("100.50"),
    overdue=Decimal(20),
    oldest_due_date=dt.date(2026, 1, 5),
    credit_limit=Decimal(1000),
    is_blocked=True,
)


def test_only_fields_that_are_named_are_written() -> None:
    assert fields_of(BALANCE, BalanceFields(as_of="At__c")) == {"ERP_Balance__c": Decimal("120.50")}
    names = BalanceFields("B__c", "L__c", "O__c", "I__c", "D__c", "P__c", "M__c", "S__c", "C__c", "At__c")
    assert fields_of(BALANCE, names) == {
        "B__c": Decimal("120.50"),
        "L__c": Decimal(1000),
        "O__c": Decimal(20),
        "I__c": Decimal("100.50"),
        "D__c": "2026-01-05",
        "P__c": Decimal(30),
        "M__c": None,
        "S__c": "Blocked",
        "C__c": "USD",
    }
    assert len(names.names) == 10


def of(*found: Target, currency: str = "USD") -> Target | Finding:
    return account_of("C1", currency, found, "AccountNumber", "reject")


def test_the_one_account_of_the_currency_is_the_customers() -> None:
    account = Target("001A", "Blue Peak", "USD")
    assert of(account) is account
    assert of(no_money := Target("001A", "Blue Peak")) is no_money


def test_what_stands_against_it_is_said_with_what_cures_it() -> None:
    said = [of(), of(Target("001A", "One", "USD"), Target("001B", "Two", "USD")), of(Target("001A", "One", "EUR"))]
    findings = [one for one in said if isinstance(one, Finding)]
    assert [one.code for one in findings] == ["customer_without_account", "account_not_unique", "currency_differs"]
    assert "AccountNumber" in findings[0].message and "'One' (001A) and 'Two' (001B)" in findings[1].message
    assert "is in USD, and amounts of account 'One' in Salesforce are in EUR" in findings[2].message
