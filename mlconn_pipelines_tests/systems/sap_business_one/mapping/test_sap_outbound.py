import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.party import party_of
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import (
    as_read,
    book,
    card,
    codes,
    document,
    guide,
    item,
    line,
    mapping,
    partner,
    purchase_order,
    wanting,
)

BOOK = book()


def invoice(record: Any, **changes: Any) -> Mapped:
    return mapping().outbound.document("x12_810", record, partner(**changes), BOOK)


def invoice_document(record: Any, **changes: Any) -> Invoice:
    mapped = invoice(record, **changes)
    assert codes(mapped.findings) == [], mapped.findings
    assert isinstance(mapped.document, Invoice)
    return mapped.document


def test_an_invoice_as_a_partner_would_read_it():
    found = invoice_document(document())
    assert (found.number, found.date, found.currency, found.order_number) == ("310007", dt.date(2026, 1, 5), "USD", "PO-4711")
    assert found.total == Decimal(3549) == found.counted_total
    (row,) = found.lines
    assert (row.number, row.quantity, row.unit, row.unit_price, row.description) == (
        "1",
        100,
        "EA",
        30,
        "J.B. Officeprint 1420",
    )
    assert row.product_ids == (ProductId("VP", "A00001"), ProductId("BP", "MT-1"))
    assert [(tax.kind, tax.amount, tax.percent) for tax in found.taxes] == [("TX", 549, Decimal("18.3"))]
    bill_to, ship_to = party_of(found.parties, "BT"), party_of(found.parties, "ST")
    assert bill_to is not None and ship_to is not None
    assert (bill_to.name, bill_to.street, bill_to.city) == ("Maxi-Teq", ("79 Main Street",), "Memphis")
    assert [(c.function, c.name, c.email) for c in bill_to.contacts] == [("BD", "Max Teq", "max@maxi-teq.example")]
    assert (ship_to.id_qualifier, ship_to.id, ship_to.street) == ("92", "0042", ("4500 Commerce Pkwy", "Dock 7"))
    assert found.terms is not None and found.terms.net_days == 30
    assert found.notes == ()


def test_a_document_survives_its_stored_form():
    found = invoice_document(document())
    assert from_json(Invoice, to_json(found)) == found


def test_a_foreign_invoice_uses_the_amounts_of_its_own_currency():
    foreign = line(Quantity=10.0, Price=9.99, Currency="EUR", LineTotal=108.14, RowTotalFC=99.9)
    found = invoice_document(
        document([foreign], DocCurrency="EUR", DocRate=1.0825, DocTotal=128.69, DocTotalFc=118.88, VatSum=20.55, VatSumFc=18.98)
    )
    assert (found.currency, found.total, found.counted_total) == ("EUR", Decimal("118.88"), Decimal("118.88"))


def test_discount_freight_and_rounding_become_allowances_and_charges():
    record = document(
        TotalDiscount=150.0,
        RoundingDiffAmount=0.02,
        DocTotal=3424.02,
        DocumentAdditionalExpenses=[{"ExpenseCode": 1, "LineTotal": 25.0, "LineTotalFC": 0.0, "Remarks": "Express"}],
    )
    found = invoice_document(record)
    assert [(extra.indicator, extra.code, extra.amount, extra.description) for extra in found.allowances_and_charges] == [
        ("A", "C310", Decimal("150"), "Discount"),
        ("C", "D240", Decimal("25"), "Express"),
        ("C", "F050", Decimal("0.02"), "Rounding"),
    ]
    assert found.counted_total == found.total


