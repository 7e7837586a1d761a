"""855, 856 and 810 of a supplier against our purchase order."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, ProductId, Tax
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import (
    book,
    codes,
    line,
    mapping,
    partner,
    purchase_order,
)

BOOK = book()
DAY = dt.date(2026, 1, 9)
ORDER = purchase_order(
    [line(0), line(1, ItemCode="A00002", Quantity=10.0, Price=144.0, UoMCode="Box 12", UoMEntry=2, UnitsOfMeasurment=12.0)]
)
FIRST, SECOND = (ProductId("VP", "SUP-1"),), (ProductId("VP", "SUP-2"),)


def acknowledged(*answers: LineAnswer, **changes: Any) -> AcknowledgedLine:
    values: dict[str, Any] = {
        "number": "1",
        "quantity": Decimal(100),
        "unit": "EA",
        "unit_price": Decimal(30),
        "product_ids": FIRST,
        "answers": answers,
    }
    return AcknowledgedLine(**(values | changes))


def change(
    *lines: AcknowledgedLine, record: Any = ORDER, settings: dict[str, Any] | None = None, **changes: Any
) -> AcknowledgmentEffect:
    values: dict[str, Any] = {"order_number": "822014", "date": DAY, "kind": "AC", "lines": lines}
    return mapping(**(settings or {})).suppliers.effect(OrderAcknowledgment(**(values | changes)), record, partner(), BOOK)


def test_a_confirmed_date_is_written_to_the_configured_fields_and_told_in_words():
    confirmed = acknowledged(LineAnswer("IA", Decimal(100), "EA", "067", dt.date(2026, 1, 28)))
    found = change(confirmed, settings={"confirmed_date_fields": ("ShipDate", "U_Confirmed")})
    assert found.changes == {"DocumentLines": [{"LineNum": 0, "ShipDate": "2026-01-28", "U_Confirmed": "2026-01-28"}]}
    assert found.approved_changes == found.changes and found.differences == ()
    assert codes(found.findings, "accept_with_error") == ["line_not_answered"]  # the order's other line
    assert found.lines == (
        {
            "line": "1",
            "item": "A00001",
            "status": "accepted",
            "quantity": "100",
            "unit": "EA",
            "price": "30",
            "date": "2026-01-28",
        },
    )


def test_a_date_that_the_order_has_already_changes_nothing():
    assert change(acknowledged(LineAnswer("IA", date=dt.date(2026, 1, 20)))).changes == {}


def test_several_dates_of_a_line_are_said_and_the_last_is_written():
    days = dt.date(2026, 1, 22), dt.date(2026, 1, 29)
    found = change(acknowledged(*(LineAnswer("IA", Decimal(50), "EA", "067", day) for day in days)))
    assert found.changes["DocumentLines"][0]["ShipDate"] == "2026-01-29"
    assert codes(found.findings, "accept_with_error") == ["split_schedule", "line_not_answered"] and found.differences == ()


@pytest.mark.parametrize(
    ("answers", "changes", "expected", "words"),
    [
        ((LineAnswer("IQ", Decimal(80), "EA"),), {}, ["quantity_differs"], "80 EA confirmed, 100 EA ordered"),
        ((LineAnswer("IP"),), {"unit_price": Decimal("31.5")}, ["price_differs"], "31.5 per EA, ordered at 30"),
        ((LineAnswer("IR"),), {}, ["line_rejected"], "rejected (IR)"),
        ((LineAnswer("R2"),), {}, ["line_rejected"], "invalid item number"),
        ((LineAnswer("IA", Decimal(60), "EA"), LineAnswer("IB", Decimal(40), "EA")), {}, [], ""),
        (
            (LineAnswer("IA", Decimal(60), "EA"), LineAnswer("IR", Decimal(40), "EA")),
            {},
            ["quantity_differs"],
            "60 EA confirmed",
        ),
        ((), {"quantity": Decimal(90)}, ["quantity_differs"], "90 EA"),
        ((LineAnswer("IA"),), {"unit_price": Decimal("30.004")}, [], ""),
        ((LineAnswer("IA"),), {"unit": "PL"}, ["unit_differs"], "stated in PL"),
    ],
)
def test_differences_wait_for_a_person(answers, changes, expected, words):
    found = change(acknowledged(*answers, **changes))
    assert codes(found.differences) == expected
    assert words in " ".join(finding.message for finding in found.differences)
    assert found.approved_changes == found.changes == {}


def test_after_approval_prices_and_quantities_are_changed_only_by_setting():
    stated = acknowledged(LineAnswer("IC", Decimal(80), "EA", "067", dt.date(2026, 1, 28)), unit_price=Decimal("31.5"))
    found = change(stated, settings={"apply_differences": True})
    assert found.changes == {"DocumentLines": [{"LineNum": 0, "ShipDate": "2026-01-28"}]}
    assert found.approved_changes == {
        "DocumentLines": [
            {"LineNum": 0, "ShipDate": "2026-01-28", "Quantity": 80, "UnitPrice": Decimal("31.5"), "DiscountPercent": 0}
        ]
    }


def test_boxes_confirmed_in_eaches_are_compared_in_the_orders_unit():
    stated = acknowledged(
        LineAnswer("IA", Decimal(120), "EA"), number="2", quantity=Decimal(120), unit_price=Decimal(12), product_ids=SECOND
    )
    assert change(stated).differences == ()


def test_a_supplier_who_counts_lines_its_own_way_is_matched_by_item():
    stated = acknowledged(
        LineAnswer("IA"), number="1", quantity=Decimal(10), unit="BX", unit_price=Decimal(144), product_ids=SECOND
    )
    assert [row["line"] for row in change(stated).lines] == ["2"]


def test_a_line_that_was_never_ordered_is_found():
    found = change(acknowledged(LineAnswer("IA"), number="9", product_ids=(ProductId("VP", "ODD"),)))
    assert codes(found.findings) == ["line_unknown"] and found.lines == ()


@pytest.mark.parametrize(("kind", "status"), [("AK", "accepted"), ("RJ", "rejected"), ("AH", "on hold")])
def test_an_answer_without_lines_speaks_for_all(kind, status):
    found = change(kind=kind)
    assert [row["status"] for row in found.lines] == [status] * 2
    assert codes(found.differences) == (["order_rejected"] if kind == "RJ" else [])


def test_a_date_for_the_whole_order_goes_to_every_line():
    found = change(kind="AT", dates=(DateReference("017", dt.date(2026, 2, 2)), DateReference("004", dt.date(2027, 1, 1))))
    assert found.changes == {"DocumentLines": [{"LineNum": n, "ShipDate": "2026-02-02"} for n in (0, 1)]}


def test_closed_and_cancelled_orders_are_not_changed():
    confirmed = acknowledged(LineAnswer("IA", date=dt.date(2026, 1, 28)))
    closed = change(confirmed, record=ORDER | {"DocumentStatus": "bost_Close"})
    assert closed.changes == {} and codes(closed.findings, "accept_with_error") == ["line_not_answered", "order_closed"]
    cancelled = change(confirmed, record=ORDER | {"Cancelled": "tYES"})
    assert cancelled.changes == {} and codes(cancelled.findings) == ["order_cancelled"]


def shipped(number: str, quantity: str, unit: str, ids: tuple[ProductId, ...]) -> ShippedLine:
    return ShippedLine(number, Decimal(quantity), unit, ids)


def notice(*lines: ShippedLine, packages: tuple[Package, ...] = ()) -> ShipNotice:
    return ShipNotice("SH-1", DAY, dt.time(9), (ShippedOrder("822014", lines, packages),))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (notice(shipped("1", "100", "EA", FIRST)), {}),
        (notice(shipped("1", "60", "EA", FIRST)), {"ignore": ["short_shipped"]}),
        (notice(shipped("1", "101", "EA", FIRST)), {"reject": ["over_shipped"]}),
        (notice(shipped("1", "60", "EA", FIRST), shipped("1", "50", "EA", FIRST)), {"reject": ["over_shipped"]}),
        (notice(shipped("2", "121", "EA", SECOND)), {"reject": ["over_shipped"]}),
        (notice(shipped("7", "1", "EA", (ProductId("VP", "ODD"),))), {"reject": ["line_unknown"]}),
        (notice(packages=(Package("106141410000000018", (shipped("1", "100", "EA", FIRST),)),)),
         {"accept_with_error": ["sscc_invalid"]}),
        (notice(packages=(Package("106141411234567897", (shipped("1", "100", "EA", FIRST),)),)), {}),
    ],
)  # fmt: skip
def test_a_ship_notice_is_held_against_the_order(document, expected):
    findings = mapping().suppliers.ship_notice_findings(document, {"822014": ORDER}, partner(), BOOK)
    assert {severity: codes(findings, severity) for severity in dict.fromkeys(f.severity for f in findings)} == expected


def test_a_receipt_is_a_draft_copied_from_the_orders_lines_and_only_by_setting():
    document = notice(shipped("1", "60", "EA", FIRST), shipped("2", "24", "EA", SECOND))
    orders = {"822014": ORDER}
    assert mapping().receipts is None
    creation = mapping(receipt_drafts=True).receipts.receipt(document, orders, partner(), BOOK, "ref")
    assert creation is not None and creation.payload is not None and creation.findings == ()
    assert creation.entity == "PurchaseDeliveryNotes" and creation.payload["DocObjectCode"] == "oPurchaseDeliveryNotes"
    assert (creation.payload["CardCode"], creation.payload["U_MLConnRef"]) == ("V10000", "ref")
    assert creation.payload["DocumentLines"] == [
        {"BaseType": 22, "BaseEntry": 77, "BaseLine": 0, "Quantity": 60},
        {"BaseType": 22, "BaseEntry": 77, "BaseLine": 1, "Quantity": 2},
    ]


def invoice(*lines: InvoiceLine, **changes: Any) -> Invoice:
    rows = lines or (invoiced("1", "100", "EA", "30", FIRST),)
    total = sum((row.extended for row in rows), Decimal())
    return Invoice(**({"number": "INV-1", "date": DAY, "currency": "USD", "total": total, "lines": rows} | changes))


def invoiced(number: str, quantity: str, unit: str, price: str, ids: tuple[ProductId, ...]) -> InvoiceLine:
    return InvoiceLine(number, Decimal(quantity), unit, Decimal(price), ids)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (invoice(), []),
        (invoice(invoiced("1", "40", "EA", "30", FIRST)), []),
        (invoice(invoiced("1", "100", "EA", "30.01", FIRST)), ["price_differs"]),
        (invoice(invoiced("1", "100", "EA", "29", FIRST)), ["price_differs"]),
        (invoice(invoiced("1", "101", "EA", "30", FIRST)), ["quantity_differs"]),
        (invoice(invoiced("1", "100", "EA", "30", FIRST), invoiced("3", "1", "EA", "30", FIRST)), ["quantity_differs"]),
        (invoice(invoiced("2", "120", "EA", "12", SECOND)), []),
        (invoice(total=Decimal("2999.99")), ["total_does_not_add_up"]),
        (invoice(total=Decimal(3210), taxes=(Tax("TX", Decimal(210)),)), []),
        (invoice(invoiced("1", "3", "EA", "30.004", FIRST), total=Decimal("90.01")), []),
        (invoice(invoiced("8", "1", "EA", "1", (ProductId("VP", "ODD"),))), ["line_unknown"]),
        (invoice(currency="EUR"), ["currency_differs"]),
    ],
)
def test_a_suppliers_invoice_is_held_against_the_order(document, expected):
    assert codes(mapping().suppliers.invoice_findings(document, ORDER, partner(), BOOK)) == expected


def test_an_invoice_without_a_known_order_is_at_least_added_up():
    assert codes(mapping().suppliers.invoice_findings(invoice(total=Decimal(1)), None, partner(), BOOK)) == [
        "total_does_not_add_up"
    ]


def test_a_supplier_invoice_is_a_draft_and_only_by_setting():
    freight = AllowanceOrCharge("C", "D240", Decimal(15), "Freight")
    document = invoice(
        invoiced("1", "40", "EA", "30", FIRST),
        total=Decimal(1215),
        allowances_and_charges=(freight,),
        terms=PaymentTerms(net_due_date=dt.date(2026, 2, 8)),
    )
    assert mapping().supplier_invoices is None
    creation = mapping(invoice_drafts=True).supplier_invoices.invoice(document, ORDER, partner(), BOOK, "ref")
    assert creation is not None and creation.payload is not None
    assert creation.entity == "PurchaseInvoices" and creation.payload["DocObjectCode"] == "oPurchaseInvoices"
    assert (creation.payload["NumAtCard"], creation.payload["DocDueDate"]) == ("INV-1", "2026-02-08")
    assert creation.payload["DocumentLines"] == [
        {"BaseType": 22, "BaseEntry": 77, "BaseLine": 0, "Quantity": 40, "UnitPrice": 30, "DiscountPercent": 0}
    ]
    assert codes(creation.findings, "accept_with_error") == ["allowance_not_posted"]


@pytest.mark.parametrize(("of_order", "expected"), [(None, 3), (-1, 3), (5, 5)])
def test_receipt_and_invoice_are_of_their_orders_branch_else_of_the_setting(of_order, expected):
    order = {**ORDER, "BPL_IDAssignedToInvoice": of_order}
    made = mapping(receipt_drafts=True, invoice_drafts=True, branch=3)
    receipt = made.receipts.receipt(notice(shipped("1", "60", "EA", FIRST)), {"822014": order}, partner(), BOOK, "ref")
    bill = made.supplier_invoices.invoice(invoice(), order, partner(), BOOK, "ref")
    for creation in (receipt, bill):
        assert creation is not None and creation.payload is not None
        assert creation.payload["BPL_IDAssignedToInvoice"] == expected


def test_what_documents_become_follows_the_settings():
    default, drafts = mapping(), mapping(order_target="Orders", receipt_drafts=True, invoice_drafts=True)
    assert (default.created, default.received_asset) == (("PurchaseOrders",), "purchase_orders_received")
    assert default.receipts is None and default.supplier_invoices is None and default.suppliers.entity == "PurchaseOrders"
    assert drafts.created == ("Orders", "PurchaseDeliveryNotes", "PurchaseInvoices")
    assert drafts.received_asset == "orders_received"
