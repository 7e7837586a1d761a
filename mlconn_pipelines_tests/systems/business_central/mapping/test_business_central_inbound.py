import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, ProductId
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect, Creation
from mlconn_pipelines_tests.systems.business_central.mapping.business_central_records import (
    book,
    codes,
    customer,
    line,
    mapping,
    partner,
    purchase_line,
    purchase_order,
    sales_order,
)

BOOK = book()
REFERENCE = "acme:salesOrders:D0000001"
DAY = dt.date(2026, 3, 1)


def ordered(number: str = "1", **changes: Any) -> OrderLine:
    values: dict[str, Any] = {
        "number": number,
        "quantity": Decimal(4),
        "unit": "EA",
        "unit_price": Decimal("12.5"),
        "product_ids": (ProductId("VP", "1896-S"),),
    }
    return OrderLine(**(values | changes))


def created(settings: Any = None, *, who: Any = None, **changes: Any) -> Creation:
    values: dict[str, Any] = {"number": "PO-4711", "date": DAY, "lines": (ordered(),)}
    order = PurchaseOrder(**(values | changes))
    return mapping(**(settings or {})).orders.order(order, partner(**(who or {})), BOOK, REFERENCE)


def payload_of(creation: Creation) -> Any:
    assert codes(creation.findings) == [], creation.findings
    assert creation.payload is not None
    return creation.payload


def test_an_order_becomes_a_sales_order_with_its_lines_and_our_reference():
    payload = payload_of(created(dates=(DateReference("002", dt.date(2026, 3, 20)),), currency="USD"))
    assert payload == {
        "customerNumber": "10000",
        "externalDocumentNumber": "PO-4711",
        "orderDate": "2026-03-01",
        "requestedDeliveryDate": "2026-03-20",
        "salesOrderLines": [
            {
                "lineType": "Item",
                "lineObjectNumber": "1896-S",
                "quantity": 4,
                "unitOfMeasureCode": "PCS",
                "unitPrice": Decimal("12.5"),
            },
            {"description": REFERENCE},
        ],
    }


def test_a_price_is_rounded_to_what_the_field_keeps_and_a_quantity_is_not():
    lines = (ordered(quantity=Decimal(90_000), unit_price=Decimal("0.1428571")),)
    creation = created(lines=lines)
    assert creation.payload is not None and "price_rounded" in codes(creation.findings, "accept_with_error")
    assert creation.payload["salesOrderLines"][0]["unitPrice"] == Decimal("0.14286")
    assert codes(created(lines=(ordered(quantity=Decimal("0.123456")),)).findings, "reject") == ["quantity_not_exact"]
    assert codes(created(lines=(ordered(quantity=Decimal("0.12345")),)).findings, "reject") == []


def test_our_reference_may_stand_in_the_ship_to_contact():
    payload = payload_of(created({"reference_field": "shipToContact"}))
    assert payload["shipToContact"] == REFERENCE
    assert len(payload["salesOrderLines"]) == 1


def test_the_order_number_is_kept_in_capitals_which_is_said():
    creation = created(number="po-4711a")
    assert payload_of(creation)["externalDocumentNumber"] == "PO-4711A"
    assert "order_number_in_capitals" in codes(creation.findings, "accept_with_error")
    assert codes(created(number="X" * 36).findings) == ["order_number_too_long"]


def test_a_location_is_the_address_of_the_customer_whom_the_partner_file_names():
    payload = payload_of(created(parties=(Party("ST", id_qualifier="92", id="0042"),)))
    assert (payload["shipToName"], payload["shipToCity"], payload["shipToPostCode"]) == ("Trey Research", "Atlanta", "31772")
    described = Party("ST", "Store 9", "92", "0042", street=("9 Elm",), city="Provo", state="UT", postal_code="84601")
    assert payload_of(created(parties=(described,)))["shipToAddressLine1"] == "9 Elm"
    assert codes(created(parties=(Party("ST", id="0099"),)).findings) == ["ship_to_unknown"]
    assert codes(created(who={"ship_to": {"0099": "77777"}}, parties=(Party("ST", id="0099"),)).findings) == ["ship_to_unknown"]


