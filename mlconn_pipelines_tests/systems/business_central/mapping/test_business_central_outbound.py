import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import ProductId, Reference
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.party import party_of
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines_tests.systems.business_central.mapping.business_central_records import (
    book,
    codes,
    comment,
    guide,
    invoice,
    item,
    line,
    mapping,
    partner,
    purchase_line,
    purchase_order,
    sales_order,
)

BOOK = book()


def mapped(record: Any, flow: str = "x12_810", orders_sent: str = "salesOrders", **changes: Any) -> Mapped:
    return mapping(orders_sent=orders_sent).outbound.document(flow, record, partner(**changes), BOOK)


def invoice_of(record: Any, **changes: Any) -> Invoice:
    found = mapped(record, **changes)
    assert codes(found.findings) == [], found.findings
    assert isinstance(found.document, Invoice)
    return found.document


def order_of(record: Any, orders_sent: str = "salesOrders", **changes: Any) -> PurchaseOrder:
    found = mapped(record, "x12_850", orders_sent, **changes)
    assert codes(found.findings) == [], found.findings
    assert isinstance(found.document, PurchaseOrder)
    return found.document


def test_an_invoice_as_a_partner_would_read_it():
    found = invoice_of(invoice())
    assert (found.number, found.date, found.currency, found.order_number) == ("103031", dt.date(2026, 1, 5), "USD", "PO-4711")
    assert found.total == Decimal("52.5") == found.counted_total
    (row,) = found.lines
    assert (row.number, row.quantity, row.unit, row.unit_price) == ("1", 4, "EA", Decimal("12.5"))
    assert row.product_ids == (ProductId("VP", "1896-S"),)
    assert [(tax.amount, tax.percent) for tax in found.taxes] == [(Decimal("2.5"), 5)]
    bill_to, ship_to, seller = (party_of(found.parties, role) for role in ("BT", "ST", "SE"))
    assert bill_to is not None and ship_to is not None and seller is not None
    assert (bill_to.id_qualifier, bill_to.id, bill_to.contacts[0].email) == ("91", "10000", "robert@adatum.example")
    assert (ship_to.name, ship_to.street, ship_to.state) == ("Adatum Reno", ("4500 Commerce Pkwy", "Dock 7"), "NV")
    assert seller.id == "CRONUS"
    assert found.terms is not None and found.terms.net_days == 30


def test_line_discounts_are_in_the_price_and_the_invoice_discount_is_an_allowance():
    rows = [line(discountAmount=5, discountPercent=10, invoiceDiscountAllocation=2.25), line(2, quantity=3, unitPrice=0.333)]
    found = invoice_of(invoice(rows))
    assert [row.unit_price for row in found.lines] == [Decimal("11.25"), Decimal("0.333")]
    assert [(extra.indicator, extra.code, extra.amount) for extra in found.allowances_and_charges] == [
        ("A", "C310", Decimal("2.25"))
    ]
    assert found.total == Decimal("45.94")


def test_prices_that_include_tax_are_sent_without_it():
    gross = line(unitPrice=13.125, amountExcludingTax=50)
    found = invoice_of(invoice([gross], pricesIncludeTax=True))
    assert (found.lines[0].unit_price, found.total) == (Decimal("12.5"), Decimal("52.5"))


def test_item_charges_are_charges_and_comments_notes_without_our_reference():
    freight = line(2, lineType="Charge", lineObjectNumber="S-FREIGHT", description="Freight", quantity=1, unitPrice=7)
    found = invoice_of(invoice([line(), freight, comment("Handle with care"), comment("acme:salesOrders:D0000001")]))
    assert len(found.lines) == 1
    assert [(c.indicator, c.amount, c.description) for c in found.allowances_and_charges] == [("C", 7, "Freight")]
    assert found.notes == ("Handle with care",)
    assert found.counted_total == found.total


def test_an_account_line_needs_no_item():
    fee = line(lineType="Account", lineObjectNumber="40100", description="Installation", unitOfMeasureCode="")
    (row,) = invoice_of(invoice([fee])).lines
    assert (row.product_ids, row.description, row.unit) == ((), "Installation", "EA")


