"""API v2.0 records as the service writes them (empty texts, zero GUIDs, `_x0020_`), and the reference data around them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook, book_of
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.business_central.mapping.mapping import mapping_of
from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings
from mlconn_pipelines.x12.guide import PartnerGuide

NO_ID = "00000000-0000-0000-0000-000000000000"
ID = "5d115c9c-44e3-ea11-bb43-000d3a2feca1"


def as_read(record: Any) -> Any:
    """Through JSON and back, numbers as the connector parses them."""
    return json.loads(json.dumps(record), parse_float=Decimal)


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A line of 4 pieces at 12.50; amounts follow quantity, price and discountAmount."""
    quantity = changes.get("quantity", 4)
    price = changes.get("unitPrice", changes.get("directUnitCost", 12.5))
    net = round(quantity * price - changes.get("discountAmount", 0), 2)
    return {
        "@odata.etag": f'W/"line{number}"',
        "id": f"5d115c9c-44e3-ea11-bb43-{number:012d}",
        "sequence": number * 10000,
        "itemId": ID,
        "accountId": NO_ID,
        "lineType": "Item",
        "lineObjectNumber": "1896-S",
        "description": "ATHENS Desk",
        "description2": "",
        "unitOfMeasureCode": "PCS",
        "quantity": quantity,
        "unitPrice": price,
        "discountAmount": 0,
        "discountPercent": 0,
        "amountExcludingTax": net,
        "taxPercent": 5,
        "invoiceDiscountAllocation": 0,
        "shipmentDate": "2026-01-20",
    } | changes


def comment(text: str, number: int = 9) -> dict[str, Any]:
    return line(
        number, lineType="Comment", lineObjectNumber="", description=text, unitOfMeasureCode="", quantity=0, unitPrice=0,
        taxPercent=0,
    )  # fmt: skip


ADDRESSES = {
    f"{side}{name}": value
    for side in ("sellTo", "billTo", "shipTo")
    for name, value in {
        "AddressLine1": "4500 Commerce Pkwy",
        "AddressLine2": "Dock 7",
        "City": "Reno",
        "State": "NV",
        "PostCode": "89501",
        "Country": "US",
    }.items()
}


def _sales(lines: Iterable[dict[str, Any]], changes: dict[str, Any]) -> dict[str, Any]:
    rows = list(lines) or [line()]
    net = round(sum(row["amountExcludingTax"] - row["invoiceDiscountAllocation"] for row in rows), 2)
    tax = changes.pop("totalTaxAmount", round(net * 0.05, 2))
    return {
        "@odata.etag": 'W/"JzE5OzgzMTM5"',
        "id": ID,
        "number": "103031",
        "externalDocumentNumber": "PO-4711",
        "customerNumber": "10000",
        "customerName": "Adatum Corporation",
        "billToName": "Adatum Corporation",
        "billToCustomerNumber": "10000",
        "shipToName": "Adatum Reno",
        "shipToContact": "",
        **ADDRESSES,
        "currencyId": NO_ID,
        "currencyCode": "USD",
        "pricesIncludeTax": False,
        "discountAmount": round(sum(row["invoiceDiscountAllocation"] for row in rows), 2),
        "totalAmountExcludingTax": net,
        "totalTaxAmount": tax,
        "totalAmountIncludingTax": round(net + tax, 2),
        "status": "Open",
        "lastModifiedDateTime": "2026-01-05T19:19:22.5Z",
        "phoneNumber": "",
        "email": "robert@adatum.example",
    } | {"lines": rows}


def invoice(lines: Iterable[dict[str, Any]] = (), **changes: Any) -> Any:
    record = _sales(lines, changes) | {
        "invoiceDate": "2026-01-05",
        "dueDate": "2026-02-04",
        "postingDate": "2026-01-05",
        "promisedPayDate": "0001-01-01",
        "customerPurchaseOrderReference": "",
        "orderId": NO_ID,
        "orderNumber": "",
        "remainingAmount": 52.5,
    }
    return as_read(record | {"salesInvoiceLines": record.pop("lines")} | changes)


def sales_order(lines: Iterable[dict[str, Any]] = (), **changes: Any) -> Any:
    record = _sales(lines, changes) | {
        "number": "S-ORD101",
        "orderDate": "2026-01-05",
        "requestedDeliveryDate": "2026-01-20",
        "fullyShipped": False,
    }
    return as_read(record | {"salesOrderLines": record.pop("lines")} | changes)