def test_a_difference_that_nothing_explains_is_refused_with_both_numbers():
    mapped = invoice(document(DocTotal=3000.0))
    (finding,) = [f for f in mapped.findings if f.severity == "reject"]
    assert finding.code == "total_does_not_add_up"
    assert "3000.00" in finding.message and "3549.00" in finding.message and "-549.00" in finding.message


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.decimals("0.001", "900", places=3, allow_nan=False),
            st.decimals("0.000001", "500", places=6, allow_nan=False),
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([0, 5, 19]),
    st.decimals("0", "30", places=2),
)
def test_what_sap_rounds_line_by_line_adds_up_to_the_cent(rows, tax_percent, discount_percent):
    """Totals as SAP makes them: every line rounded, tax and discount on the rounded sum.

    A partner rounds once or line by line; the total must come out to the cent in at least one of the two ways.
    """
    cent = Decimal("0.01")
    totals = [(quantity * price).quantize(cent) for quantity, price in rows]
    net = sum(totals, Decimal())
    discount = (net * discount_percent / 100).quantize(cent)
    tax = ((net - discount) * tax_percent / 100).quantize(cent)
    lines = [
        line(n, Quantity=float(q), Price=float(p), LineTotal=float(t))
        for n, ((q, p), t) in enumerate(zip(rows, totals, strict=True))
    ]
    record = document(lines, VatSum=float(tax), TotalDiscount=float(discount), DocTotal=float(net - discount + tax))
    found = invoice_document(record)
    once = found.counted_total
    by_line = once + sum((one.extended.quantize(cent, ROUND_HALF_UP) - one.extended for one in found.lines), Decimal())
    assert found.total in (once.quantize(cent, ROUND_HALF_UP), by_line)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CardCode": "C99999"}, "partner_unknown"),
        ({"CardCode": "V10000"}, "partner_type_mismatch"),
        ({"DocCurrency": "XYZ"}, "currency_unknown"),
        ({"DocCurrency": "PTS"}, "currency_without_iso_code"),
        ({"NumAtCard": "PO-2026-000000000000-77"}, "order_number_too_long"),
        ({"DocDate": "somewhen"}, "record_unreadable"),
        ({"DocTotal": "much"}, "record_unreadable"),
    ],
)
def test_a_header_that_cannot_leave_is_refused_with_its_reason(changes, code):
    assert code in codes(invoice(document(**changes)).findings)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ItemCode": "B0"}, "item_unknown"),
        ({"ItemCode": None}, "item_missing"),
        ({"UoMCode": "Basket", "MeasureUnit": "Wicker Basket"}, "unit_unknown"),
        ({"Currency": "EUR"}, "line_currency_differs"),
        ({"CostingCode": "NONE"}, "cost_assignment_unknown"),
        ({"CostingCode": "OFF"}, "cost_assignment_inactive"),
        ({"CostingCode2": "SALES"}, "cost_assignment_of_other_dimension"),
        ({"CostingCode": "MIX"}, "cost_centre_inactive"),
        ({"CostingCode2": "SHUT"}, "cost_centre_inactive"),
        ({"CostingCode2": "LOST"}, "cost_centre_unknown"),
        ({"CostingCode5": "SPARE"}, "dimension_inactive"),
        ({"AccountCode": "_SYS09"}, "account_unknown"),
        ({"AccountCode": "_SYS02"}, "account_not_postable"),
        ({"AccountCode": "590000"}, "account_inactive"),
    ],
)
def test_a_line_that_cannot_leave_is_refused_at_its_place(changes, code):
    (finding,) = [f for f in invoice(document([line(4, **changes)])).findings if f.severity == "reject"]
    assert (finding.code, finding.place) == (code, "line 5")
    assert len(finding.message.split()) > 5


def test_a_rule_that_leads_to_an_active_profit_centre_passes():
    assert codes(invoice(document([line(CostingCode="SALES")])).findings) == []


@pytest.mark.parametrize(
    ("changes", "active"),
    [
        ({"Valid": "tNO"}, False),
        ({"Frozen": "tYES"}, False),
        ({"ValidTo": "2026-01-04T00:00:00Z"}, False),
        ({"ValidTo": "2026-01-05T00:00:00Z"}, True),
        ({"ValidFrom": "2026-01-06T00:00:00Z"}, False),
        ({"Frozen": "tYES", "FrozenFrom": "2026-01-01T00:00:00Z", "FrozenTo": "2026-01-31T00:00:00Z"}, False),
        ({"Frozen": "tYES", "FrozenFrom": "2026-02-01T00:00:00Z"}, True),
    ],
)
def test_masters_are_active_on_the_documents_day_or_not(changes, active):
    known = book(business_partners=[card(**changes)], items=[item(**changes)])
    mapped = mapping().outbound.document("x12_810", document(), partner(), known)
    expected = [] if active else ["partner_inactive", "item_inactive"]
    assert codes(mapped.findings) == expected
    assert mapped.missing == (() if active else (("partner", "C20000"), ("item", "A00001")))


