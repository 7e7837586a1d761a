"""What follows a deal: `Order`, and `Invoice` where the org is licensed for it (Order Management, Billing)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

ORDER, INVOICES = "Order", "Invoices"
"""Where, among the fields that an opportunity is told, stand those of its order and of its invoices."""

ORDER_NUMBER = "OrderNumber"
"""Salesforce's own number of an order, which nobody else gives."""
SEPARATOR = ", "
"""Between numbers that one field holds."""
_DIGITS = 8
"""Of an OrderNumber, unless an admin has changed its format."""


def padded(number: object) -> str:
    """As Salesforce writes it, with zeros before."""
    return str(number).zfill(_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """OrderNumber: given by Salesforce. Status: `Draft`, later an activated one, whose lines are mostly closed to changes."""

    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    OrderNumber: str = ""
    AccountId: str = ""
    OpportunityId: str = ""
    EffectiveDate: dt.date | None = None
    Status: str = ""
    Type: str = ""
    Pricebook2Id: str = ""
    TotalAmount: Decimal | None = None
    PoNumber: str = ""
    CurrencyIsoCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Not the managed package's `blng__Invoice__c`."""

    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    InvoiceNumber: str = ""
    BillingAccountId: str = ""
    BillToContactId: str = ""
    Status: str = ""
    TotalAmount: Decimal | None = None
    Balance: Decimal | None = None
    Description: str = ""
    CurrencyIsoCode: str = ""
