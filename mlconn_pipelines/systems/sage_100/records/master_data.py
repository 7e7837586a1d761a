"""Master records that documents are checked against. Sites differ in some columns' names: whichever is there counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.systems.sage_100.records.purchase_order import vendor_code

_ZERO = Decimal()
ACTIVE = "A"
VENDORS = "AP_Vendor"


@dataclass(frozen=True, slots=True)
class Vendor:
    APDivisionNo: str = ""
    VendorNo: str = ""
    VendorName: str = ""
    AddressLine1: str = ""
    AddressLine2: str = ""
    AddressLine3: str = ""
    City: str = ""
    State: str = ""
    ZipCode: str = ""
    CountryCode: str = ""
    TelephoneNo: str = ""
    EmailAddress: str = ""
    TermsCode: str = ""
    VendorStatus: str = ""
    Status: str = ""

    @property
    def code(self) -> str:
        return vendor_code(self.APDivisionNo, self.VendorNo)

    @property
    def active(self) -> bool:
        return (self.VendorStatus or self.Status or ACTIVE) != "I"


@dataclass(frozen=True, slots=True)
class Item:
    """PurchaseUMConvFctr: how many of the standard unit one of the purchase unit holds."""

    ItemCode: str = ""
    ItemType: str = ""
    ItemCodeDesc: str = ""
    UseInPO: str = "Y"
    PurchaseUnitOfMeasure: str = ""
    StandardUnitOfMeasure: str = ""
    PurchaseUMConvFctr: Decimal = _ZERO
    InactiveItem: bool = False


@dataclass(frozen=True, slots=True)
class Warehouse:
    WarehouseCode: str = ""
    WarehouseDesc: str = ""
    WarehouseName: str = ""
    WarehouseStatus: str = ""
    WarehouseAddress1: str = ""
    WarehouseAddress2: str = ""
    WarehouseAddress3: str = ""
    WarehouseCity: str = ""
    WarehouseState: str = ""
    WarehouseZipCode: str = ""
    WarehouseCountryCode: str = ""
    AddressLine1: str = ""
    AddressLine2: str = ""
    AddressLine3: str = ""
    City: str = ""
    State: str = ""
    ZipCode: str = ""
    CountryCode: str = ""


@dataclass(frozen=True, slots=True)
class TermsCode:
    TermsCode: str = ""
    TermsCodeDesc: str = ""
    DaysBeforeDue: int = 0


@dataclass(frozen=True, slots=True)
class TaxSchedule:
    TaxSchedule: str = ""
    TaxScheduleDesc: str = ""


@dataclass(frozen=True, slots=True)
class GlAccount:
    """AccountKey: what lines name it by. Account: as people read it, its segments divided by hyphens. Status: A, I or D (deleted)."""

    AccountKey: str = ""
    Account: str = ""
    AccountDesc: str = ""
    Status: str = ""
    DateStart: dt.date | None = None
    DateEnd: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A value of one of the segments behind the main account, such as a department or a location: a cost centre.

    SegmentNo: 2 for the first behind the main account.
    """

    SegmentNo: int = 0
    SegmentCode: str = ""
    Active: bool = False
    DateStart: dt.date | None = None
    DateEnd: dt.date | None = None


def segment_values(shown: str) -> list[tuple[int, str]]:
    """What stands behind the main account of an account as people read it.

    >>> segment_values("6100-01-10"), segment_values("1000")
    ([(2, '01'), (3, '10')], [])
    """
    return list(enumerate((part.strip() for part in shown.split("-")[1:]), start=2))


def segments_of(accounts: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The segment values of the chart, which has no table of them: usable while an account with it is, from its first to its last day.

    >>> segments_of([{"Account": "5000-01", "Status": "I"}, {"Account": "6000-01", "Status": "A", "DateEnd": "20261231"}])
    [{'SegmentNo': '2', 'SegmentCode': '01', 'Active': 'Y', 'DateStart': '', 'DateEnd': '20261231'}]
    """
    found: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for row in accounts:
        for value in segment_values(str(row.get("Account") or "")):
            usable = found.setdefault(value, [])
            if str(row.get("Status") or "").strip() == ACTIVE:
                usable.append((str(row.get("DateStart") or "").strip(), str(row.get("DateEnd") or "").strip()))
    return [
        {
            "SegmentNo": str(number),
            "SegmentCode": code,
            "Active": "Y" if usable else "N",
            "DateStart": min((start for start, _ in usable), default=""),
            "DateEnd": "" if any(not end for _, end in usable) else max((end for _, end in usable), default=""),
        }
        for (number, code), usable in sorted(found.items())
    ]