def test_what_is_not_known_is_named_for_a_live_look_up():
    record = document([line(ItemCode="B0", CostingCode="NONE")], CardCode="C99999", DocCurrency="GBP")
    assert set(invoice(record).missing) == {
        *(("partner", "C99999"), ("item", "B0"), ("cost_assignment", "NONE"), ("currency", "GBP")),
    }


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"FrozenFor": "tYES", "FrozenFrom": "2026-01-01", "FrozenTo": "2026-01-31"}, True),
        ({"FrozenFor": "tYES", "FrozenFrom": "2026-02-01"}, False),
        ({"FrozenFor": "tNO", "FrozenFrom": "2026-01-01"}, False),
        ({"ValidFor": "tYES", "ValidTo": "2026-01-04"}, True),
        ({"ValidFor": "tNO", "ValidTo": "2026-01-04"}, False),
    ],
)
def test_an_account_is_in_use_on_the_documents_day_or_not(changes, refused):
    known = book(accounts=[as_read({"Code": "_SYS01", "ActiveAccount": "tYES"} | changes)])
    mapped = mapping().outbound.document("x12_810", document(), partner(), known)
    assert codes(mapped.findings) == (["account_inactive"] if refused else [])
    assert mapped.missing == ((("account", "_SYS01"),) if refused else ())


@pytest.mark.parametrize("code", ["_SYS09", None])
def test_a_book_without_a_chart_of_accounts_and_a_line_without_an_account_are_no_reason(code):
    record = document([line(AccountCode=code)])
    known = book(accounts=[]) if code else book()
    assert codes(mapping().outbound.document("x12_810", record, partner(), known).findings) == []


def test_a_partners_guide_may_weigh_a_finding_otherwise():
    mapped = invoice(document(DocTotal=3000.0), guide=guide(severities={"total_does_not_add_up": "accept_with_error"}))
    assert codes(mapped.findings) == []
    assert codes(mapped.findings, "accept_with_error") == ["total_does_not_add_up"]


@pytest.mark.parametrize(
    ("wanted", "changes", "expected"),
    [
        (("BP", "VP"), {}, [("BP", "MT-1"), ("VP", "A00001")]),
        (("IN",), {}, [("IN", "MT-1")]),
        (("SK",), {}, [("SK", "MT-1")]),
        (("SK",), {"ItemCode": "A00004"}, [("SK", "A00004")]),
        (("UP",), {"ItemCode": "A00003"}, [("UP", "614141000036")]),
        (("EN",), {"ItemCode": "A00003"}, [("EN", "0614141000036")]),
        (("UK", "UP"), {"ItemCode": "A00003"}, [("UP", "614141000036")]),
        (("UK",), {"BarCode": "614141000036"}, [("UK", "00614141000036")]),
        (("BP",), {"SupplierCatNum": "FROM-LINE"}, [("BP", "FROM-LINE")]),
    ],
)
def test_products_go_out_under_the_ids_that_the_partner_wants(wanted, changes, expected):
    found = invoice_document(document([line(**changes)]), guide=wanting(*wanted))
    assert [(product.qualifier, product.id) for product in found.lines[0].product_ids] == expected


