"""Color, size, configuration, style and version are part of an item, out and in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.reference import ReferenceBook, book_of
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICE_LINES
from mlconn_pipelines_tests.systems.finance_operations.mapping.fo_records import (
    PRODUCTS,
    VENDOR,
    VENDORS,
    confirmation,
    line,
    mapping,
    order,
    partner,
)

RED_XL, RED, BLUE = {"ProductColorId": "RED", "ProductSizeId": "XL"}, {"ProductColorId": "Red"}, {"ProductColorId": "BLUE"}
STYLED = {"ProductStyleId": "S1", "ProductConfigurationId": "C1", "ProductVersionId": "2"}


def number(text: str, item: str = "M9201", vendor: str = VENDOR, **variant: str) -> Any:
    return {"ItemNumber": item, "VendorAccountNumber": vendor, "VendorProductNumber": text, **variant}


def book(*numbers: Any) -> ReferenceBook:
    read = mapping().reference.item
    return book_of(
        1,
        {
            "partner": dict(pair for record in VENDORS for pair in read("vendors", record)),
            "item": dict(pair for record in PRODUCTS for pair in read("released_products", record)),
            "cross_reference": dict(pair for record in numbers for pair in read("vendor_item_numbers", record)),
        },
    )


def mapped(lines: Iterable[Any], known: ReferenceBook, **changes: Any) -> Mapped:
    return mapping().outbound.document("x12_850", confirmation(lines), partner(**changes), known)


def sent(variant: Any, known: ReferenceBook, **changes: Any) -> tuple[OrderLine, list[str]]:
    found = mapped([line(1, ExternalItemNumber="", **variant)], known, **changes)
    assert isinstance(found.document, PurchaseOrder)
    return found.document.lines[0], [finding.code for finding in found.findings]


NUMBERS = book(
    number("V-RED-XL", **RED_XL), number("V-RED", **RED), number("V-BLUE", **BLUE), number("V-ANY"), number("V-S", **STYLED)
)


@pytest.mark.parametrize(
    ("variant", "theirs", "findings"),
    [
        (RED_XL, "V-RED-XL", []),
        (RED, "V-RED", []),
        (BLUE, "V-BLUE", []),
        (STYLED, "V-S", []),
        ({}, "V-ANY", []),
        ({"ProductColorId": "RED", "ProductSizeId": "S"}, "V-RED", ["variant_not_numbered"]),
        ({"ProductSizeId": "XL"}, "V-ANY", ["variant_not_numbered"]),
    ],
)
def test_each_variant_goes_out_under_the_vendors_number_for_it(variant: Any, theirs: str, findings: list[str]) -> None:
    shown, found = sent(variant, NUMBERS)
    assert shown.product_ids[0] == ProductId("VP", theirs) and found == findings


def test_a_variant_without_a_number_of_its_own_is_told_in_the_description() -> None:
    shown, found = sent({**RED_XL, "LineDescription": "Shirt, red"}, book())
    assert (shown.description, found) == ("Shirt, red, size XL", ["variant_not_numbered"])
    assert shown.product_ids == (ProductId("BP", "M9201"),)
    assert sent({}, book())[0].description == "Bolt M8"


def test_several_numbers_for_one_variant_are_a_finding_and_none_is_chosen() -> None:
    known = book(number("V-2", **RED), number("V-1", **RED), number("V-3"))
    shown, found = sent(RED, known)
    assert found == ["partner_number_ambiguous", "variant_not_numbered"]
    assert shown.product_ids == (ProductId("BP", "M9201"),)
    (message, *_) = [finding.message for finding in mapped([line(1, ExternalItemNumber="", **RED)], known).findings]
    assert "V-1, V-2" in message and "M9201|color=RED" in message
    assert sent(RED, known, items={"V-2": "M9201|color=red"})[0].product_ids[0].id == "V-2"
    assert sent({}, known)[0].product_ids[0].id == "V-3", "the item itself has one number"
    stated = mapped([line(1, ExternalItemNumber="V-2", **RED)], known)
    assert stated.findings == (), "the order itself says which"


def test_the_partner_file_names_variants() -> None:
    items = {"ALL": "M9201", "R": "M9201 | color = red", "RX": "M9201|size=XL|color=RED"}
    for variant, theirs in ((RED_XL, "RX"), (RED, "R"), (BLUE, "ALL")):
        assert sent(variant, book(), items=items)[0].product_ids[0].id == theirs


ORDER = order(
    [
        line(1, ExternalItemNumber="", **RED),
        line(2, ExternalItemNumber="", PurchasePrice=7.0, **BLUE),
        line(3, ExternalItemNumber="", PurchasePrice=9.0),
    ]
)


def invoiced(ids: tuple[ProductId, ...], price: str, known: ReferenceBook, stated: str = "") -> Any:
    charged = InvoiceLine(stated, Decimal(100), "EA", Decimal(price), ids)
    document = Invoice(
        number="INV-1",
        date=dt.date(2026, 11, 25),
        currency="USD",
        total=charged.extended,
        lines=(charged,),
        order_number="000042",
    )
    assert [finding.code for finding in mapping().suppliers.invoice_findings(document, ORDER, partner(), known)] == []
    creation = mapping().supplier_invoices.invoice(document, ORDER, partner(), known, "acme:VendorInvoiceHeaders:D1")
    assert creation is not None and creation.payload is not None, creation
    (row,) = creation.payload[INVOICE_LINES]
    return row


@pytest.mark.parametrize(
    ("theirs", "price", "order_line", "dimensions"),
    [("V-RED", "30", 1, {"ProductColorId": "Red"}), ("V-BLUE", "7", 2, {"ProductColorId": "BLUE"})],
)
def test_an_810_is_of_the_line_whose_variant_its_number_means(
    theirs: str, price: str, order_line: int, dimensions: dict[str, str]
) -> None:
    row = invoiced((ProductId("VP", theirs),), price, NUMBERS)
    assert row["PurchLineNumber"] == order_line
    assert {name: value for name, value in row.items() if name.startswith("Product")} == dimensions


def test_a_number_of_several_variants_means_the_line_that_is_named() -> None:
    known = book(number("V-ALL", **RED), number("V-ALL", **BLUE))
    assert invoiced((ProductId("VP", "V-ALL"),), "7", known, stated="2")["PurchLineNumber"] == 2
    assert invoiced((ProductId("VP", "V-ALL"),), "30", known)["PurchLineNumber"] == 1, "the first that is left"


def test_a_line_without_a_variant_sends_no_dimension() -> None:
    row = invoiced((ProductId("VP", "V-ANY"),), "9", book(number("V-ANY", item="M9201")), stated="3")
    assert not [name for name in row if name.startswith("Product")]


@pytest.mark.parametrize(
    "field", ["ProductColorId", "ProductSizeId", "ProductConfigurationId", "ProductStyleId", "ProductVersionId"]
)
def test_another_variant_is_a_change(field: str) -> None:
    def content(value: str) -> str:
        return mapping().outbound.header("x12_850", confirmation([line(1, **{field: value})])).content_hash

    assert content("A") != content("B") != content("")
