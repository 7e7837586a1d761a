"""Master records that documents are checked against."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()


@dataclass(frozen=True, slots=True)
class BPAddress:
    """AddressType: `bo_ShipTo` or `bo_BillTo`. AddressName: its key within the type."""

    AddressName: str = ""
    AddressType: str = ""
    AddressName2: str = ""
    AddressName3: str = ""
    Street: str = ""
    StreetNo: str = ""
    Block: str = ""
    BuildingFloorRoom: str = ""
    ZipCode: str = ""
    City: str = ""
    State: str = ""
    Country: str = ""
    GlobalLocationNumber: str = ""


@dataclass(frozen=True, slots=True)
class ContactEmployee:
    InternalCode: int | None = None
    Name: str = ""
    FirstName: str = ""
    LastName: str = ""
    Phone1: str = ""
    MobilePhone: str = ""
    E_Mail: str = ""
    Active: bool = True


@dataclass(frozen=True, slots=True)
class BusinessPartner:
    """CardType: `cCustomer`, `cSupplier`, `cLid` (a lead). Currency: `##` stands for all."""

    CardCode: str = ""
    CardName: str = ""
    CardType: str = ""
    Currency: str = ""
    ContactPerson: str = ""
    BilltoDefault: str = ""
    ShipToDefault: str = ""
    GlobalLocationNumber: str = ""
    Valid: bool = True
    ValidFrom: dt.date | None = None
    ValidTo: dt.date | None = None
    Frozen: bool = False
    FrozenFrom: dt.date | None = None
    FrozenTo: dt.date | None = None
    BPAddresses: tuple[BPAddress, ...] = ()
    ContactEmployees: tuple[ContactEmployee, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemBarCode:
    Barcode: str = ""
    UoMEntry: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """SalesItemsPerUnit, PurchaseItemsPerUnit: stock units in one sales or purchase unit. UoMGroupEntry: -1 is none."""

    ItemCode: str = ""
    ItemName: str = ""
    BarCode: str = ""
    InventoryUOM: str = ""
    SalesUnit: str = ""
    SalesItemsPerUnit: Decimal = _ZERO
    PurchaseUnit: str = ""
    PurchaseItemsPerUnit: Decimal = _ZERO
    UoMGroupEntry: int = -1
    DefaultSalesUoMEntry: int = -1
    DefaultPurchasingUoMEntry: int = -1
    SalesItem: bool = True
    PurchaseItem: bool = True
    Valid: bool = True
    ValidFrom: dt.date | None = None
    ValidTo: dt.date | None = None
    Frozen: bool = False
    FrozenFrom: dt.date | None = None
    FrozenTo: dt.date | None = None
    ItemBarCodeCollection: tuple[ItemBarCode, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemPrice:
    """One row for each price list, priced or not; a list may state up to three currencies."""

    PriceList: int = 0
    Price: Decimal | None = None
    Currency: str = ""
    AdditionalPrice1: Decimal | None = None
    AdditionalCurrency1: str = ""
    AdditionalPrice2: Decimal | None = None
    AdditionalCurrency2: str = ""


@dataclass(frozen=True, slots=True)
class PricedItem:
    """What of an item only those read who want its prices."""

    ItemPrices: tuple[ItemPrice, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfitCenter:
    CenterCode: str = ""
    CenterName: str = ""
    InWhichDimension: int = 1
    EffectiveFrom: dt.date | None = None
    EffectiveTo: dt.date | None = None
    Active: bool = True


@dataclass(frozen=True, slots=True)
class Dimension:
    DimensionCode: int = 0
    DimensionName: str = ""
    DimensionDescription: str = ""
    IsActive: bool = True


@dataclass(frozen=True, slots=True)
class DistributionRuleLine:
    CenterCode: str = ""


@dataclass(frozen=True, slots=True)
class DistributionRule:
    """A rule without lines is the one that SAP makes for a profit centre itself, under the centre's own code."""

    FactorCode: str = ""
    FactorDescription: str = ""
    InWhichDimension: int = 1
    Active: bool = True
    DistributionRuleLines: tuple[DistributionRuleLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartOfAccount:
    """Code is SAP's own where accounts have segments, and people then know the FormatCode. ActiveAccount: False for titles."""

    Code: str = ""
    Name: str = ""
    FormatCode: str = ""
    ActiveAccount: bool = True
    ValidFor: bool = False
    ValidFrom: dt.date | None = None
    ValidTo: dt.date | None = None
    FrozenFor: bool = False
    FrozenFrom: dt.date | None = None
    FrozenTo: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Currency:
    """Code is the company's own (`$`); the ISO code is in InternationalDescription or DocumentsCode."""

    Code: str = ""
    Name: str = ""
    DocumentsCode: str = ""
    InternationalDescription: str = ""
    Decimals: str = ""


@dataclass(frozen=True, slots=True)
class AlternateCatNum:
    """A business partner's catalogue number (Substitute) for one of our items."""

    ItemCode: str = ""
    CardCode: str = ""
    Substitute: str = ""


@dataclass(frozen=True, slots=True)
class UnitOfMeasurement:
    AbsEntry: int = 0
    Code: str = ""
    Name: str = ""


@dataclass(frozen=True, slots=True)
class UoMGroupDefinition:
    """AlternateQuantity of AlternateUoM are BaseQuantity of the group's base unit."""

    AlternateUoM: int = 0
    AlternateQuantity: Decimal = _ZERO
    BaseQuantity: Decimal = _ZERO
    Active: bool = True


@dataclass(frozen=True, slots=True)
class UnitOfMeasurementGroup:
    AbsEntry: int = 0
    Code: str = ""
    Name: str = ""
    BaseUoM: int = 0
    UoMGroupDefinitionCollection: tuple[UoMGroupDefinition, ...] = ()
