"""Rows of Sage 100 as the agent tells them, and the reference data around them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook, book_of
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.sage_100.mapping.reference import reference_item
from mlconn_pipelines.systems.sage_100.mapping.sets import REFERENCE
from mlconn_pipelines.systems.sage_100.records.master_data import segments_of
from mlconn_pipelines.x12.guide import PartnerGuide

VENDOR = "01-ABC0001"


def line(key: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "PurchaseOrderNo": "0001234",
        "LineKey": f"{key:06}",
        "LineSeqNo": f"{key:014}",
        "ItemCode": "BOLT",
        "ItemType": "1",
        "ItemCodeDesc": "Bolt M8",
        "RequiredDate": "20261215",
        "UnitOfMeasure": "EACH",
        "WarehouseCode": "000",
        "PurchasesAcctKey": "000000003",
        "VendorAliasItemNo": "V-BOLT",
        "CommentText": "",
        "QuantityOrdered": "100",
        "QuantityReceived": "0",
        "UnitCost": "1.25",
        "ExtensionAmt": "125",
        "UnitOfMeasureConvFactor": "1",
    } | changes


def order(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "PurchaseOrderNo": "0001234",
        "PurchaseOrderDate": "20261128",
        "OrderType": "S",
        "OrderStatus": "N",
        "OnHold": "N",
        "RequiredExpireDate": "20261215",
        "APDivisionNo": "01",
        "VendorNo": "ABC0001",
        "PurchaseName": "Abc Fasteners   ",
        "PurchaseAddress1": "1 Mill Road",
        "PurchaseCity": "Dayton",
        "PurchaseState": "OH",
        "PurchaseZipCode": "45402",
        "PurchaseCountryCode": "USA",
        "ShipToName": "Central Warehouse",
        "ShipToAddress1": "100 Main Street",
        "ShipToCity": "Columbus",
        "ShipToState": "OH",
        "ShipToZipCode": "43215",
        "ShipToCountryCode": "USA",
        "WarehouseCode": "000",
        "ShipVia": "UPS GROUND",
        "ConfirmTo": "Jo Baker",
        "Comment": "",
        "TermsCode": "01",
        "TaxableAmt": "0",
        "NonTaxableAmt": "125",
        "SalesTaxAmt": "0",
        "FreightAmt": "0",
        "DateCreated": "20261128",
        "TimeCreated": "15.5",
        "DateUpdated": "",
        "TimeUpdated": "",
        "content": "0123456789abcdef0123",
        "lines": list(lines) or [line()],
    } | changes


VENDORS = (
    {"APDivisionNo": "01", "VendorNo": "ABC0001", "VendorName": "Abc Fasteners", "AddressLine1": "1 Mill Road", "City": "Dayton",
     "State": "OH", "ZipCode": "45402", "CountryCode": "USA", "EmailAddress": "sales@abc.example", "VendorStatus": "A"},
    {"APDivisionNo": "00", "VendorNo": "ABC0001", "VendorName": "Abc of another division", "Status": "I"},
)  # fmt: skip
ITEMS = (
    {"ItemCode": "BOLT", "ItemType": "1", "ItemCodeDesc": "Bolt M8", "PurchaseUnitOfMeasure": "BX12", "StandardUnitOfMeasure": "EACH",
     "PurchaseUMConvFctr": "12", "InactiveItem": "N", "UseInPO": "Y"},
    {"ItemCode": "NUT", "ItemType": "1", "ItemCodeDesc": "Nut M8", "StandardUnitOfMeasure": "EACH", "InactiveItem": "N"},
    {"ItemCode": "OLD", "ItemType": "1", "ItemCodeDesc": "Old bolt", "StandardUnitOfMeasure": "EACH", "InactiveItem": "Y"},
)  # fmt: skip
WAREHOUSES = (
    {"WarehouseCode": "000", "WarehouseName": "Central Warehouse", "WarehouseAddress1": "100 Main Street", "WarehouseCity": "Columbus",
     "WarehouseState": "OH", "WarehouseZipCode": "43215", "WarehouseCountryCode": "USA"},
    {"WarehouseCode": "001", "WarehouseDesc": "East Warehouse", "AddressLine1": "12 Harbor Road", "City": "Savannah", "State": "GA",
     "ZipCode": "31401", "CountryCode": "USA"},
    {"WarehouseCode": "002", "WarehouseDesc": "Closed Warehouse", "WarehouseStatus": "I"},
)  # fmt: skip
ACCOUNTS = (
    {"AccountKey": "000000003", "Account": "5000-01-00", "AccountDesc": "Purchases plant", "Status": "A", "DateStart": "1753-01-01"},
    {"AccountKey": "000000006", "Account": "6200-02-10", "AccountDesc": "Office supplies", "Status": "I"},
    {"AccountKey": "000000008", "Account": "6400-01-20", "AccountDesc": "Spring campaign", "Status": "A", "DateStart": "20200101",
     "DateEnd": "20201231"},
    {"AccountKey": "000000009", "Account": "6500-01-00", "AccountDesc": "Sundry charges", "Status": "A"},
)  # fmt: skip
TERMS = ({"TermsCode": "01", "TermsCodeDesc": "Net 30 days", "DaysBeforeDue": "30"}, {"TermsCode": "00", "DaysBeforeDue": "0"})
TAX_SCHEDULES = ({"TaxSchedule": "DEFAULT", "TaxScheduleDesc": "No tax"},)


def book(**changes: Iterable[dict[str, Any]]) -> ReferenceBook:
    accounts = list(changes.get("gl_accounts", ACCOUNTS))
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "vendors": VENDORS,
        "items": ITEMS,
        "warehouses": WAREHOUSES,
        "gl_accounts": accounts,
        "gl_segments": segments_of(accounts),
        "terms": TERMS,
        "tax_schedules": TAX_SCHEDULES,
        **changes,
    }
    return book_of(
        1, {each.kind: dict(pair for row in rows[each.name] for pair in reference_item(each.name, row)) for each in REFERENCE}
    )


def partner(**changes: Any) -> Partner:
    guide = PartnerGuide(
        partner="abc",
        our_qualifier="ZZ",
        our_id="ACME",
        their_qualifier="ZZ",
        their_id="ABC",
        our_group_id="ACME",
        their_group_id="ABC",
    )
    values: dict[str, Any] = {
        "name": "abc",
        "title": "Abc Fasteners",
        "customer_codes": (),
        "supplier_codes": (VENDOR,),
        "guide": guide,
        "destination": "to_abc",
        "units": {"EACH": "EA", "BX12": "BX", "CT48": "CT", "KG": "KG"},
        "unit_factors": {},
        "ship_to": {"0142": "001"},
    }
    return Partner(**(values | changes))
