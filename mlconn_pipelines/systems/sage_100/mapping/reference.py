"""Sage 100's master records as reference values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.documents.reference import (
    Account,
    BusinessPartner,
    DimensionValue,
    Item,
    ReferenceItem,
    TaxSchedule,
    Terms,
    Validity,
    Warehouse,
)
from mlconn_pipelines.edi.party_fitting import AddressParts, party
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sage_100.records import master_data as sage
from mlconn_pipelines.systems.sage_100.records.purchase_order import CHARGE, COMMENT
from mlconn_pipelines.systems.sage_100.records.reading import read

_PRIMARY = "primary"


def vendor(record: Record) -> tuple[str, BusinessPartner]:
    """Under division and number. A hold of payments is Sage's to mind."""
    held = read(sage.Vendor, record)
    name = clean(held.VendorName)
    contact = Contact(phone=clean(held.TelephoneNo), email=clean(held.EmailAddress))
    address = AddressParts(
        street=held.AddressLine1,
        block=held.AddressLine2,
        building=held.AddressLine3,
        city=held.City,
        state=held.State,
        postal_code=held.ZipCode,
        country=held.CountryCode,
    )
    reachable = bool(contact.phone or contact.email)
    return held.code, BusinessPartner(
        code=held.code,
        name=name,
        kind="supplier",
        active=held.active,
        contacts={_PRIMARY: contact} if reachable else {},
        bill_to={} if address.empty else {_PRIMARY: party("VN", name, address)},
        default_bill_to="" if address.empty else _PRIMARY,
        default_contact=_PRIMARY if reachable else "",
    )


def item(record: Record) -> tuple[str, Item]:
    held = read(sage.Item, record)
    factors = {held.PurchaseUnitOfMeasure: held.PurchaseUMConvFctr, held.StandardUnitOfMeasure: Decimal(1)}
    return held.ItemCode, Item(
        code=held.ItemCode,
        description=clean(held.ItemCodeDesc),
        active=not held.InactiveItem,
        purchase_unit=held.PurchaseUnitOfMeasure,
        stock_unit=held.StandardUnitOfMeasure,
        unit_factors={unit: factor for unit, factor in factors.items() if unit and factor > 0},
        for_purchase=held.UseInPO != "N" and held.ItemType not in (CHARGE, COMMENT),
    )


def warehouse(record: Record) -> tuple[str, Warehouse]:
    """The columns of the address are called differently at different sites."""
    held = read(sage.Warehouse, record)
    address = AddressParts(
        street=held.WarehouseAddress1 or held.AddressLine1,
        block=held.WarehouseAddress2 or held.AddressLine2,
        building=held.WarehouseAddress3 or held.AddressLine3,
        city=held.WarehouseCity or held.City,
        state=held.WarehouseState or held.State,
        postal_code=held.WarehouseZipCode or held.ZipCode,
        country=held.WarehouseCountryCode or held.CountryCode,
    )
    found = party("ST", held.WarehouseName or held.WarehouseDesc, address)
    return held.WarehouseCode, Warehouse(held.WarehouseCode, found, held.WarehouseStatus != "I")


def gl_account(record: Record) -> tuple[str, Account]:
    """Under the key that lines name it by. A deleted account stays in the table."""
    held = read(sage.GlAccount, record)
    number, name = held.Account or held.AccountKey, clean(held.AccountDesc)
    validity = Validity(held.DateStart, held.DateEnd)
    return held.AccountKey, Account(held.AccountKey, number, name, active=held.Status == sage.ACTIVE, validity=validity)


def gl_segment(record: Record) -> tuple[str, DimensionValue]:
    held = read(sage.Segment, record)
    validity = Validity(held.DateStart, held.DateEnd)
    number, code = str(held.SegmentNo), held.SegmentCode
    return f"{number}|{code}", DimensionValue(number, code, active=held.Active, validity=validity)


def terms(record: Record) -> tuple[str, Terms]:
    held = read(sage.TermsCode, record)
    return held.TermsCode, Terms(held.TermsCode, clean(held.TermsCodeDesc), held.DaysBeforeDue or None)


def tax_schedule(record: Record) -> tuple[str, TaxSchedule]:
    held = read(sage.TaxSchedule, record)
    return held.TaxSchedule, TaxSchedule(held.TaxSchedule, clean(held.TaxScheduleDesc))


_READERS: Mapping[str, Callable[[Record], tuple[str, ReferenceItem]]] = {
    "vendors": vendor,
    "items": item,
    "warehouses": warehouse,
    "gl_accounts": gl_account,
    "gl_segments": gl_segment,
    "terms": terms,
    "tax_schedules": tax_schedule,
}


def reference_item(name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
    """(key, value) of one record of a set of `sets.REFERENCE`. KeyError for another name."""
    return (_READERS[name](record),)