def test_a_product_without_a_wanted_id_is_refused_and_a_broken_barcode_named():
    mapped = invoice(document([line(ItemCode="A00004", BarCode="614141000037")]), guide=wanting("UP"))
    assert codes(mapped.findings) == ["product_id_missing"]
    assert codes(mapped.findings, "accept_with_error") == ["barcode_invalid"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"UoMCode": "Manual", "MeasureUnit": None}, "EA"),
        ({"UoMCode": None, "MeasureUnit": None}, "EA"),
        ({"UoMCode": "Manual", "MeasureUnit": "Box 12"}, "BX"),
        ({"UoMCode": "B12", "MeasureUnit": "Box 12"}, "BX"),
        ({"UoMCode": "EA"}, "EA"),
    ],
)
def test_a_lines_unit_becomes_the_agreed_one(changes, expected):
    assert invoice_document(document([line(**changes)])).lines[0].unit == expected


def test_lines_stand_in_visual_order_and_keep_their_numbers():
    rows = [line(5, VisualOrder=0), line(2, VisualOrder=2, Quantity=1.0), line(9, VisualOrder=1)]
    assert [row.number for row in invoice_document(document(rows)).lines] == ["6", "10", "3"]


def test_a_service_invoice_has_amounts_and_no_items():
    row = line(ItemCode=None, Quantity=0.0, Price=0.0, LineTotal=250.0, ItemDescription="Installation", UoMCode=None)
    found = invoice_document(document([row], DocType="dDocument_Service"))
    assert [(r.quantity, r.unit_price, r.description, r.product_ids) for r in found.lines] == [(1, 250, "Installation", ())]


def test_addresses_fall_back_to_the_business_partner_and_then_to_the_text():
    empty = dict.fromkeys(("ShipToStreet", "ShipToCity", "BillToStreet", "BillToCity"))
    ship_to = party_of(invoice_document(document(AddressExtension=empty, ShipToCode="Store 12")).parties, "ST")
    assert ship_to is not None
    assert (ship_to.street, ship_to.city, ship_to.id_qualifier, ship_to.id) == (("9 Elm",), "Provo", "UL", "0614141000012")
    bare = book(business_partners=[card(BPAddresses=[])])
    mapped = mapping().outbound.document("x12_810", document(AddressExtension=None), partner(), bare)
    assert isinstance(mapped.document, Invoice)
    ship_to = party_of(mapped.document.parties, "ST")
    assert ship_to is not None and ship_to.street == ("4500 Commerce Pkwy", "Reno NV 89501", "US")
    assert codes(mapped.findings, "accept_with_error") == ["address_unstructured"] * 2


def test_long_names_go_on_in_the_second_line_and_what_is_lost_is_said():
    name = "Big Barn Home & Garden Centers of the Greater Mississippi Valley, Inc."
    extension = {"BillToStreet": "1 Long Road " * 30, "BillToCity": "Memphis", "BillToState": "Tennessee"}
    mapped = invoice(document(CardName=name, AddressExtension=extension))
    assert isinstance(mapped.document, Invoice)
    bill_to = party_of(mapped.document.parties, "BT")
    assert bill_to is not None and f"{bill_to.name} {bill_to.name_2}" == name and len(bill_to.name) <= 60
    assert len(bill_to.street) == 4 and all(len(row) <= 55 for row in bill_to.street) and bill_to.state == ""
    assert codes(mapped.findings, "accept_with_error").count("address_shortened") == 2
    assert any("Tennessee" in finding.message for finding in mapped.findings)


def test_what_sap_prints_is_sent_and_internal_comments_are_not():
    texts = [{"LineType": "dslt_Text", "LineText": "Handle\r\nwith care"}, {"LineType": "dslt_Subtotal", "LineText": None}]
    found = invoice_document(document(OpeningRemarks="Dear customer", DocumentSpecialLines=texts))
    assert found.notes == ("Dear customer", "Handle with care")