def test_notes_and_charges_become_comment_lines():
    extra = AllowanceOrCharge("C", "D240", Decimal(7), "Freight")
    creation = created(notes=("Ring the bell " * 10,), allowances_and_charges=(extra,))
    texts = [row["description"] for row in payload_of(creation)["salesOrderLines"] if "lineType" not in row]
    assert texts[:2] == [REFERENCE, "Charge D240 7.00 Freight"]
    assert all(len(text) <= 100 for text in texts)
    assert " ".join(texts[2:]) == ("Ring the bell " * 10).strip()
    assert "allowance_not_posted" in codes(creation.findings, "accept_with_error")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purpose": "01"}, "purpose_not_supported"),
        ({"lines": ()}, "no_lines"),
        ({"lines": (ordered(product_ids=(ProductId("VP", "NONE"),)),)}, "item_unknown"),
        ({"lines": (ordered(product_ids=(ProductId("VP", "OLD"),)),)}, "item_inactive"),
        ({"lines": (ordered(quantity=Decimal()),)}, "quantity_not_positive"),
        ({"lines": (ordered(unit="DR"),)}, "unit_unknown"),
        ({"who": {"customer_codes": ()}}, "partner_code_missing"),
        ({"who": {"customer_codes": ("30000",)}}, "partner_inactive"),
        ({"who": {"customer_codes": ("99999",)}}, "partner_unknown"),
    ],
)
def test_what_is_refused_and_why(changes, code):
    creation = created(**changes)
    assert codes(creation.findings) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "BK"}, "order_type_not_firm"),
        ({"lines": (ordered(price_basis="PP"),)}, "price_basis"),
        ({"lines": (ordered(unread=("SCH",)),)}, "split_by_schedule"),
        ({"parties": (Party("ST", "A", "92", "1"), Party("ST", "B", "92", "2"))}, "several_ship_tos"),
    ],
)
def test_what_is_more_than_an_order_can_hold_waits_for_approval(changes, code):
    creation = created(**changes)
    assert code in codes(creation.findings)
    assert creation.payload is not None or "ship_to_unknown" in codes(creation.findings)


def test_another_currency_than_the_customers_waits_for_approval_with_the_order_ready():
    creation = created(currency="EUR")
    assert codes(creation.findings) == ["currency_differs"]
    assert creation.payload is not None and creation.payload["currencyCode"] == "EUR"


def test_a_customer_without_a_currency_trades_in_the_one_that_is_not_foreign():
    local = book(customers=[customer(currencyCode="")])
    order = PurchaseOrder("PO-1", DAY, (ordered(),), currency="USD")
    assert payload_of(mapping().orders.order(order, partner(), local, REFERENCE))["currencyCode"] == "USD"
    foreign = mapping().orders.order(replace(order, currency="EUR"), partner(), local, REFERENCE)
    assert codes(foreign.findings) == ["currency_differs"]


def test_units_are_converted_by_the_partner_files_factors():
    payload = payload_of(
        created(who={"unit_factors": {"CA": Decimal(12)}}, lines=(ordered(unit="CA", unit_price=Decimal(150)),))
    )
    (row, _) = payload["salesOrderLines"]
    assert (row["quantity"], row["unitOfMeasureCode"], row["unitPrice"]) == (48, "PCS", Decimal("12.5"))


def test_another_unit_that_is_agreed_is_named_and_its_content_left_to_the_service():
    payload = payload_of(created(who={"units": {"BOX": "BX"}}, lines=(ordered(unit="BX", unit_price=Decimal(150)),)))
    (row, _) = payload["salesOrderLines"]
    assert (row["quantity"], row["unitOfMeasureCode"], row["unitPrice"]) == (4, "BOX", Decimal(150))
    unclear = created(who={"units": {"BOX": "BX", "SET": "BX"}}, lines=(ordered(unit="BX"),))
    assert codes(unclear.findings) == ["unit_unknown"]


def answered(*lines: AcknowledgedLine, kind: str = "AC", **changes: Any) -> OrderAcknowledgment:
    return OrderAcknowledgment("106001", DAY, kind, lines=lines, **changes)


def answer(number: str = "1", price: Any = None, **ack: Any) -> AcknowledgedLine:
    values: dict[str, Any] = {"status": "IA", "quantity": Decimal(4), "unit": "EA"} | ack
    return AcknowledgedLine(number, Decimal(4), "EA", price, (ProductId("BP", "1896-S"),), (LineAnswer(**values),))