def purchase_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    made = line(number, **({"directUnitCost": 12.5} | changes))
    made.pop("unitPrice")
    made.pop("shipmentDate")
    return made | {"expectedReceiptDate": changes.get("expectedReceiptDate", "0001-01-01")}


def purchase_order(lines: Iterable[dict[str, Any]] = (), **changes: Any) -> Any:
    record = _sales(list(lines) or [purchase_line()], changes)
    rows = record.pop("lines")
    return as_read(
        record
        | {
            "number": "106001",
            "orderDate": "2026-01-05",
            "requestedReceiptDate": "2026-01-20",
            "vendorId": ID,
            "vendorNumber": "10000",
            "vendorName": "Fabrikam, Inc.",
            "purchaser": "",
            "buyFromAddressLine1": "10 North Lake Avenue",
            "buyFromCity": "Atlanta",
            "buyFromState": "GA",
            "buyFromPostCode": "31772",
            "buyFromCountry": "US",
            "purchaseOrderLines": rows,
        }
        | changes
    )


def customer(number: str = "10000", **changes: Any) -> Any:
    return as_read(
        {
            "id": ID,
            "number": number,
            "displayName": "Adatum Corporation",
            "addressLine1": "192 Market Square",
            "addressLine2": "",
            "city": "Atlanta",
            "state": "GA",
            "country": "US",
            "postalCode": "31772",
            "phoneNumber": "",
            "email": "robert@adatum.example",
            "currencyId": NO_ID,
            "currencyCode": "USD",
            "blocked": "_x0020_",
        }
        | changes
    )


def item(number: str = "1896-S", **changes: Any) -> Any:
    return as_read(
        {
            "number": number,
            "displayName": "ATHENS Desk",
            "type": "Inventory",
            "blocked": False,
            "gtin": "",
            "baseUnitOfMeasureCode": "PCS",
        }
        | changes
    )


def unit(number: int, code: str, international: str = "") -> Any:
    return {"id": f"u{number}", "code": code, "displayName": code.title(), "internationalStandardCode": international}


REFERENCE_RECORDS: dict[str, list[Any]] = {
    "customers": [customer(), customer("20000", displayName="Trey Research"), customer("30000", blocked="All")],
    "vendors": [customer(displayName="Fabrikam, Inc."), customer("20000", displayName="First Up")],
    "items": [item(), item("1900-S", gtin="036000291452"), item("OLD", blocked=True), item("1908-S", gtin="123")],
    "units_of_measure": [unit(1, "PCS", "EA"), unit(2, "BOX", "BX"), unit(3, "SET")],
    "accounts": [
        {"number": "40100", "displayName": "Services", "accountType": "Posting", "blocked": False, "directPosting": False},
        {"number": "40000", "displayName": "Revenue", "accountType": "Begin_x0020_Total", "blocked": False},
        {"number": "49999", "displayName": "Closed plant", "accountType": "Posting", "blocked": True},
    ],
    "currencies": [{"code": "EUR", "displayName": "Euro", "amountDecimalPlaces": "2:2"}],
}


def book(**replaced: list[Any]) -> ReferenceBook:
    """Reference data out of the records above; a set named here is replaced."""
    kinds = {declared.name: declared.kind for declared in mapping().reference.sets}
    items: dict[str, dict[str, Any]] = {}
    for name, records in (REFERENCE_RECORDS | replaced).items():
        for record in records:
            for key, value in mapping().reference.item(name, record):
                items.setdefault(kinds[name], {})[f"{key}|{name}"] = value
    return book_of(1, items)


def partner(**changes: Any) -> Partner:
    values: dict[str, Any] = {
        "name": "adatum",
        "title": "Adatum Corporation",
        "customer_codes": ("10000",),
        "supplier_codes": ("10000",),
        "guide": guide(),
        "destination": "to_adatum",
        "ship_to": {"0042": "20000"},
    }
    return Partner(**(values | changes))


def guide(**changes: Any) -> PartnerGuide:
    values: dict[str, Any] = {
        "partner": "adatum",
        "our_qualifier": "ZZ",
        "our_id": "CRONUS",
        "their_qualifier": "01",
        "their_id": "123456789",
        "our_group_id": "CRONUS",
        "their_group_id": "123456789",
    }
    return PartnerGuide(**(values | changes))


def mapping(**settings: Any) -> ErpMapping:
    return mapping_of(BusinessCentralSettings(**settings))


def codes(findings: Iterable[Any], severity: str = "reject") -> list[str]:
    return [finding.code for finding in findings if finding.severity == severity]
