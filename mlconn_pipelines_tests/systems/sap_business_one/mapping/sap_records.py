"""Service Layer records as the server writes them (every property there, null where empty), and the reference data around them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook, book_of
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.sap_business_one.mapping.mapping import mapping_of
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.x12.guide import PartnerGuide, SetRules

CODES = {"customer": "C20000", "supplier": "V10000"}


def as_read(record: Any) -> Any:
    """Through JSON and back, numbers as the connector parses them."""
    return json.loads(json.dumps(record), parse_float=Decimal)


def line(number: int = 0, **changes: Any) -> dict[str, Any]:
    quantity, price = changes.get("Quantity", 100.0), changes.get("Price", 30.0)
    return {
        "LineNum": number,
        "VisualOrder": number,
        "ItemCode": "A00001",
        "ItemDescription": "J.B. Officeprint 1420",
        "Quantity": quantity,
        "ShipDate": "2026-01-20T00:00:00Z",
        "Price": price,
        "UnitPrice": price,
        "DiscountPercent": 0.0,
        "Currency": "$",
        "LineTotal": round(quantity * price, 2),
        "RowTotalFC": 0.0,
        "TaxPercentagePerRow": 18.3,
        "UoMEntry": 1,
        "UoMCode": "Each",
        "MeasureUnit": "Each",
        "UnitsOfMeasurment": 1.0,
        "BarCode": None,
        "SupplierCatNum": None,
        "WarehouseCode": "01",
        "BaseType": -1,
        "BaseEntry": None,
        "BaseLine": None,
        "LineStatus": "bost_Open",
        "RemainingOpenQuantity": quantity,
        "AccountCode": "_SYS01",
        "CostingCode": None,
        "CostingCode2": None,
        "CostingCode3": None,
        "CostingCode4": None,
        "CostingCode5": None,
        "DocumentLineAdditionalExpenses": [],
    } | changes


def document(lines: Iterable[dict[str, Any]] = (), **changes: Any) -> Any:
    rows = list(lines) or [line()]
    net = round(sum(row["LineTotal"] for row in rows), 2)
    vat = changes.get("VatSum", 549.0 if net == 3000 else 0.0)
    return as_read(
        {
            "@odata.etag": 'W/"356A192B7913B04C54574D18C28D46E6395428AB"',
            "DocEntry": 421,
            "DocNum": 310007,
            "DocType": "dDocument_Items",
            "DocDate": "2026-01-05T00:00:00Z",
            "DocDueDate": "2026-02-04T00:00:00Z",
            "CardCode": "C20000",
            "CardName": "Maxi-Teq",
            "Address": "79 Main Street\rMemphis TN  38103\rUS",
            "NumAtCard": "PO-4711",
            "DocTotal": round(net + vat, 2),
            "DocTotalFc": 0.0,
            "DocCurrency": "$",
            "DocRate": 1.0,
            "VatSum": vat,
            "VatSumFc": 0.0,
            "TotalDiscount": 0.0,
            "TotalDiscountFC": 0.0,
            "RoundingDiffAmount": 0.0,
            "RoundingDiffAmountFC": 0.0,
            "Comments": "Based On Deliveries 350003.",
            "JournalMemo": "A/R Invoices - C20000",
            "DocTime": "17:13:00",
            "ShipToCode": "DC Reno",
            "PayToCode": "Bill to",
            "Address2": "4500 Commerce Pkwy\rReno NV  89501\rUS",
            "ContactPersonCode": 7,
            "PaidToDate": 0.0,
            "DocumentStatus": "bost_Open",
            "Cancelled": "tNO",
            "CancelStatus": "csNo",
            "CancelDate": "2026-03-04T00:00:00Z",
            "UpdateDate": "2026-01-05T00:00:00Z",
            "UpdateTime": "17:13:12",
            "CreationDate": "2026-01-05T00:00:00Z",
            "BPLName": None,
            "TrackingNumber": None,
            "OpeningRemarks": None,
            "ClosingRemarks": None,
            "U_MLConnRef": None,
            "DocumentLines": rows,
            "DocumentSpecialLines": [],
            "DocumentAdditionalExpenses": [],
            "AddressExtension": {
                "DocEntry": 421,
                "ShipToStreet": "4500 Commerce Pkwy",
                "ShipToStreetNo": None,
                "ShipToBlock": "Dock 7",
                "ShipToCity": "Reno",
                "ShipToZipCode": "89501",
                "ShipToState": "NV",
                "ShipToCountry": "US",
                "ShipToGlobalLocationNumber": None,
                "BillToStreet": "79 Main Street",
                "BillToCity": "Memphis",
                "BillToZipCode": "38103",
                "BillToState": "TN",
                "BillToCountry": "US",
                "BillToGlobalLocationNumber": None,
            },
        }
        | changes
    )


def purchase_order(lines: Iterable[dict[str, Any]] = (), **changes: Any) -> Any:
    return document(lines, **{"DocEntry": 77, "DocNum": 822014, "CardCode": "V10000", "CardName": "Acme Associates"} | changes)


def card(code: str = "C20000", kind: str = "cCustomer", **changes: Any) -> Any:
    return as_read(
        {
            "CardCode": code,
            "CardName": "Maxi-Teq" if kind == "cCustomer" else "Acme Associates",
            "CardType": kind,
            "Currency": "##",
            "ContactPerson": "Max Teq",
            "BilltoDefault": "Bill to",
            "ShipToDefault": "DC Reno",
            "GlobalLocationNumber": None,
            "Valid": "tYES",
            "ValidFrom": None,
            "ValidTo": None,
            "Frozen": "tNO",
            "FrozenFrom": None,
            "FrozenTo": None,
            "UpdateDate": None,
            "BPAddresses": [
                address("Bill to", "bo_BillTo", Street="79 Main Street", City="Memphis", ZipCode="38103", State="TN"),
                address("DC Reno", "bo_ShipTo", Street="4500 Commerce Pkwy", City="Reno", ZipCode="89501", State="NV"),
                address("Store 12", "bo_ShipTo", Street="9 Elm", City="Provo", GlobalLocationNumber="0614141000012"),
            ],
            "ContactEmployees": [
                {"InternalCode": 7, "Name": "Max Teq", "FirstName": "Max", "LastName": "Teq", "Phone1": "555-0100",
                 "E_Mail": "max@maxi-teq.example", "Active": "tYES"},
            ],
        }
        | changes
    )  # fmt: skip


def address(name: str, kind: str, **changes: Any) -> dict[str, Any]:
    return {"AddressName": name, "AddressType": kind, "Country": "US", "State": None, "Block": None} | changes


def item(code: str = "A00001", **changes: Any) -> Any:
    return as_read(
        {
            "ItemCode": code,
            "ItemName": f"J.B. Officeprint {code[-4:]}",
            "BarCode": None,
            "InventoryUOM": "Each",
            "SalesUnit": "Each",
            "SalesItemsPerUnit": 1.0,
            "PurchaseUnit": "Each",
            "PurchaseItemsPerUnit": 1.0,
            "UoMGroupEntry": 1,
            "DefaultSalesUoMEntry": 1,
            "DefaultPurchasingUoMEntry": 1,
            "SalesItem": "tYES",
            "PurchaseItem": "tYES",
            "Valid": "tYES",
            "Frozen": "tNO",
            "ItemBarCodeCollection": [],
        }
        | changes
    )


REFERENCE_RECORDS: dict[str, list[Any]] = {
    "business_partners": [card(), card("V10000", "cSupplier")],
    "items": [item(), item("A00002"), item("A00003", BarCode="614141000036"), item("A00004")],
    "profit_centers": [
        as_read({"CenterCode": "SALES", "InWhichDimension": 1, "Active": "tYES"}),
        as_read({"CenterCode": "OLD", "InWhichDimension": 1, "Active": "tYES", "EffectiveTo": "2025-12-31T00:00:00Z"}),
        as_read({"CenterCode": "CLOSED", "InWhichDimension": 2, "Active": "tNO"}),
    ],
    "dimensions": [
        as_read({"DimensionCode": number, "DimensionName": f"Dimension {number}", "DimensionDescription": name,
                 "IsActive": "tYES" if number < 5 else "tNO"})
        for number, name in enumerate(("Department", "Region", "Line", "Project", "Spare"), start=1)
    ],
    "distribution_rules": [
        as_read({"FactorCode": code, "InWhichDimension": dimension, "Active": active,
                 "DistributionRuleLines": [{"CenterCode": centre, "TotalInCenter": 100.0} for centre in centres]})
        for code, dimension, active, centres in (
            ("SALES", 1, "tYES", ()), ("MIX", 1, "tYES", ("SALES", "OLD")), ("SHUT", 2, "tYES", ("CLOSED",)),
            ("OFF", 1, "tNO", ("SALES",)), ("LOST", 2, "tYES", ("NOWHERE",)), ("SPARE", 5, "tYES", ("SALES",)),
        )
    ],
    "accounts": [
        as_read({"Code": "_SYS01", "FormatCode": "410000", "Name": "Revenues", "ActiveAccount": "tYES",
                 "LockManualTransaction": "tYES", "ValidFor": "tNO", "FrozenFor": "tNO"}),
        as_read({"Code": "_SYS02", "FormatCode": "400000", "Name": "Income", "ActiveAccount": "tNO"}),
        as_read({"Code": "590000", "Name": "Closed plant", "ActiveAccount": "tYES", "FrozenFor": "tYES"}),
    ],
    "currencies": [
        as_read({"Code": "$", "Name": "US Dollar", "InternationalDescription": "USD", "Decimals": "cdDefault"}),
        as_read({"Code": "EUR", "Name": "Euro", "DocumentsCode": "EUR", "InternationalDescription": None}),
        as_read({"Code": "PTS", "Name": "Bonus points", "InternationalDescription": "points", "DocumentsCode": "points"}),
    ],
    "units_of_measure": [
        as_read({"AbsEntry": entry, "Code": code, "Name": name})
        for entry, code, name in ((1, "Each", "Each"), (2, "Box 12", "Box of 12"), (3, "Basket", "Wicker Basket"))
    ],
    "unit_groups": [
        as_read({"AbsEntry": 1, "Code": "G1", "BaseUoM": 1, "UoMGroupDefinitionCollection": [
            {"AlternateUoM": 1, "AlternateQuantity": 1.0, "BaseQuantity": 1.0, "Active": "tYES"},
            {"AlternateUoM": 2, "AlternateQuantity": 1.0, "BaseQuantity": 12.0, "Active": "tYES"},
        ]}),
    ],
    "alternate_catalogue_numbers": [
        as_read({"ItemCode": "A00001", "CardCode": "C20000", "Substitute": "MT-1"}),
        as_read({"ItemCode": "A00001", "CardCode": "V10000", "Substitute": "SUP-1"}),
        as_read({"ItemCode": "A00002", "CardCode": "V10000", "Substitute": "SUP-2"}),
        as_read({"ItemCode": "A00002", "CardCode": "C20000", "Substitute": "TWICE"}),
        as_read({"ItemCode": "A00003", "CardCode": "C20000", "Substitute": "TWICE"}),
    ],
}  # fmt: skip


def book(**replaced: list[Any]) -> ReferenceBook:
    """Reference data out of the records above; a set named here is replaced."""
    mapping = mapping_of(SapSettings())
    kinds = {declared.name: declared.kind for declared in mapping.reference.sets}
    return book_of(
        1,
        {
            kinds[name]: {key: value for record in records for key, value in mapping.reference.item(name, record)}
            for name, records in (REFERENCE_RECORDS | replaced).items()
        },
    )


def partner(**changes: Any) -> Partner:
    values: dict[str, Any] = {
        "name": "maxi",
        "title": "Maxi-Teq Inc.",
        "customer_codes": ("C20000",),
        "supplier_codes": ("V10000",),
        "guide": guide(),
        "destination": "to_maxi",
        "units": {"Each": "EA", "Box 12": "BX"},
        "ship_to": {"0042": "DC Reno"},
    }
    return Partner(**(values | changes))


def guide(**changes: Any) -> PartnerGuide:
    values: dict[str, Any] = {
        "partner": "maxi",
        "our_qualifier": "ZZ",
        "our_id": "ACME",
        "their_qualifier": "01",
        "their_id": "123456789",
        "our_group_id": "ACME",
        "their_group_id": "123456789",
    }
    return PartnerGuide(**(values | changes))


def wanting(*qualifiers: str, set_id: str = "810") -> PartnerGuide:
    return guide(sets={set_id: SetRules(product_id_qualifiers=qualifiers)})


def mapping(**settings: Any) -> ErpMapping:
    return mapping_of(SapSettings(**settings))


def codes(findings: Iterable[Any], severity: str = "reject") -> list[str]:
    return [finding.code for finding in findings if finding.severity == severity]
