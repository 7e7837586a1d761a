"""810, 855 and 856 of a vendor against our order in F&O."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, PaymentTerms, ProductId, Tax
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.edi.inbound_850 import order_record
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICE_LINES, INVOICES, ORDER_LINES
from mlconn_pipelines_tests.systems.finance_operations.mapping.fo_records import (
    PAYEE,
    VENDOR,
    book,
    line,
    mapping,
    order,
    partner,
)

DAY = dt.date(2026, 11, 25)
ORDER = order(
    [
        line(10),
        line(20, ItemNumber="M9202", ExternalItemNumber="", PurchasePrice=125.0, PurchasePriceQuantity=100.0),
        line(30, PurchaseOrderLineStatus="Canceled"),
    ]
)
FIRST, SECOND = (ProductId("VP", "SUP-1"),), (ProductId("VP", "SUP-2"),)
REFERENCE = "acme:VendorInvoiceHeaders:D1"


def charged(number: str = "10", quantity: int = 100, price: str = "30", ids: Any = FIRST, unit: str = "EA") -> InvoiceLine:
    return InvoiceLine(number, Decimal(quantity), unit, Decimal(price), ids)


def invoice(*lines: InvoiceLine, **changes: Any) -> Invoice:
    rows = lines or (charged(),)
    extras = changes.get("allowances_and_charges", ())
    total = sum((row.extended for row in rows), Decimal()) + sum((extra.amount for extra in extras), Decimal())
    values: dict[str, Any] = {
        "number": "INV-1",
        "date": DAY,
        "currency": "USD",
        "total": total,
        "lines": rows,
        "order_number": "000042",
    }
    return Invoice(**(values | changes))


def created(document: Invoice, record: Any = ORDER, reference_book: Any = None, **settings: Any) -> Creation:
    creation = mapping(**settings).supplier_invoices.invoice(document, record, partner(), reference_book or book(), REFERENCE)
    assert creation is not None
    return creation


def found(document: Invoice, record: Any = ORDER) -> list[str]:
    return [finding.code for finding in mapping().suppliers.invoice_findings(document, record, partner(), book())]


def test_an_810_becomes_a_pending_vendor_invoice_with_lines_of_the_order() -> None:
    document = invoice(charged(), charged("20", 40, "1.25", SECOND), terms=PaymentTerms(net_due_date=dt.date(2026, 12, 25)))
    assert found(document) == []
    creation = created(document)
    assert (creation.entity, creation.findings, creation.partner_code) == (INVOICES, (), VENDOR)
    assert creation.payload is not None
    lines = creation.payload[INVOICE_LINES]
    assert {name: value for name, value in creation.payload.items() if name != INVOICE_LINES} == {
        "dataAreaId": "usmf",
        "HeaderReference": REFERENCE,
        "InvoiceNumber": "INV-1",
        "InvoiceAccount": VENDOR,
        "VendorAccount": VENDOR,
        "InvoiceDate": "2026-11-25T12:00:00Z",
        "PurchaseOrderNumber": "000042",
        "Currency": "USD",
        "Comment": "X12 810 INV-1 of Ferrolux",
        "DueDate": "2026-12-25T12:00:00Z",
    }
    assert [(row["InvoiceLineNumber"], row["PurchLineNumber"], row["ItemNumber"], row["ReceiveNow"]) for row in lines] == [
        (1, 10, "M9201", Decimal(100)),
        (2, 20, "M9202", Decimal(40)),
    ]
    second = lines[1]
    assert (second["UnitPrice"], second["PriceUnit"], second["NetAmount"]) == (Decimal(125), Decimal(100), Decimal(50))
    assert (second["Unit"], second["PurchaseOrder"], second["Currency"]) == ("ea", "000042", "USD")
    assert "Quantity" not in second and "Discount" not in second


def test_the_vendor_who_is_paid_may_be_another_one() -> None:
    payload = created(invoice(), order([line(10)], InvoiceVendorAccountNumber=PAYEE)).payload
    assert payload is not None and (payload["InvoiceAccount"], payload["VendorAccount"]) == (PAYEE, VENDOR)
    assert payload[INVOICE_LINES][0]["InvoiceAccount"] == PAYEE


def test_the_discount_of_an_order_line_does_not_come_on_top_of_a_net_price() -> None:
    record = order([line(10, LineDiscountPercentage=10.0, LineAmount=2700.0)])
    assert found(invoice(charged(price="27")), record) == []
    payload = created(invoice(charged(price="27")), record).payload
    assert payload is not None
    row = payload[INVOICE_LINES][0]
    assert (row["UnitPrice"], row["Discount"], row["DiscountPercent"], row["NetAmount"]) == (Decimal(27), 0, 0, Decimal(2700))


def test_the_setting_switches_it_off() -> None:
    assert mapping().created == (INVOICES,)
    off = mapping(supplier_invoices=False)
    assert off.supplier_invoices is None and off.created == ()


def test_vendor_and_items_must_be_real_records_and_are_looked_up_before_they_are_refused() -> None:
    creation = created(invoice(), reference_book=book(vendors=(), products=()))
    assert creation.payload is None and set(creation.missing) == {("partner", VENDOR), ("item", "M9201")}
    assert {finding.code for finding in creation.findings} >= {"partner_unknown", "item_unknown"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (invoice(charged(price="31")), "price_differs"),
        (invoice(charged(quantity=101)), "quantity_differs"),
        (invoice(charged(quantity=60), charged(quantity=41)), "quantity_differs"),
        (invoice(charged("99", ids=(ProductId("VP", "ELSE"),))), "line_unknown"),
        (invoice(charged("30", ids=())), "line_unknown"),
        (invoice(charged(unit="BX")), "unit_differs"),
        (invoice(total=Decimal(1)), "total_does_not_add_up"),
        (invoice(currency="EUR"), "currency_differs"),
    ],
)
def test_what_does_not_agree_with_the_order_is_found(document: Invoice, code: str) -> None:
    assert code in found(document)


def test_an_invoice_of_a_cancelled_order_is_found() -> None:
    assert "order_cancelled" in found(invoice(), order([line(10)], PurchaseOrderStatus="Canceled"))


def test_an_invoice_is_never_made_without_one_of_its_lines_even_approved() -> None:
    assert created(invoice(charged(), charged("99", ids=(ProductId("VP", "ELSE"),)))).payload is None
    assert created(invoice(charged(price="31"))).payload is not None  # a price is a person's to approve


def test_charges_and_taxes_are_named_and_not_posted() -> None:
    extras = (AllowanceOrCharge("C", "D240", Decimal("12.50"), "Freight"),)
    creation = created(invoice(allowances_and_charges=extras, taxes=(Tax("TX", Decimal(3)),)))
    assert creation.payload is not None
    assert creation.payload["Comment"].endswith("charge 12.50 Freight / tax 3.00")
    assert {finding.code for finding in creation.findings} == {"allowance_not_posted"}


def answer(*lines: AcknowledgedLine, **changes: Any) -> OrderAcknowledgment:
    return OrderAcknowledgment(**({"order_number": "000042", "date": DAY, "kind": "AC", "lines": lines} | changes))


def acknowledged(status: str = "IA", quantity: int = 100, price: str = "30") -> AcknowledgedLine:
    said = LineAnswer(status, Decimal(quantity), "EA", "067", dt.date(2026, 12, 3))
    return AcknowledgedLine("10", Decimal(100), "EA", Decimal(price), FIRST, (said,))


def test_an_855_is_recorded_and_writes_the_confirmed_date_only_by_setting() -> None:
    change = mapping().suppliers.effect(answer(acknowledged()), ORDER, partner(), book())
    assert change.changes == {} == change.approved_changes and change.differences == ()
    assert [finding.code for finding in change.findings] == ["line_not_answered"]  # the order's other line
    (told,) = change.lines
    assert (told["line"], told["status"], told["date"]) == ("10", "accepted", "2026-12-03")
    written = mapping(confirmed_dates=True).suppliers.effect(answer(acknowledged()), ORDER, partner(), book())
    assert written.changes == {ORDER_LINES: [{"LineNumber": 10, "ConfirmedDeliveryDate": "2026-12-03T12:00:00Z"}]}


@pytest.mark.parametrize(
    "held", [{"ConfirmedDeliveryDate": "2026-12-03T12:00:00Z"}, {"PurchaseOrderLineStatus": "Invoiced"}], ids=str
)
def test_a_date_that_stands_there_or_is_past_changing_is_not_written(held: dict[str, Any]) -> None:
    record = order([line(10, **held)])
    assert mapping(confirmed_dates=True).suppliers.effect(answer(acknowledged()), record, partner(), book()).changes == {}


def test_other_quantities_and_prices_wait_for_a_person() -> None:
    change = mapping().suppliers.effect(answer(acknowledged("IQ", 80, "31")), ORDER, partner(), book())
    assert [finding.code for finding in change.differences] == ["quantity_differs", "price_differs"]


def test_an_856_is_held_against_the_order_and_makes_no_receipt() -> None:
    def codes(quantity: int) -> list[str]:
        shipped = ShippedOrder("000042", (ShippedLine("10", Decimal(quantity), "EA", FIRST),))
        notice = ShipNotice("SN-1", DAY, dt.time(), (shipped,))
        assert mapping().receipts is None
        return [f.code for f in mapping().suppliers.ship_notice_findings(notice, {"000042": ORDER}, partner(), book())]

    assert codes(100) == [] and codes(101) == ["over_shipped"] and codes(50) == ["short_shipped"]


def test_an_850_from_outside_is_for_a_person() -> None:
    theirs = PurchaseOrder("PO-1", DAY, (OrderLine("1", Decimal(1), "EA", None, ()),))
    creation = order_record(mapping(), theirs, partner(), book(), REFERENCE)
    assert creation.payload is None and [finding.code for finding in creation.findings] == ["no_orders_taken"]