@pytest.mark.parametrize(
    ("number", "code"),
    [("40100", []), ("40000", ["account_not_postable"]), ("49999", ["account_inactive"]), ("7", ["account_unknown"])],
)
def test_the_account_of_a_line_is_checked(number, code):
    found = mapped(invoice([line(lineType="Account", lineObjectNumber=number, unitOfMeasureCode="")]))
    assert codes(found.findings) == code and found.missing == ((("account", number),) if code else ())


@pytest.mark.parametrize(
    ("code", "values", "found"),
    [
        ("SALES", [], []),  # a ledger that has read no values yet
        ("SALES", [(1, "SALES")], []),
        ("SOLD", [(1, "SALES"), (2, "SOLD")], ["dimension_value_unknown"]),
        ("SOLD", [(2, "SALES")], []),  # of another dimension, which says nothing of this one
    ],
)
def test_the_dimensions_of_a_line_are_checked(code, values, found):
    held = {"id": "D1", "code": "DEPARTMENT", "displayName": "Department", "valueCode": code}
    records = [{"id": f"v{n}", "code": value, "dimensionId": f"d{of}"} for n, (of, value) in enumerate(values)]
    known = book(dimension_values=records)
    got = mapping().outbound.document("x12_810", invoice([line(dimensionSetLines=[held])]), partner(), known)
    assert codes(got.findings) == found and got.missing == ((("dimension_value", code),) if found else ())
    if found:
        assert got.findings[0].message == "'SOLD' is not a value of dimension Department in Business Central. Correct the line."


def test_a_unit_goes_by_its_international_code_where_only_that_is_agreed():
    (row,) = invoice_of(invoice([line(unitOfMeasureCode="BOX")]), units={"Karton": "BX"}).lines
    assert row.unit == "BX"
    refused = mapped(invoice([line(unitOfMeasureCode="SET")]))
    assert codes(refused.findings) == ["unit_unknown"]


