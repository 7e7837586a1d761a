"""What 850, 855, 856 and 810 say beyond their core: carriers, notes, contacts, references, and what belongs to a line only."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeVar

import pytest

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import DateReference, Packing, Reference, StoreQuantity, Tax
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import guide_of, interchange_of, only_set, rendered

T = TypeVar("T")


def read_as(kind: type[T], set_id: str, *segments: str) -> T:
    transaction_set = only_set(interchange_of(*segments, set_id=set_id, functional_id=functional_id_of(set_id)))
    assert [f.message for f in validate(transaction_set, "004010")] == []
    document, findings = parse_document(transaction_set)
    assert findings == ()
    assert isinstance(document, kind)
    return document


def test_an_order_says_how_goods_travel_and_what_each_line_is() -> None:
    order = read_as(
        PurchaseOrder, "850",
        "BEG*00*SA*PO1**20260105*C7", "PER*BD*Kim*TE*555-1234*FX*555-9999*EM*kim@example.com", "DTM*002*20260301",
        "TD5*O*2*UPSN*U*GROUND", "TD5****M", "TD5************ND", "N9*ZZ*9*short note", "N9*L1*x", "MSG*Ring", "MSG*twice",
        "N1*ST*Store*92*12", "REF*DP*7", "TD5**2*FDEG",
        "PO1*1*10*EA*45*HP*BP*A-1", "PID*F****Widget", "PO4*12*1.5*LB", "REF*IA*77", "SAC*A*C310***500", "CUR*BY*EUR",
        "SDQ*EA*92*001*4*002*6", "DTM*010*20260302", "QTY*17*1", "SCH*5*EA***002*20260303", "REF*ZZ*0",
        "N9*L1*x", "DTM*007*20260304", "MSG*Wrap it", "N1*MA*Mark", "REF*DP*1", "DTM*007*20260305",
        "SLN*1**I*1*EA", "PID*F****Part", "N9*L1*x", "MSG*no", "CTT*1",
    )  # fmt: skip
    assert order.contract == "C7"
    assert order.contacts == (Contact("Kim", "555-1234", "kim@example.com", "BD", "555-9999"),)
    assert order.carriers == (Carrier("UPSN", "U", "GROUND"), Carrier(mode="M"))
    assert order.notes == ("short note", "Ring twice")
    assert [party.references for party in order.parties] == [(Reference("DP", "7"),)]
    assert order.allowances_and_charges == ()
    (line,) = order.lines
    assert (line.unit_price, line.price_basis, line.description) == (Decimal("0.45"), "HP", "Widget")
    assert line.packing == Packing(12, Decimal("1.5"), "LB")
    assert line.references == (Reference("IA", "77"),)
    assert [charge.amount for charge in line.allowances_and_charges] == [Decimal(5)]
    assert line.store_quantities == (StoreQuantity("001", Decimal(4), "EA"), StoreQuantity("002", Decimal(6), "EA"))
    assert line.dates == (DateReference("010", dt.date(2026, 3, 2)),)
    assert line.notes == ("Wrap it",)
    assert [(party.role, party.references) for party in line.parties] == [("MA", (Reference("DP", "1"),))]


def test_an_order_acknowledgment_has_contacts_notes_and_dates_of_lines() -> None:
    answer = read_as(
        OrderAcknowledgment, "855",
        "BAK*00*AC*PO1*20260105*R2**C7*S9", "CUR*SE*USD", "PER*IC*Lee*TE*555", "ITD*01*3*****30", "N9*L1*x", "MSG*Late",
        "PO1*1*10*EA*4.5*PE*VP*A-1", "REF*IA*77", "DTM*010*20260302", "LDT*AF*5*DA", "ACK*IA*10*EA*068*20260303",
        "DTM*067*20260304", "N9*L1*x", "MSG*Blue only", "CTT*1",
    )  # fmt: skip
    assert (answer.release, answer.contract, answer.seller_reference, answer.currency) == ("R2", "C7", "S9", "USD")
    assert ([contact.name for contact in answer.contacts], answer.notes) == (["Lee"], ("Late",))
    assert answer.terms is not None
    assert answer.terms.net_days == 30
    (line,) = answer.lines
    assert (line.price_basis, line.references, line.notes) == ("PE", (Reference("IA", "77"),), ("Blue only",))
    assert line.dates == (DateReference("010", dt.date(2026, 3, 2)),)
    assert [given.date for given in line.answers] == [dt.date(2026, 3, 3)]


def test_a_ship_notice_keeps_tares_carriers_numbers_and_what_orders_and_items_say() -> None:
    notice = read_as(
        ShipNotice, "856",
        "BSN*00*S1*20260301*1200*0001", "HL*1**S", "TD1*PLT94*2****G*10*LB", "TD5*B*2*FDEG*M*FEDEX FREIGHT", "REF*BM*B1",
        "PER*IC*Lee*TE*555", "DTM*011*20260301", "N1*SF*Here*92*01", "REF*DP*3",
        "HL*2*1*O", "PRF*PO1*R2**20260201", "REF*DP*5", "DTM*002*20260302", "N1*BY*Store*92*12",
        "HL*3*2*T", "MAN*GM*00000000000000000017",
        "HL*4*3*P", "PO4*6", "REF*LO*7", "MAN*GM*000000000000000024", "MAN*CP*1Z999",
        "HL*5*4*I", "LIN*1*VP*A", "SN1**1*EA", "PO4*12", "PID*F****Widget", "REF*LT*L1", "DTM*036*20270101",
        "HL*6*2*P", "MAN*GM*000000000000000031", "HL*7*6*I", "LIN*2*VP*B", "SN1**2*EA", "CTT*7",
    )  # fmt: skip
    assert (notice.carrier, notice.transport_mode, notice.routing) == ("FDEG", "M", "FEDEX FREIGHT")
    assert (notice.packaging, notice.package_count, notice.bill_of_lading) == ("PLT94", 2, "B1")
    assert ([contact.name for contact in notice.contacts], notice.references) == (["Lee"], ())
    (order,) = notice.orders
    assert (order.release, order.references) == ("R2", (Reference("DP", "5"),))
    assert order.dates == (DateReference("002", dt.date(2026, 3, 2)),)
    assert [(party.role, party.id) for party in order.parties] == [("BY", "12")]
    assert [(package.tare, package.sscc, package.carrier_number, package.references) for package in order.packages] == [
        ("000000000000000017", "000000000000000024", "1Z999", (Reference("LO", "7"),)),
        ("", "000000000000000031", "", ()),
    ]
    line = order.packages[0].lines[0]
    assert (line.packing, line.references) == (Packing(12), (Reference("LT", "L1"),))
    assert line.dates == (DateReference("036", dt.date(2027, 1, 1)),)


def test_an_invoice_has_contacts_notes_of_both_kinds_and_lines_with_taxes_dates_and_charges() -> None:
    invoice = read_as(
        Invoice, "810",
        "BIG*20260301*INV1**PO1", "NTE*GEN*Thank you", "NTE**very much", "REF*IA*77", "PER*IC*Lee*TE*555", "N1*RI*Us",
        "ITD*01*3*****30", "DTM*011*20260228", "N9*L1*x", "MSG*Pay soon",
        "IT1*1*10*EA*4.5*PE*VP*A-1", "QTY*39*10", "TXI*ST*3.6*8", "PID*F****Widget", "REF*LT*L1", "DTM*011*20260227",
        "SAC*C*D240***100", "TXI*ST*0.08", "N1*ST*Store", "REF*DP*9", "TDS*4968", "CTT*1",
    )  # fmt: skip
    assert invoice.notes == ("Thank you very much", "Pay soon")
    assert [contact.name for contact in invoice.contacts] == ["Lee"]
    assert invoice.dates == (DateReference("011", dt.date(2026, 2, 28)),)
    (line,) = invoice.lines
    assert (line.price_basis, line.description, line.references) == ("PE", "Widget", (Reference("LT", "L1"),))
    assert line.dates == (DateReference("011", dt.date(2026, 2, 27)),)
    assert line.taxes == (Tax("ST", Decimal("3.6"), Decimal(8)), Tax("ST", Decimal("0.08")))
    assert (invoice.taxes, invoice.allowances_and_charges) == ((), ())
    assert invoice.counted_total == Decimal("49.68") == invoice.total


@pytest.mark.parametrize(
    ("basis", "unit", "stated", "of_one"),
    [
        ("HP", "EA", "45", "0.45"),
        ("TP", "EA", "45", "0.045"),
        ("PN", "PC", "45", "4.5"),
        ("HP", "HU", "45", "45"),  # a unit of measure that is itself a hundred
        ("TP", "HU", "45", "0.045"),
        ("PE", "EA", "45", "45"),
        ("", "EA", "45", "45"),
        ("PD", "DZ", "45", "45"),
    ],
)
def test_a_price_is_that_of_one_unit(basis: str, unit: str, stated: str, of_one: str) -> None:
    order = read_as(PurchaseOrder, "850", "BEG*00*SA*PO1**20260105", f"PO1*1*10*{unit}*{stated}*{basis}*BP*A-1", "CTT*1")
    assert order.lines[0].unit_price == Decimal(of_one)
    assert order.total == 10 * Decimal(of_one)
    assert f"PO1*1*10*{unit}*{stated}*{basis}*BP*A-1".encode() in rendered(order, guide_of()).content
