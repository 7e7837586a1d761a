"""860, 865, 861, 838, 870, 875, 846, 832 and 820 as partners write them, with more segments than a document has fields for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeVar

import pytest

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.change_acknowledgment import ChangeAcknowledgment
from mlconn_pipelines.documents.inventory import InventoryAdvice, StockQuantity
from mlconn_pipelines.documents.kinds import summary_of
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    Component,
    DateReference,
    Packing,
    PaymentTerms,
    Price,
    ProductId,
    Reference,
    StoreQuantity,
)
from mlconn_pipelines.documents.order import GroceryOrder
from mlconn_pipelines.documents.order_acknowledgment import LineAnswer
from mlconn_pipelines.documents.order_change import OrderChange
from mlconn_pipelines.documents.order_status import ItemStatus, OrderStatus, StatusQuantity
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.documents.price_catalogue import PriceCatalogue
from mlconn_pipelines.documents.receiving_advice import OrderReference, QuantityInQuestion, ReceivingAdvice
from mlconn_pipelines.documents.remittance import Adjustment, RemittanceAdvice
from mlconn_pipelines.documents.trading_partner_profile import TradingPartnerProfile
from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.documents.vendor import Vendor
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import interchange_of, only_set

T = TypeVar("T")


def read_as(kind: type[T], set_id: str, *segments: str, version: str = "004010") -> T:
    """The document of a set that the grammar has nothing against."""
    data = interchange_of(*segments, set_id=set_id, functional_id=functional_id_of(set_id), version=version)
    transaction_set = only_set(data)
    assert [f.message for f in validate(transaction_set, version)] == []
    document, findings = parse_document(transaction_set, version)
    assert findings == ()
    assert isinstance(document, kind)
    return document


def test_an_order_change_keeps_what_belongs_to_loops_out_of_heading_and_lines() -> None:
    change = read_as(
        OrderChange, "860",
        "BCH*04*SA*PO1*R2*3*20260105**C7*S9**20260107", "CUR*BY*USD", "REF*DP*038", "PER*BD*Kim*TE*555-1234",
        "SAC*C*D240***1050", "CUR*SE*EUR", "ITD*01*3*2**10**30", "DTM*002*20260301", "AMT*TT*12", "REF*IV*9", "DTM*003*20260101",
        "N9*L1*NOTE", "DTM*007*20260109", "MSG*Ring the bell", "MSG*twice", "N1*ST*Store*92*12", "REF*DP*99", "PER*IC*Lee",
        "LM*AX", "LQ*D*1",
        "POC*1*QI*12*2*EA*4.5**BP*A-1", "PID*F****Widget", "REF*IA*77", "SDQ*EA*92*001*5*002*7", "DTM*010*20260302",
        "SCH*5*EA***002*20260303", "N9*L1*x", "DTM*007*20260304", "N1*ST*Dock", "REF*DP*1",
        "POC*2*DI******BP*A-2", "CTT*2",
    )  # fmt: skip
    assert (change.order_number, change.release, change.change_number) == ("PO1", "R2", "3")
    assert (change.contract, change.seller_reference) == ("C7", "S9")
    assert (change.order_date, change.date) == (dt.date(2026, 1, 5), dt.date(2026, 1, 7))
    assert change.currency == "USD"
    assert change.references == (Reference("DP", "038"),)
    assert change.dates == (DateReference("002", dt.date(2026, 3, 1)),)
    assert change.notes == ("Ring the bell twice",)
    assert [(p.name, p.references, [c.name for c in p.contacts]) for p in change.parties] == [
        ("Store", (Reference("DP", "99"),), ["Lee"])
    ]
    first, second = change.lines
    assert (first.change, first.quantity, first.quantity_left, first.unit) == ("QI", Decimal(12), Decimal(2), "EA")
    assert first.dates == (DateReference("010", dt.date(2026, 3, 2)),)
    assert first.references == (Reference("IA", "77"),)
    assert first.store_quantities == (StoreQuantity("001", Decimal(5), "EA"), StoreQuantity("002", Decimal(7), "EA"))
    assert (second.change, second.quantity, second.unit_price) == ("DI", None, None)
    assert summary_of(change).business_number == "PO1"


def test_from_005010_notes_are_mtx_and_lead_times_have_references_of_their_own() -> None:
    change = read_as(
        OrderChange, "860",
        "BCH*01*SA*PO1***20260105", "LDT*AF*5*DA", "REF*ZZ*1", "N9*L1*NOTE", "MTX**All of it is cancelled", "CTT*0",
        version="005010",
    )  # fmt: skip
    assert (change.purpose, change.lines, change.references) == ("01", (), ())
    assert change.notes == ("All of it is cancelled",)


def test_an_answer_to_a_change_has_answers_by_line_and_dates_of_answers_stay_there() -> None:
    answer = read_as(
        ChangeAcknowledgment, "865",
        "BCA*00*AC*PO1**3*20260105***S9*20260108*20260107", "POC*1*QI*12*2*EA*4.5**BP*A-1", "DTM*010*20260302",
        "ACK*IA*10*EA*068*20260303", "DTM*067*20260304", "ACK*IB*2*EA", "SCH*5*EA***002*20260303", "CTT*1",
    )  # fmt: skip
    assert (answer.date, answer.changed_on, answer.seller_reference) == (dt.date(2026, 1, 8), dt.date(2026, 1, 7), "S9")
    (change,) = answer.lines
    assert change.line.dates == (DateReference("010", dt.date(2026, 3, 2)),)
    assert change.answers == (
        LineAnswer("IA", Decimal(10), "EA", "068", dt.date(2026, 3, 3), dates=(DateReference("067", dt.date(2026, 3, 4)),)),
        LineAnswer("IB", Decimal(2), "EA"),
    )


def test_a_receiving_advice_says_what_came_and_what_is_in_question() -> None:
    advice = read_as(
        ReceivingAdvice, "861",
        "BRA*RA7*20260105*00*2*0815*07", "REF*SI*SH1", "DTM*050*20260104", "PRF*PO1***20260101", "TD5**2*UPSN*U*Ground",
        "N1*ST*Store*92*12", "REF*DP*5",
        "RCD*1*8*EA*1*EA*2*EA*01*1*EA*05", "SN1**10*EA", "LIN**BP*A-1*UP*012345678905", "PID*F****Widget", "REF*LT*L1",
        "DTM*050*20260103", "PRF*PO1****7", "MAN*GM*000000000000000017", "LM*AX", "LQ*D*1", "SLN*1**I", "PID*F****Part",
        "N1*SF*Here", "REF*DP*6", "RCD*2*3*CA", "LIN**BP*A-2", "CTT*2",
    )  # fmt: skip
    assert (advice.number, advice.kind, advice.time, advice.condition) == ("RA7", "2", dt.time(8, 15), "07")
    assert advice.orders == (OrderReference("PO1", date=dt.date(2026, 1, 1)),)
    assert [(c.code, c.mode, c.routing) for c in advice.carriers] == [("UPSN", "U", "Ground")]
    assert advice.references == (Reference("SI", "SH1"),)
    first, second = advice.lines
    assert (first.quantity, first.quantity_returned, first.shipped) == (Decimal(8), Decimal(1), Decimal(10))
    assert first.in_question == (QuantityInQuestion(Decimal(2), "EA", "01"), QuantityInQuestion(Decimal(1), "EA", "05"))
    assert [p.id for p in first.product_ids] == ["A-1", "012345678905"]
    assert (first.description, first.orders[0].line, first.sscc) == ("Widget", "7", ("000000000000000017",))
    assert first.references == (Reference("LT", "L1"),)
    assert (second.quantity, second.unit, second.shipped) == (Decimal(3), "CA", None)


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_profile_tells_of_each_vendor_and_of_nobody_elses_terms(version: str) -> None:
    profile = read_as(
        TradingPartnerProfile, "838",
        "BTP*05*V-1*20260105*0815*TP", "PER*IC*Data*TE*1", "LX*1", "PLA*2*VN*20260105", "LCD*1*WH", "LIN**VP*A",
        "N1*VN*Abc Fasteners*92*01-ABC0001", "N2*of Dayton", "N3*1 Mill Road*Gate 2", "N3*Back", "N4*Dayton*OH*45402*USA",
        "N9*VR*77", "N9*TC*01", "PER*IC**TE*9375550101*EM*a@abc.example", "ITD*01*3*****30*****Net 30 days", "LCD*2*PW",
        "N4*Troy", "TPD*F***Plant", "N9*TC*99", "TXN*1*X*850*004010*1",
        "N1*RI*Bank*92*09", "N9*TC*98", "ENE*PP*EM*x@y.example", "N1*SF*Else*92*08", "LX*2", "PLA*41*VN*20260105", "N1*VN*Old*92*02",
        "ERI*92*01*01*92*02*01", "AMT*1*5",
        version=version,
    )  # fmt: skip
    assert (profile.number, profile.date, profile.time, profile.purpose) == ("V-1", dt.date(2026, 1, 5), dt.time(8, 15), "05")
    first, second = profile.vendors
    assert first == Vendor(
        number="01-ABC0001",
        name="Abc Fasteners of Dayton",
        street=("1 Mill Road", "Gate 2", "Back"),
        city="Dayton",
        state="OH",
        postal_code="45402",
        country="USA",
        phone="9375550101",
        email="a@abc.example",
        terms="01",
        terms_description="Net 30 days",
        net_days=30,
    )
    assert (second.number, second.active) == ("02", False)


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_status_report_tells_the_state_of_each_line_of_each_order(version: str) -> None:
    report = read_as(
        OrderStatus, "870",
        "BSR*3*PP*RPT-77*20260302***0915*INQ-5*20260301", "TD5**2*UPSN*U*Ground", "DTM*097*20260302", "REF*VR*0042",
        "DTM*102*20260101", "N1*SE*Acme*91*A1", "N3*1 Main Street", "N4*Springfield*IL*62701*US", "REF*DP*9", "PER*IC*Kim*TE*5551234",
        "HL*1**O*1", "PRF*4500012345*R2**20260215", "ISR*PR*20260305*A01", "PID*F****In two shipments", "QTY*63*10*EA",
        "PER*BD*Lee", "DTM*002*20260310", "CS*C-1", "REF*CO*SO-9", "DTM*102*20260102", "N1*ST*Store 12*92*0012",
        "HL*2*1*I", "DTM*010*20260304", "REF*ZZ*lot 7",
        "PO1*1*10*EA*4.5*PE*BP*A-1*VP*W-1", "SLN*1**I*2*EA", "PID*F****Widget", "PKG*F****Box",
        "ISR*BP*20260305*A02", "PID*F****Six now", "QTY*39*6*EA", "DTM*011*20260305", "N1*SF*Dock", "TD5**2*FDEG*M",
        "REF*BM*B-1", "LM*VI", "LQ*0*L", "ISR*BO*20260320", "QTY*01*4*EA", "LX*1", "REF*SE*SN-1", "DTM*036*20270101",
        "HL*3*1*I", "PO1*2*****BP*A-2", "ISR*IC",
        "HL*4**O", "PRF*4500012346", "PO1*1*3*CA***BP*A-3", "ISR*CC*20260301",
        "CTT*4",
        version=version,
    )  # fmt: skip
    assert (report.number, report.date, report.kind, report.scope) == ("RPT-77", dt.date(2026, 3, 2), "3", "PP")
    assert (report.time, report.inquiry) == (dt.time(9, 15), "INQ-5")
    assert [carrier.code for carrier in report.carriers] == ["UPSN"]
    assert report.dates == (DateReference("097", dt.date(2026, 3, 2)),)
    assert report.references == (Reference("VR", "0042"),)
    assert [(p.name, p.city, p.references) for p in report.parties] == [("Acme", "Springfield", (Reference("DP", "9"),))]
    first, second = report.orders
    assert (first.order_number, first.release, first.order_date) == ("4500012345", "R2", dt.date(2026, 2, 15))
    assert first.statuses == (
        ItemStatus("PR", dt.date(2026, 3, 5), "A01", "In two shipments", (StatusQuantity("63", Decimal(10), "EA"),)),
    )
    assert first.dates == (DateReference("002", dt.date(2026, 3, 10)),)
    assert first.references == (Reference("CO", "SO-9"),)
    assert ([c.name for c in first.contacts], [p.name for p in first.parties]) == (["Lee"], ["Store 12"])
    widget, other = first.lines
    assert (widget.number, widget.quantity, widget.unit_price, widget.description) == (
        "1",
        Decimal(10),
        Decimal("4.5"),
        "Widget",
    )
    assert widget.dates == (DateReference("010", dt.date(2026, 3, 4)),)
    assert widget.references == (Reference("ZZ", "lot 7"),)
    shipped, back_ordered = widget.statuses
    assert (shipped.code, shipped.reason, shipped.description) == ("BP", "A02", "Six now")
    assert shipped.dates == (DateReference("011", dt.date(2026, 3, 5)),)
    assert (shipped.references, shipped.carriers) == ((Reference("BM", "B-1"),), (Carrier("FDEG", "M"),))
    assert back_ordered == ItemStatus("BO", dt.date(2026, 3, 20), quantities=(StatusQuantity("01", Decimal(4), "EA"),))
    assert (other.number, other.quantity, other.statuses) == ("2", None, (ItemStatus("IC"),))
    assert [(line.number, line.statuses[0].code) for line in second.lines] == [("1", "CC")]
    assert (summary_of(report).business_number, summary_of(report).line_count) == ("RPT-77", 3)


def test_a_status_of_an_item_level_is_that_of_each_of_its_lines_and_lines_need_no_order() -> None:
    report = read_as(
        OrderStatus, "870",
        "BSR*2*CA*RPT-1*20260302", "HL*1**S", "DTM*011*20260301", "HL*2*1*I", "ISR*CC*20260301", "PO1*1*1*EA", "PO1*2*2*EA", "ISR*IC",
        "CTT*2",
    )  # fmt: skip
    (order,) = report.orders
    assert order.order_number == ""
    assert [[status.code for status in line.statuses] for line in order.lines] == [["CC"], ["CC", "IC"]]


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_grocery_order_is_an_order(version: str) -> None:
    order = read_as(
        GroceryOrder, "875",
        "G50*N*20260302*PO-88****NE", "N9*DP*038*Dairy", "N9*IA*0042",
        "G61*BD*Kim*TE*5551234", "G61*BD*Kim*EM*kim@shop.example", "G61*IC*Lee", "G62*02*20260310*1*0600", "G62*38*20260309",
        "NTE*GEN*Ring the bell", "NTE**twice", "G66*PP*M***Our own truck", "G23*01*3***2**10**30******Two percent",
        "N1*ST*Store 12*9*0012345670000", "N2*Dairy dock", "N3*1 Main Street*Rear", "N4*Springfield*IL*62701*US",
        "N1*VN*Acme*9*0076543210000", "G72*97*02******-1250", "G73*Promotion",
        "G68*10*CA*12.5*012345678905*VN*A-100*UP*00012345678*B1*123400*CA***2500000*1.99", "G69*Yoghurt", "G69*cherry", "G70*12*8*OZ",
        "N9*PD*PROMO", "G72*504*06***0.25*10*CA", "G73*Freight",
        "G68*5*CA**098765432109", "N1*ST*Store 7*9*0012345670007", "QTY*38*5*CA", "N9*DP*7",
        "G68*1*CA**001234567890*****B1*999900*CA", "SLN*1**I*2*EA", "G72*97*02******-100",
        "G76*16*CA*320*LB", version=version,
    )  # fmt: skip
    assert (order.number, order.date, order.purpose, order.kind) == ("PO-88", dt.date(2026, 3, 2), "00", "NE")
    assert order.references == (Reference("DP", "038", "Dairy"), Reference("IA", "0042"))
    assert order.contacts == (Contact("Kim", "5551234", "kim@shop.example", "BD"), Contact("Lee"))
    assert order.dates == (DateReference("002", dt.date(2026, 3, 10)), DateReference("038", dt.date(2026, 3, 9)))
    assert order.notes == ("Ring the bell twice",)
    assert order.carriers == (Carrier(mode="M", routing="Our own truck"),)
    assert order.terms == PaymentTerms("01", "3", Decimal(2), 10, 30, description="Two percent")
    assert [(p.role, p.id, p.name_2, p.city) for p in order.parties] == [
        ("ST", "0012345670000", "Dairy dock", "Springfield"),
        ("VN", "0076543210000", "", ""),
    ]
    assert order.allowances_and_charges == (AllowanceOrCharge("A", "97", Decimal("12.50"), "Promotion", "02"),)
    yoghurt, for_a_store, at_another_cost = order.lines
    assert (yoghurt.number, yoghurt.quantity, yoghurt.unit, yoghurt.unit_price) == ("1", Decimal(10), "CA", Decimal("12.5"))
    assert yoghurt.product_ids == (ProductId("UA", "012345678905"), ProductId("VN", "A-100"), ProductId("UP", "00012345678"))
    assert (yoghurt.description, yoghurt.packing) == ("Yoghurt cherry", Packing(12, Decimal(8), "OZ"))
    assert yoghurt.references == (Reference("PD", "PROMO"),)
    assert yoghurt.allowances_and_charges == (
        AllowanceOrCharge("N", "504", None, "Freight", "06", rate=Decimal("0.25"), rate_unit="CA", rate_quantity=Decimal(10)),
    )
    assert (for_a_store.number, for_a_store.unit_price, for_a_store.unread) == ("2", None, ())
    assert [(party.id, party.quantity) for party in for_a_store.parties] == [("0012345670007", Decimal(5))]
    assert for_a_store.references == ()
    assert (at_another_cost.unit_price, at_another_cost.unread) == (None, ("G6810",))
    assert at_another_cost.components == (Component("1", relation="I", quantity=Decimal(2), unit="EA"),)
    assert at_another_cost.allowances_and_charges == ()
    assert order.total == Decimal(125)


def test_stock_has_quantities_with_dates_and_locations_and_text_is_no_quantity() -> None:
    advice = read_as(
        InventoryAdvice, "846",
        "BIA*00*SI*ST1*20260105*0815", "DTM*007*20260105", "N1*WH*North*92*01", "LIN*1*BP*A-1*VP*V-1", "PID*F****Widget",
        "DTM*018*20260101", "CTP**WHL*4.5*10*EA", "REF*LT*L1", "SDQ*EA*92*001*5", "QTY*33*100*EA", "DTM*018*20260106",
        "SCH*5*EA***002*20260303", "LM*AX", "LQ*D*1", "QTY*17*120*EA>1>2", "QTY*29***UNLIMITED", "DTM*018*20260107",
        "N1*WH*South*92*02", "REF*DP*1", "LIN*2*BP*A-2", "QTY*33*0*EA", "CTT*2",
    )  # fmt: skip
    first, second = advice.items
    assert first.quantities == (
        StockQuantity("33", Decimal(100), "EA", (DateReference("018", dt.date(2026, 1, 6)),)),
        StockQuantity("17", Decimal(120), "EA"),
    )
    assert first.prices == (Price("WHL", Decimal("4.5"), Decimal(10), "EA"),)
    assert first.dates == (DateReference("018", dt.date(2026, 1, 1)),)
    assert first.references == (Reference("LT", "L1"),)
    assert [(p.name, p.references) for p in first.locations] == [("South", (Reference("DP", "1"),))]
    assert [p.name for p in advice.parties] == ["North"]
    assert (second.quantities, second.locations) == ((StockQuantity("33", Decimal(0), "EA"),), ())


def test_a_catalogue_has_prices_by_kind_and_date_and_those_of_sub_items_are_not_its_own() -> None:
    catalogue = read_as(
        PriceCatalogue, "832",
        "BCT*PC*CAT1*V2*R3*****Spring*00", "REF*IA*77", "DTM*007*20260101", "CUR*SE*USD", "N1*SE*Us",
        "LIN*1*VP*V-1*UP*012345678905", "G53*003", "DTM*007*20260102", "PID*F****Widget", "PO4*12*1.5*LB***18*LB",
        "SAC*A*C310***500", "CTP*WS*WHL*4.5*10*EA", "DTM*007*20260201", "CUR*SE*CAD", "PO4*6", "CTP**RES*9",
        "N1*SF*There", "DTM*011*20260301", "SLN*1**I", "CTP**WHL*1", "LIN*2*VP*V-2", "CTP**WHL*7", "CTT*2",
    )  # fmt: skip
    assert (catalogue.number, catalogue.version, catalogue.revision) == ("CAT1", "V2", "R3")
    assert (catalogue.description, catalogue.purpose, catalogue.currency) == ("Spring", "00", "USD")
    first, second = catalogue.items
    assert first.prices == (
        Price("WHL", Decimal("4.5"), Decimal(10), "EA", "WS", "CAD", (DateReference("007", dt.date(2026, 2, 1)),)),
        Price("RES", Decimal(9)),
    )
    assert first.packing == Packing(12, Decimal("1.5"), "LB", Decimal(18), "LB")
    assert (first.maintenance, first.dates) == ("003", (DateReference("007", dt.date(2026, 1, 2)),))
    assert [charge.amount for charge in first.allowances_and_charges] == [Decimal(5)]
    assert second.prices == (Price("WHL", Decimal(7)),)


def test_in_005010_another_price_follows_what_bounds_the_first() -> None:
    catalogue = read_as(
        PriceCatalogue, "832",
        "BCT*PC*CAT1", "LIN*1*VP*V-1", "CTP**WHL*4.5", "LS*LM", "LM*AX", "LQ*D*1", "LE*LM", "CTP**RES*9", "CTT*1",
        version="005010",
    )  # fmt: skip
    assert [price.kind for price in catalogue.items[0].prices] == ["WHL", "RES"]


def test_a_remittance_puts_every_adjustment_where_it_belongs() -> None:
    advice = read_as(
        RemittanceAdvice, "820",
        "BPR*C*337.67*C*ACH*CTX*01*111000025*DA*900555*1234567890**01*222000022*DA*900444*20260105", "NTE*GEN*Thank you",
        "TRN*1*CHK9*1234567890", "CUR*PR*USD", "REF*VR*77", "DTM*097*20260102", "N1*PR*Payer", "N1*PE*Payee*92*05",
        "ENT*1", "NM1*PE*2*Someone", "REF*ZZ*1", "ADX*-10*01*CM*C1", "NTE**late", "REF*PO*1",
        "RMR*IV*4711*PO*200*220*20", "NTE*GEN*first", "REF*PO*PO1", "DTM*003*20251201",
        "IT1*1*5*EA*40", "REF*ZZ*9", "SAC*C*D240***5", "ADX*-2.5*06", "RMR*CM*99**-50", "ENT*2", "RMR*IV*4712**137.67",
    )  # fmt: skip
    assert (advice.number, advice.amount, advice.currency, advice.date) == (
        "CHK9", Decimal("337.67"), "USD", dt.date(2026, 1, 5),
    )  # fmt: skip
    assert (advice.payer_account.bank, advice.payee_account.account) == ("111000025", "900444")
    assert advice.notes == ("Thank you",)
    first, second = advice.groups
    assert first.adjustments == (Adjustment(Decimal(-10), "01", "CM", "C1", ("late",)),)
    invoice, memo = first.items
    assert (invoice.reference, invoice.paid, invoice.invoiced, invoice.discount) == (
        "4711", Decimal(200), Decimal(220), Decimal(20),
    )  # fmt: skip
    assert invoice.references == (Reference("PO", "PO1"),)
    assert invoice.dates == (DateReference("003", dt.date(2025, 12, 1)),)
    assert invoice.notes == ("first",)
    assert invoice.adjustments == (Adjustment(Decimal("-2.5"), "06"),)
    assert (memo.reference, memo.paid, memo.adjustments) == ("99", Decimal(-50), ())
    assert [item.reference for item in second.items] == ["4712"]
    assert sum(item.paid or 0 for item in advice.items) == Decimal("287.67")
    assert summary_of(advice).line_count == 3


@pytest.mark.parametrize(
    ("set_id", "segments", "code", "place"),
    [
        ("860", ("BCH*04*SA*PO1", "CTT*0"), "value_missing", "BCH06"),
        ("860", ("POC*1*DI",), "segment_missing", "BCH"),
        ("860", ("BCH*04*SA*PO1***20260105", "POC*1*QI*ten*2*EA"), "value_unreadable", "POC03"),
        ("865", ("BCA*00*AC*PO1***20261305",), "value_unreadable", "BCA06"),
        ("861", ("BRA*RA1**00*1",), "value_missing", "BRA02"),
        ("838", ("BTP*00*V-1**0815*TP",), "value_missing", "BTP03"),
        ("846", ("BIA*00*SI*ST1*20260105", "LIN*1*BP*A", "QTY*33"), "value_missing", "QTY02"),
        ("832", ("LIN*1*BP*A",), "segment_missing", "BCT"),
        ("820", ("BPR*I**C*CHK",), "value_missing", "BPR02"),
        ("820", ("BPR*I*1,000.00*C*CHK",), "value_unreadable", "BPR02"),
    ],
)
def test_what_cannot_be_read_is_none_and_says_why(set_id: str, segments: tuple[str, ...], code: str, place: str) -> None:
    data = interchange_of(*segments, set_id=set_id, functional_id=functional_id_of(set_id))
    document, findings = parse_document(only_set(data))
    assert document is None
    assert (code, place) in {(f.code, f.place) for f in findings}
