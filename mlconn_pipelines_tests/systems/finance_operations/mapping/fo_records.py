"""F&O records as the connector composes them, and the reference data around them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook, book_of
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.finance_operations.mapping.mapping import mapping_of
from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings
from mlconn_pipelines.x12.guide import PartnerGuide

VENDOR, PAYEE = "US-101", "US-900"


def as_read(record: Any) -> Any:
    """Through JSON and back, numbers as the connector parses them."""
    return json.loads(json.dumps(record), parse_float=Decimal)


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    quantity, price, per = (
        changes.get(name, value)
        for name, value in (("OrderedPurchaseQuantity", 100.0), ("PurchasePrice", 30.0), ("PurchasePriceQuantity", 1.0))
    )
    return {
        "dataAreaId": "usmf",
        "PurchaseOrderNumber": "000042",
        "LineNumber": number,
        "ItemNumber": "M9201",
        "ExternalItemNumber": "SUP-1",
        "Barcode": "",
        "LineDescription": "Bolt M8",
        "OrderedPurchaseQuantity": quantity,
        "PurchaseUnitSymbol": "ea",
        "PurchasePrice": price,
        "PurchasePriceQuantity": per,
        "LineAmount": round(quantity * price / per, 2),
        "LineDiscountAmount": 0.0,
        "LineDiscountPercentage": 0.0,
        "PurchaseOrderLineStatus": "Backorder",
        "RequestedDeliveryDate": "2026-12-01T12:00:00Z",
        "ConfirmedDeliveryDate": "1900-01-01T12:00:00Z",
        "ReceivingWarehouseId": "24",
        "IsDeleted": "No",
    } | changes


def header(**changes: Any) -> dict[str, Any]:
    return {
        "@odata.etag": 'W/"JzAs"',
        "dataAreaId": "usmf",
        "PurchaseOrderNumber": "000042",
        "PurchaseOrderName": "Ferrolux GmbH",
        "OrderVendorAccountNumber": VENDOR,
        "InvoiceVendorAccountNumber": VENDOR,
        "PurchaseOrderStatus": "Backorder",
        "DocumentApprovalStatus": "Confirmed",
        "CurrencyCode": "USD",
        "AccountingDate": "2026-11-18T12:00:00Z",
        "RequestedDeliveryDate": "2026-12-01T12:00:00Z",
        "AttentionInformation": "",
        "Email": "",
        "DeliveryAddressName": "Contoso DC",
        "DeliveryAddressStreet": "12 Harbour Road",
        "DeliveryAddressCity": "Seattle",
        "DeliveryAddressStateId": "WA",
        "DeliveryAddressZipCode": "98101",
        "DeliveryAddressCountryRegionId": "USA",
        "DeliveryAddressCountryRegionISOCode": "US",
        "ArePricesIncludingSalesTax": "No",
        "SomebodysOwnField": {"deep": 1},
    } | changes


def order(lines: Iterable[dict[str, Any]] = (), **changes: Any) -> Any:
    return as_read(header(**changes) | {"PurchaseOrderLinesV2": list(lines) or [line()]})


def confirmation(lines: Iterable[dict[str, Any]] = (), number: int = 1, day: str = "2026-11-20", **changes: Any) -> Any:
    rows = list(lines) or [line()]
    stamps = [
        {"ConfirmationNumber": f"000042-{n}", "ConfirmationDate": f"{day if n == number else '2026-11-20'}T12:00:00Z"}
        for n in range(1, number + 1)
    ]
    return as_read(
        header(
            **stamps[-1],
            ConfirmationVoucherNumber="PCV-7",
            TotalConfirmedAmount=sum(row["LineAmount"] for row in rows),
            TotalDiscountAmount=0.0,
            TotalChargeAmount=0.0,
        )
        | {
            "PurchaseOrderConfirmationLines": rows,
            "Confirmations": stamps,
            "PurchaseOrder": {"PurchaseOrderStatus": "Backorder", "DocumentApprovalStatus": "Confirmed"},
        }
        | changes
    )


def vendor(code: str = VENDOR, **changes: Any) -> Any:
    return {
        "dataAreaId": "usmf",
        "VendorAccountNumber": code,
        "VendorOrganizationName": "Ferrolux GmbH",
        "CurrencyCode": "USD",
        "PrimaryEmailAddress": "sales@ferrolux.example",
        "PrimaryPhoneNumber": "",
        "AddressStreet": "Werkstrasse 3\nTor 2",
        "AddressCity": "Essen",
        "AddressStateId": "",
        "AddressZipCode": "45127",
        "AddressCountryRegionId": "DEU",
        "AddressCountryRegionISOCode": "DE",
        "OnHoldStatus": "No",
    } | changes


def product(code: str, **changes: Any) -> Any:
    return {
        "dataAreaId": "usmf",
        "ItemNumber": code,
        "SearchName": f"{code} search",
        "PurchaseUnitSymbol": "ea",
        "InventoryUnitSymbol": "ea",
    } | changes


VENDORS = (vendor(), vendor(PAYEE))
PRODUCTS = (product("M9201"), product("M9202"))


def account(number: str, chart: str = "Shared", **changes: Any) -> Any:
    return {
        "ChartOfAccounts": chart,
        "MainAccountId": number,
        "IsSuspended": "No",
        "ActiveTo": "1900-01-01T12:00:00Z",
    } | changes


def value(dimension: str, code: str, **changes: Any) -> Any:
    """Of a financial dimension; companies share it unless it says another thing."""
    return {"FinancialDimension": dimension, "LegalEntityId": "", "DimensionValue": code, "IsSuspended": "No"} | changes


def book(
    vendors: Iterable[Any] = VENDORS,
    products: Iterable[Any] = PRODUCTS,
    accounts: Iterable[Any] = (),
    company_accounts: Iterable[Any] = (),
    dimension_values: Iterable[Any] = (),
    delimiter: str = "Hyphen",
) -> ReferenceBook:
    read = mapping().reference.item
    form = {
        "DimensionFormatName": "Default",
        "FinancialDimensionFormat": "BusinessUnit-Department",
        "DimensionSegmentDelimiter": delimiter,
    }
    number = {"ItemNumber": "M9202", "VendorAccountNumber": VENDOR, "VendorProductNumber": "SUP-2", "ProductColorId": ""}
    return book_of(
        1,
        {
            "partner": dict(pair for record in vendors for pair in read("vendors", record)),
            "item": dict(pair for record in products for pair in read("released_products", record)),
            "cross_reference": dict(read("vendor_item_numbers", number)),
            "dimension_value": dict(pair for record in dimension_values for pair in read("dimension_values", record)),
            "dimension_format": dict(read("dimension_formats", form)),
            "account": {
                f"{key}|{name}": value
                for name, records in (("main_accounts", accounts), ("company_accounts", company_accounts))
                for record in records
                for key, value in read(name, record)
            },
        },
    )


def mapping(**settings: Any) -> ErpMapping:
    return mapping_of(FinanceOperationsSettings(**{"company": "usmf", **settings}))


def partner(**changes: Any) -> Partner:
    values: dict[str, Any] = {
        "name": "ferrolux",
        "title": "Ferrolux",
        "customer_codes": (),
        "supplier_codes": (VENDOR,),
        "guide": PartnerGuide(
            partner="ferrolux",
            our_qualifier="ZZ",
            our_id="CONTOSO",
            their_qualifier="ZZ",
            their_id="FERROLUX",
            our_group_id="CONTOSO",
            their_group_id="FERROLUX",
        ),
        "destination": "to_ferrolux",
        "units": {"ea": "EA", "box": "BX"},
    }
    return Partner(**(values | changes))
