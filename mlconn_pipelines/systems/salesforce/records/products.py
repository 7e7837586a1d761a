"""What is sold: `Product2`, and its price in a price book, `PricebookEntry`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Product2:
    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    Name: str = ""
    ProductCode: str = ""
    IsActive: bool = False
    Description: str = ""
    CurrencyIsoCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricebookEntry:
    """A product has one for each price book and currency; one of the standard price book comes first."""

    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    Pricebook2Id: str = ""
    Product2Id: str = ""
    ProductCode: str = ""
    UnitPrice: Decimal | None = None
    IsActive: bool = False
    CurrencyIsoCode: str = ""