def test_a_draft_is_refused_and_a_corrective_invoice_is_a_persons():
    assert codes(mapped(invoice(status="Draft")).findings) == ["not_posted"]
    assert codes(mapped(invoice(status="In_x0020_Review")).findings) == ["not_posted"]
    assert codes(mapped(invoice(status="Corrective")).findings) == ["corrective_invoice"]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (invoice(customerNumber="99999"), "partner_unknown"),
        (invoice(customerNumber="30000"), "partner_inactive"),
        (invoice([line(lineObjectNumber="NONE")]), "item_unknown"),
        (invoice([line(lineObjectNumber="OLD")]), "item_inactive"),
        (invoice([line(lineObjectNumber="")]), "item_missing"),
        (invoice(currencyCode="EURO"), "currency_without_iso_code"),
        (invoice(externalDocumentNumber="X" * 23), "order_number_too_long"),
        (invoice([comment("only words")]), "no_lines"),
        (invoice(totalAmountIncludingTax=60), "total_does_not_add_up"),
        (invoice(invoiceDate="0001-01-01"), "record_unreadable"),
        (invoice(discountAmount="much"), "record_unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_and_why(record, code):
    assert codes(mapped(record).findings) == [code]


def test_what_is_missing_is_asked_for_once_more():
    found = mapped(invoice([line(lineObjectNumber="NEW")], customerNumber="40000"))
    assert set(found.missing) == {("item", "NEW"), ("partner", "40000")}


def test_a_customer_and_a_vendor_may_bear_one_number():
    assert BOOK.partner("10000", "customer").name == "Adatum Corporation"
    assert BOOK.partner("10000", "supplier").name == "Fabrikam, Inc."


def test_barcodes_go_along_where_the_partner_wants_them():
    wanted = guide(product_id_qualifiers=("UP", "VP"))
    (row,) = invoice_of(invoice([line(lineObjectNumber="1900-S")]), guide=wanted).lines
    assert row.product_ids == (ProductId("UP", "036000291452"), ProductId("VP", "1900-S"))
    found = mapped(invoice([line(lineObjectNumber="1908-S")]), guide=wanted)
    assert codes(found.findings, "accept_with_error") == ["barcode_invalid"]


def test_the_customers_location_number_goes_along_where_the_partner_file_has_it():
    party = party_of(invoice_of(invoice(), ship_to={"0042": "10000"}).parties, "ST")
    assert party is not None and (party.id_qualifier, party.id) == ("92", "0042")


def test_long_names_are_made_to_fit_and_what_is_lost_is_said():
    found = mapped(invoice(customerName="Big Barn " * 11, billToName="Big Barn " * 11, shipToContact="Receiving " * 9))
    assert codes(found.findings) == []
    assert "address_shortened" in codes(found.findings, "accept_with_error")
    assert isinstance(found.document, Invoice)
    for party in found.document.parties:
        assert all(len(contact.name) <= 60 for contact in party.contacts)


def to_cents(amount: Decimal) -> Decimal:
    """Half a cent goes up, as Business Central and the mapping have it."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.decimals("0.01", "900", places=2, allow_nan=False), st.decimals("0.001", "500", places=3, allow_nan=False)
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([0, 5, 10]),
)
def test_what_business_central_rounds_line_by_line_adds_up_to_the_cent(rows, percent):
    lines = []
    for number, (quantity, price) in enumerate(rows, start=1):
        off = to_cents(quantity * price * percent / 100)
        lines.append(
            line(number, quantity=float(quantity), unitPrice=float(price), discountPercent=percent, discountAmount=float(off))
        )
    found = invoice_of(invoice(lines))
    rounded = sum(to_cents(row.extended) for row in found.lines)
    exact = sum(row.extended for row in found.lines)
    extras = sum(c.amount if c.indicator == "C" else -c.amount for c in found.allowances_and_charges)
    tax = sum(tax.amount for tax in found.taxes)
    assert found.total in (to_cents(exact + tax + extras), rounded + tax + extras)


def test_a_sales_order_as_an_850():
    found = order_of(sales_order([line(), line(2, quantity=2)]))
    assert (found.number, found.date, found.currency) == ("S-ORD101", dt.date(2026, 1, 5), "USD")
    assert [(row.number, row.quantity, row.unit_price) for row in found.lines] == [
        ("1", 4, Decimal("12.5")),
        ("2", 2, Decimal("12.5")),
    ]
    assert found.references == (Reference("CO", "PO-4711"),)
    assert [(date.qualifier, date.date) for date in found.dates] == [("002", dt.date(2026, 1, 20))]
    buyer = party_of(found.parties, "BY")
    assert buyer is not None and (buyer.id, buyer.name) == ("10000", "Adatum Corporation")


def test_a_purchase_order_as_an_850_by_setting():
    found = order_of(purchase_order([purchase_line(directUnitCost=7.25)]), "purchaseOrders")
    (row,) = found.lines
    assert (found.number, row.unit_price, row.product_ids) == ("106001", Decimal("7.25"), (ProductId("BP", "1896-S"),))
    vendor = party_of(found.parties, "VN")
    assert vendor is not None and (vendor.id_qualifier, vendor.id, vendor.name) == ("92", "10000", "Fabrikam, Inc.")
    assert [date.date for date in found.dates] == [dt.date(2026, 1, 20)]


def test_the_partner_kind_of_orders_follows_the_setting():
    assert mapping().outbound.sets["x12_850"].partner_kind == "customer"
    assert mapping(orders_sent="purchaseOrders").outbound.sets["x12_850"].partner_kind == "supplier"
    assert not mapping().outbound.sets["x12_850"].records_stay, "an order that is invoiced in full vanishes"
    assert mapping().outbound.sets["x12_810"].records_stay


def test_an_item_shows_its_base_unit_only():
    (_, value) = mapping().reference.item("items", item())[0]
    assert (value.stock_unit, value.unit_factors) == ("PCS", {"PCS": 1})
