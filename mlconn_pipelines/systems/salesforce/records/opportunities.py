"""Deals: `Opportunity` and its `OpportunityLineItem`s."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityLineItem:
    """UnitPrice: before Discount, which is a percentage. TotalPrice: after it. Both in the opportunity's currency."""

    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    OpportunityId: str = ""
    PricebookEntryId: str = ""
    Product2Id: str = ""
    ProductCode: str = ""
    Name: str = ""
    Description: str = ""
    Quantity: Decimal | None = None
    UnitPrice: Decimal | None = None
    ListPrice: Decimal | None = None
    TotalPrice: Decimal | None = None
    Subtotal: Decimal | None = None
    Discount: Decimal | None = None
    ServiceDate: dt.date | None = None
    SortOrder: int | None = None
    CurrencyIsoCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """IsWon and IsClosed follow from the stage, whose label every org renames. Amount: computed where there are lines."""

    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    Name: str = ""
    AccountId: str = ""
    StageName: str = ""
    IsClosed: bool = False
    IsWon: bool = False
    CloseDate: dt.date | None = None
    Amount: Decimal | None = None
    Type: str = ""
    RecordTypeId: str = ""
    Pricebook2Id: str = ""
    HasOpportunityLineItem: bool = False
    Description: str = ""
    OwnerId: str = ""
    CurrencyIsoCode: str = ""
    OpportunityLineItems: tuple[OpportunityLineItem, ...] = ()
