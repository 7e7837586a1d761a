"""Master records that documents are checked against."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()


@dataclass(frozen=True, slots=True)
class Vendor:
    """OnHoldStatus: `No`, `Invoice`, `All`, `Payment`, `Requisition`, `Never`, `PurchOrder`."""

    VendorAccountNumber: str = ""
    VendorOrganizationName: str = ""
    VendorSearchName: str = ""
    CurrencyCode: str = ""
    InvoiceVendorAccountNumber: str = ""
    DUNSNumber: str = ""
    PrimaryEmailAddress: str = ""
    PrimaryPhoneNumber: str = ""
    AddressStreet: str = ""
    AddressCity: str = ""
    AddressStateId: str = ""
    AddressZipCode: str = ""
    AddressCountryRegionId: str = ""
    AddressCountryRegionISOCode: str = ""
    OnHoldStatus: str = "No"


@dataclass(frozen=True, slots=True)
class ReleasedProduct:
    """There is no product name in this set; SearchName is the nearest."""

    ItemNumber: str = ""
    ProductNumber: str = ""
    SearchName: str = ""
    ProductSearchName: str = ""
    PurchaseUnitSymbol: str = ""
    InventoryUnitSymbol: str = ""
    SalesUnitSymbol: str = ""
    PurchasePrice: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class VendorProductDescription:
    """A vendor's own number (VendorProductNumber) for one of our items."""

    ItemNumber: str = ""
    VendorAccountNumber: str = ""
    VendorProductNumber: str = ""
    ProductColorId: str = ""
    ProductConfigurationId: str = ""
    ProductSizeId: str = ""
    ProductStyleId: str = ""
    ProductVersionId: str = ""


@dataclass(frozen=True, slots=True)
class MainAccount:
    """An account of a chart, which companies share."""

    ChartOfAccounts: str = ""
    MainAccountId: str = ""
    Name: str = ""
    IsSuspended: bool = False
    ActiveFrom: dt.date | None = None
    ActiveTo: dt.date | None = None


@dataclass(frozen=True, slots=True)
class FinancialDimensionValue:
    """LegalEntityId: empty where companies share the value."""

    FinancialDimension: str = ""
    LegalEntityId: str = ""
    DimensionValue: str = ""
    Description: str = ""
    IsSuspended: bool = False
    IsTotal: bool = False
    ActiveFrom: dt.date | None = None
    ActiveTo: dt.date | None = None


@dataclass(frozen=True, slots=True)
class DimensionIntegrationFormat:
    """FinancialDimensionFormat: the dimensions' names, joined by hyphens. DimensionSegmentDelimiter: what joins their values."""

    DimensionFormatName: str = ""
    FinancialDimensionFormat: str = ""
    DimensionSegmentDelimiter: str = ""


@dataclass(frozen=True, slots=True)
class MainAccountLegalEntity:
    """What one company rules for an account: open in the chart, it may be suspended there."""

    ChartOfAccounts: str = ""
    MainAccountId: str = ""
    LegalEntityId: str = ""
    IsSuspended: bool = False
    ActiveFrom: dt.date | None = None
    ActiveTo: dt.date | None = None
