"""Master records that documents are checked against (API v2.0 `customers`, `vendors`, `items` ...)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeAccount:
    """A customer or a vendor. blocked: empty, or what is blocked (`Ship`, `Invoice`, `All`; `Payment` of vendors)."""

    number: str = ""
    displayName: str = ""
    addressLine1: str = ""
    addressLine2: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    postalCode: str = ""
    phoneNumber: str = ""
    email: str = ""
    currencyCode: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """type: `Inventory`, `Service`, `Non-Inventory`."""

    number: str = ""
    displayName: str = ""
    type: str = ""
    blocked: bool = False
    gtin: str = ""
    baseUnitOfMeasureCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVariant:
    """Documents name it by its id alone."""

    id: str = ""
    itemNumber: str = ""
    code: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfMeasure:
    """internationalStandardCode: UNECE's, often the same as X12's."""

    id: str = ""
    code: str = ""
    displayName: str = ""
    internationalStandardCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """Foreign currencies; the company's own has no record. amountDecimalPlaces: `2:2`, least and most."""

    code: str = ""
    displayName: str = ""
    amountDecimalPlaces: str = ""