def change(acknowledgment: OrderAcknowledgment, record: Any = None, **settings: Any) -> AcknowledgmentEffect:
    chosen = {"orders_sent": "purchaseOrders"} | settings
    order = purchase_order([purchase_line(), purchase_line(2)]) if record is None else record
    return mapping(**chosen).suppliers.effect(acknowledgment, order, partner(), BOOK)


def test_a_confirmed_date_goes_to_the_purchase_orders_line_and_the_status_to_the_ledger():
    found = change(answered(answer(date=dt.date(2026, 3, 9), date_qualifier="067")))
    assert found.changes == {"purchaseOrderLines": [{"sequence": 10000, "expectedReceiptDate": "2026-03-09"}]}
    assert found.differences == ()
    assert found.lines == (
        {
            "line": "1",
            "item": "1896-S",
            "status": "accepted",
            "quantity": "4",
            "unit": "EA",
            "price": None,
            "date": "2026-03-09",
        },
    )
    assert found.expected == {}, "the date is in no projection, so there is no revision to foretell"


def test_a_date_that_stands_there_already_is_not_written_again():
    record = purchase_order([purchase_line(expectedReceiptDate="2026-03-09")])
    assert change(answered(answer(date=dt.date(2026, 3, 9))), record).changes == {}
    assert change(answered(answer(date=dt.date(2026, 3, 9))), confirmed_dates=False).changes == {}


def test_other_prices_and_quantities_wait_for_approval_and_are_written_by_setting():
    told = answered(answer(price=Decimal("13.25"), status="IP", quantity=Decimal(3), date=dt.date(2026, 3, 9)))
    found = change(told)
    assert sorted(codes(found.differences)) == ["price_differs", "quantity_differs"]
    assert found.approved_changes == found.changes
    by_setting = change(told, apply_differences=True)
    assert by_setting.approved_changes == {
        "purchaseOrderLines": [
            {"sequence": 10000, "expectedReceiptDate": "2026-03-09", "quantity": 3, "directUnitCost": Decimal("13.25")}
        ]
    }
    assert by_setting.changes == {"purchaseOrderLines": [{"sequence": 10000, "expectedReceiptDate": "2026-03-09"}]}


def test_a_header_date_counts_for_every_line_of_an_answer_without_lines():
    found = change(answered(kind="AD", dates=(DateReference("067", dt.date(2026, 3, 9)),)))
    assert [row["sequence"] for row in found.changes["purchaseOrderLines"]] == [10000, 20000]
    rejected = change(answered(kind="RJ", dates=(DateReference("067", dt.date(2026, 3, 9)),)))
    assert rejected.changes == {} and codes(rejected.differences) == ["order_rejected"]


def test_an_answer_to_a_sales_order_moves_its_shipment_date_and_never_its_prices():
    told = answered(answer(price=Decimal(13), status="IP", date=dt.date(2026, 3, 9)))
    found = change(told, sales_order([line()]), orders_sent="salesOrders", apply_differences=True)
    assert found.approved_changes == {"salesOrderLines": [{"sequence": 10000, "shipmentDate": "2026-03-09"}]}


def test_a_ship_notice_is_held_against_the_order_and_becomes_no_record():
    shipped = ShippedLine("1", Decimal(5), "EA", (ProductId("BP", "1896-S"),))
    notice = ShipNotice("S1", DAY, dt.time(), (ShippedOrder("106001", (shipped,)),), structure="0004")
    bc, orders = mapping(orders_sent="purchaseOrders"), {"106001": purchase_order()}
    assert codes(bc.suppliers.ship_notice_findings(notice, orders, partner(), BOOK)) == ["over_shipped"]
    assert bc.receipts is None and bc.supplier_invoices is None


def test_a_suppliers_invoice_is_held_against_the_order():
    row = InvoiceLine("1", Decimal(4), "EA", Decimal(14), (ProductId("BP", "1896-S"),))
    invoice = Invoice("F-1", DAY, "EUR", Decimal(56), (row,), order_number="106001")
    found = mapping(orders_sent="purchaseOrders").suppliers.invoice_findings(invoice, purchase_order(), partner(), BOOK, ())
    assert sorted(codes(found)) == ["currency_differs", "price_differs"]