def test_a_purchase_order_as_a_supplier_would_read_it():
    mapped = mapping().outbound.document(
        "x12_850", purchase_order([line(), line(1, ItemCode="A00002", ShipDate=None)]), partner(), BOOK
    )
    assert codes(mapped.findings) == []
    found = mapped.document
    assert isinstance(found, PurchaseOrder)
    assert (found.number, found.purpose, found.kind, found.currency) == ("822014", "00", "SA", "USD")
    assert found.lines[0].product_ids == (ProductId("VP", "SUP-1"), ProductId("BP", "A00001"))
    assert [row.dates for row in found.lines] == [(found.lines[0].dates[0],), ()]
    assert (found.lines[0].dates[0].qualifier, found.lines[0].dates[0].date) == ("002", dt.date(2026, 1, 20))
    buyer, ship_to, vendor = (party_of(found.parties, role) for role in ("BY", "ST", "VN"))
    assert buyer is not None and (buyer.id_qualifier, buyer.id) == ("ZZ", "ACME")
    assert ship_to is not None and (ship_to.id_qualifier, ship_to.id, ship_to.city) == ("92", "01", "Reno")
    assert vendor is not None and (vendor.id, vendor.name, vendor.contacts[0].name) == ("V10000", "Acme Associates", "Max Teq")


def test_a_delivery_note_as_a_customer_would_read_it():
    rows = [line(0, BaseType=17, BaseEntry=9, BaseLine=3), line(1, Quantity=2.5)]
    mapped = mapping().outbound.document("x12_856", document(rows, TrackingNumber="1Z999"), partner(), BOOK)
    assert codes(mapped.findings) == []
    found = mapped.document
    assert isinstance(found, ShipNotice)
    assert (found.number, found.time, found.tracking_number) == ("310007", dt.time(17, 13), "1Z999")
    (order,) = found.orders
    assert order.order_number == "PO-4711"
    assert [(row.number, row.quantity, row.unit) for row in order.lines] == [("4", 100, "EA"), ("2", Decimal("2.5"), "EA")]
    assert [(stated.qualifier, stated.date) for stated in found.dates] == [("011", dt.date(2026, 1, 5))]


@pytest.mark.parametrize(
    ("sources", "held"),
    [
        ([(17, 9), (17, 9)], False),
        ([(17, 9), (-1, None)], False),
        ([(-1, None), (-1, None)], False),
        ([(17, 9), (17, 10)], True),
        ([(17, 9), (13, 9)], True),
        ([(13, 4), (13, 5)], True),
        ([(23, 4), (17, 5)], True),
    ],
)
def test_a_delivery_of_several_orders_is_held(sources: list[tuple[int, int | None]], held: bool):
    rows = [
        line(place, BaseType=kind, BaseEntry=entry, BaseLine=place if entry else None)
        for place, (kind, entry) in enumerate(sources)
    ]
    mapped = mapping().outbound.document("x12_856", document(rows), partner(), BOOK)
    assert codes(mapped.findings) == (["several_orders_shipped"] if held else [])


def test_a_delivery_note_without_the_customers_order_number_is_refused():
    assert codes(mapping().outbound.document("x12_856", document(NumAtCard=None), partner(), BOOK).findings) == [
        "order_number_missing"
    ]


def test_several_catalogue_numbers_for_one_item_are_a_finding_and_none_is_chosen():
    rows: list[Any] = [{"ItemCode": "A00001", "CardCode": "C20000", "Substitute": number} for number in ("MT-2", "MT-1")]
    known = book(alternate_catalogue_numbers=rows)
    found = mapping().outbound.document("x12_810", document([line(0)]), partner(), known)
    assert codes(found.findings) == ["partner_number_ambiguous"]
    assert "MT-1, MT-2" in found.findings[0].message
    assert all(product.id not in ("MT-1", "MT-2") for product in found.document.lines[0].product_ids)
    named = mapping().outbound.document("x12_810", document([line(0)]), partner(items={"MT-2": "A00001"}), known)
    assert codes(named.findings) == [] and ProductId("BP", "MT-2") in named.document.lines[0].product_ids
    stated = mapping().outbound.document("x12_810", document([line(0, SupplierCatNum="MT-1")]), partner(), known)
    assert codes(stated.findings) == []
    unwanted = mapping().outbound.document("x12_810", document([line(0)]), partner(guide=wanting("VP")), known)
    assert codes(unwanted.findings) == [], "this partner wants our number alone"
