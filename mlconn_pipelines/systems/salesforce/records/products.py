"""What is sold: `Product2`, and its price in a price book (`Pricebook2`), `PricebookEntry`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

PRICES = "PricebookEntries"
"""Where, among the fields of a product, stand its entries of the price books that are looked at."""

PRICE_BOOK, DECIMALS = "PriceBook", "Decimals"
"""Of such an entry: its price book as the configuration names it; how many decimals the org keeps of a price."""

STANDARD = "Standard"
"""What the configuration calls the standard price book, whatever its name is in the org."""


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
class Pricebook2:
    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    Name: str = ""
    IsActive: bool = False
    IsStandard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PricebookEntry:
    """A product has one for each price book and currency, for good: it is never deleted, and neither of the three changes.

    One of the standard price book, active, comes first. UseStandardPrice: UnitPrice follows that one and is not written.
    """

    Id: str = ""
    IsDeleted: bool = False
    SystemModstamp: dt.datetime | None = None
    Pricebook2Id: str = ""
    Product2Id: str = ""
    ProductCode: str = ""
    UnitPrice: Decimal | None = None
    UseStandardPrice: bool = False
    IsActive: bool = False
    CurrencyIsoCode: str = ""
