"""A supplier's 855, 856 and 810 as they came in X12, held against an order: what they are, what they add up to, what came before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.acknowledgment_codes import DELIVERY_DATES
from mlconn_pipelines.edi.acknowledgment_comparison import Answers, answers_to
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.invoice_comparison import check_invoice, invoiced_lines
from mlconn_pipelines.edi.order_comparison import OrderedLine
from mlconn_pipelines.edi.purposes import CREDITS, DEBITS, as_credit, is_to_be_entered
from mlconn_pipelines.edi.shipment_comparison import check_ship_notice
from mlconn_pipelines.edi.supplied_order import SuppliedOrder
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.grammar.naming import meanings
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines_tests.x12.guides import guide_of, interchange_of, only_set

D = TypeVar("D", bound=Document)


def partner_with(severities: Mapping[str, Any] | None = None) -> Partner:
    return Partner("ferrolux", "Ferrolux", (), ("V1",), guide_of(severities=severities or {}), "to_ferrolux")


def ordered(partner: Partner) -> SuppliedOrder:
    """10 EA of A1001 at 12.5 and 11 EA of A1002 at 13.5."""
    lines = tuple(
        OrderedLine(
            place,
            str(place + 1),
            item,
            Decimal(10 + place),
            "EA",
            Decimal(12 + place) + Decimal("0.5"),
            (ProductId("BP", item),),
        )
        for place, item in enumerate(("A1001", "A1002"))
    )
    return SuppliedOrder("the ERP", "822001", "V1", "EUR", False, lines, partner, ReferenceBook(1))


def read(kind: type[D], set_id: str, *segments: str) -> D:
    document, findings = parse_document(only_set(interchange_of(*segments, set_id=set_id)))
    assert findings == ()
    assert isinstance(document, kind)
    return document


BIG = "BIG*20261128*I-1*20261128*822001"
LINES = ("IT1*1*10*EA*12.5*PE*BP*A1001", "IT1*2*11*EA*13.5*PE*BP*A1002")
TOTAL = "TDS*27350"


def invoiced(*segments: str, before: Sequence[Invoice] = (), severities: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What holds an invoice: sentences by code."""
    partner = partner_with(severities)
    notes = Checklist(partner)
    check_invoice(read(Invoice, "810", *segments, "CTT*2"), ordered(partner), partner, notes, before)
    return {finding.code: finding.message for finding in notes.findings if finding.severity == "reject"}


def test_a_plain_invoice_is_held_by_nothing() -> None:
    assert invoiced(BIG, *LINES, TOTAL) == {}


@pytest.mark.parametrize("kind", sorted(DEBITS))
@pytest.mark.parametrize("purpose", ["", "00"])
def test_a_debit_is_taken(kind: str, purpose: str) -> None:
    assert invoiced(f"{BIG}***{kind}*{purpose}", *LINES, TOTAL) == {}


@pytest.mark.parametrize("kind", sorted(CREDITS))
def test_a_credit_is_held_and_becomes_no_payable_whatever_a_setting_says(kind: str) -> None:
    segments = (f"{BIG}***{kind}", *LINES, TOTAL)
    held = invoiced(*segments)
    assert list(held) == ["credit_not_handled"]
    assert f"of type {kind} ({meanings('640')[kind].meaning})" in held["credit_not_handled"]
    lenient = partner_with({"credit_not_handled": "accept_with_error"})
    assert not is_to_be_entered(read(Invoice, "810", *segments), lenient)


@pytest.mark.parametrize(
    "segments",
    [
        (f"{BIG}***CR", "IT1*1*-10*EA*12.5*PE*BP*A1001", "TDS*-12500"),
        (BIG, "IT1*1*-10*EA*12.5*PE*BP*A1001", "TDS*-12500"),
        (f"{BIG}***DI", "IT1*1*10*EA*-12.5*PE*BP*A1001", "TDS*-12500"),
        (BIG, "IT1*1*10*EA*12.5*PE*BP*A1001", "SAC*A*C310***20000", "TDS*-7500"),
    ],
)
def test_an_invoice_below_zero_is_a_credit_whatever_it_calls_itself(segments: tuple[str, ...]) -> None:
    assert "credit_not_handled" in invoiced(*segments)
    assert not is_to_be_entered(read(Invoice, "810", *segments), partner_with())


@pytest.mark.parametrize("kind", ["CI", "ME", "PP", "FE", "N6", "DU", "ZZ", "Q7"])
def test_an_invoice_of_another_type_is_held_and_may_be_taken_by_setting(kind: str) -> None:
    segments = (f"{BIG}***{kind}", *LINES, TOTAL)
    assert list(invoiced(*segments)) == ["invoice_type"]
    assert invoiced(*segments, severities={"invoice_type": "accept_with_error"}) == {}
    assert is_to_be_entered(read(Invoice, "810", *segments), partner_with())


OTHER_PURPOSES = sorted(code for code in meanings("353") if code != "00")


@pytest.mark.parametrize("purpose", OTHER_PURPOSES)
def test_what_is_no_original_is_held_with_its_purpose_in_words(purpose: str) -> None:
    words = f"{purpose} ({meanings('353')[purpose].meaning})"
    held = invoiced(f"{BIG}****{purpose}", *LINES, TOTAL)
    assert list(held) == ["purpose_not_supported"]
    assert f"BIG08 is {words}" in held["purpose_not_supported"]
    shipped = shipping(f"BSN*{purpose}*S-1*20261128*1200*0001")
    assert f"BSN01 is {words}" in shipped["purpose_not_supported"]
    notes, answers = answered(f"BAK*{purpose}*AC*822001*20261128", "PO1*1*10*EA*12.5*PE*BP*A1001", "ACK*IA*10*EA*067*20261231")
    assert f"BAK01 is {words}" in notes["purpose_not_supported"]
    assert (answers.dates, answers.corrections) == ({}, {})


def shipping(bsn: str) -> dict[str, str]:
    partner = partner_with()
    notes = Checklist(partner)
    segments = (bsn, "HL*1**S", "HL*2*1*O", "PRF*822001", "HL*3*2*I", "LIN*1*BP*A1001", "SN1**10*EA", "CTT*3")
    check_ship_notice(read(ShipNotice, "856", *segments), {"822001": ordered(partner)}, notes)
    return {finding.code: finding.message for finding in notes.findings if finding.severity == "reject"}


def test_an_original_shipment_is_held_by_nothing() -> None:
    assert shipping("BSN*00*S-1*20261128*1200*0001") == {}


def answered(*segments: str, of_all: bool = False) -> tuple[dict[str, str], Answers]:
    """Everything that is told, by code, and what it changes. of_all: also that a line has no answer."""
    partner = partner_with()
    notes, differences = Checklist(partner), Checklist(partner)
    answers = answers_to(read(OrderAcknowledgment, "855", *segments), ordered(partner), partner, notes, differences)
    told = {finding.code: finding.message for one in (notes, differences) for finding in one.findings}
    return {code: words for code, words in told.items() if of_all or code != "line_not_answered"}, answers


BAK = "BAK*00*AC*822001*20261128"
DAY = dt.date(2026, 12, 31)


@pytest.mark.parametrize("qualifier", sorted(DELIVERY_DATES))
def test_a_day_of_delivery_is_written(qualifier: str) -> None:
    told, answers = answered(BAK, "PO1*1*10*EA*12.5*PE*BP*A1001", f"ACK*IA*10*EA*{qualifier}*20261231", "CTT*1")
    assert (told, answers.dates) == ({}, {0: DAY})


@pytest.mark.parametrize("qualifier", ["001", "004", "003", "007", "061", "097", "171", "036", "013", "008", "ZZZ"])
def test_a_date_of_something_else_is_told_and_writes_none(qualifier: str) -> None:
    told, answers = answered(BAK, "PO1*1*10*EA*12.5*PE*BP*A1001", f"ACK*IA*10*EA*{qualifier}*20261231", "CTT*1")
    assert list(told) == ["no_delivery_date"]
    assert f"2026-12-31 (ACK04 {qualifier})" in told["no_delivery_date"]
    assert answers.dates == {}
    told, answers = answered(BAK, f"DTM*{qualifier}*20261231")
    assert answers.dates == {}


def test_of_several_dates_of_a_line_only_days_of_delivery_count() -> None:
    dates = ("ACK*IA*6*EA*067*20261215", "ACK*IA*4*EA*001*20261231")
    told, answers = answered(BAK, "PO1*1*10*EA*12.5*PE*BP*A1001", *dates, "CTT*1")
    assert (list(told), answers.dates) == (["no_delivery_date"], {0: dt.date(2026, 12, 15)})


def test_a_header_date_of_shipping_counts_for_the_lines() -> None:
    _, answers = answered("BAK*00*AD*822001*20261128", "DTM*079*20261231")
    assert answers.dates == {0: DAY, 1: DAY}


@pytest.mark.parametrize("basis", ["PP", "PD", "TB", "NC", "HF", "QX"])
def test_a_price_of_something_else_than_the_unit_is_held_and_corrects_nothing(basis: str) -> None:
    told, answers = answered(BAK, f"PO1*1*10*EA*12*{basis}*BP*A1001", "ACK*IA*10*EA*067*20261231", "CTT*1")
    assert list(told) == ["price_basis"]
    assert (answers.corrections, answers.dates) == ({}, {0: DAY})
    held = invoiced(BIG, f"IT1*1*10*EA*12.5*{basis}*BP*A1001", "TDS*12500")
    assert list(held) == ["price_basis"]
    assert f"IT105 {basis}" in held["price_basis"]


def test_a_price_of_a_hundred_is_compared_as_that_of_one() -> None:
    told, _ = answered(BAK, "PO1*1*10*EA*1250*HP*BP*A1001", "ACK*IA*10*EA*067*20261231", "CTT*1")
    assert told == {}
    assert invoiced(BIG, "IT1*1*10*EA*1250*HP*BP*A1001", "TDS*12500") == {}


@pytest.mark.parametrize("status", ["IR", "R1", "R4", "R5", "R6", "R7", "R8"])
def test_a_rejected_line_is_a_persons(status: str) -> None:
    told, _ = answered(BAK, "PO1*1*10*EA*12.5*PE*BP*A1001", f"ACK*{status}*10*EA", "CTT*1")
    assert list(told) == ["line_rejected"]


@pytest.mark.parametrize("kind", ["RJ", "RD", "RF", "RO", "RN", "RV"])
def test_a_rejected_order_is_a_persons(kind: str) -> None:
    told, _ = answered(f"BAK*00*{kind}*822001*20261128")
    assert list(told) == ["order_rejected"]


RIGHT = [
    ((*LINES, "TDS*26803", "SAC*A*C310****1*2*****02"), "allowance C310 2 %"),
    ((LINES[0], "SAC*A*C310******0.5*EA*10**02", LINES[1], "TDS*26850"), "allowance C310 0.5 per EA, for 10"),
    ((LINES[0], "SAC*A*C310******0.5*EA***02", LINES[1], "TDS*26850"), "allowance C310 0.5 per EA"),
    ((LINES[0], "SAC*C*D240****1*10*****06***Freight", LINES[1], "TDS*28600"), "charge D240 10 % Freight"),
    ((*LINES, "TDS*27350", "SAC*A*C310****1*2*****01"), "allowance C310 2 %"),
    ((*LINES, "TDS*29538", "TXI*ST**8"), "tax ST 8 %"),
    ((*LINES, "TDS*28947", "TXI*ST**8", "SAC*A*C310****1*2*****02"), "allowance C310 2 %, tax ST 8 %"),
]


@pytest.mark.parametrize(("segments", "words"), RIGHT)
def test_what_is_stated_without_an_amount_is_worked_out_and_a_right_invoice_is_held_by_nothing(
    segments: tuple[str, ...], words: str
) -> None:
    assert invoiced(BIG, *segments) == {}
    partner = partner_with()
    notes = Checklist(partner)
    check_invoice(read(Invoice, "810", BIG, *segments, "CTT*2"), ordered(partner), partner, notes)
    assert [(finding.code, finding.severity) for finding in notes.findings] == [("stated_without_amount", "ignore")]
    assert f"states {words}, and its total fits that" in notes.findings[0].message


@pytest.mark.parametrize(
    "segments",
    [
        (*LINES, "TDS*26000", "SAC*A*C310****1*2*****02"),
        (*LINES, "TDS*27000", "SAC*A*C310**********02"),
        (*LINES, "TDS*27000", "SAC*A*C310******0.5*EA***02"),
        (*LINES, "TDS*27000", "TXI*ST"),
    ],
)
def test_a_total_that_does_not_follow_is_held_for_what_is_stated_and_never_as_wrong(segments: tuple[str, ...]) -> None:
    held = invoiced(BIG, *segments)
    assert list(held) == ["stated_without_amount"]
    assert " 0.00" not in held["stated_without_amount"]


def test_with_every_amount_stated_a_wrong_total_is_wrong() -> None:
    assert list(invoiced(BIG, *LINES, "TDS*27000", "SAC*C*D240***3000")) == ["total_does_not_add_up"]
    assert invoiced(BIG, *LINES, "TDS*30350", "SAC*C*D240***3000", "SAC*N*ZZZZ***********Says something") == {}


WEIGHED = "IT1*1*400*LB*.3*PP*BP*A1001"
"""120.00 for 400 pounds, where 10 of the unit were ordered at 12.5."""


@pytest.mark.parametrize(
    "segments", [(WEIGHED, "IT3*10*EA", "TDS*12000"), (WEIGHED, "TDS*12000", "ISS*10*EA*400*LB")], ids=["IT3", "ISS"]
)
def test_what_is_charged_by_weight_is_compared_in_the_unit_of_the_order_and_at_the_lines_amount(
    segments: tuple[str, ...],
) -> None:
    held = invoiced(BIG, *segments)
    assert list(held) == ["price_differs"]
    assert "the supplier's price is 12 per EA (400 LB at 0.3), ordered at 12.5" in held["price_differs"]
    invoice = read(Invoice, "810", BIG, *segments, "CTT*1")
    partner = replace(partner_with(), weighed_price_tolerance=Decimal("0.05"))
    notes = Checklist(partner)
    (line,) = invoiced_lines(invoice, ordered(partner), partner, notes)
    assert (line.quantity, line.unit_price, notes.findings) == (10, 12, ())


@pytest.mark.parametrize(
    "segments",
    [
        (WEIGHED, "TDS*12000"),
        (WEIGHED, "IT3*4*PL", "TDS*12000"),
        (WEIGHED, "IT3*0*EA", "TDS*12000"),
        (WEIGHED, LINES[1], "TDS*26850", "ISS*21*EA*800*LB"),
    ],
    ids=["says nothing", "another unit", "none", "of several lines"],
)
def test_a_weight_without_the_units_that_went_out_is_held(segments: tuple[str, ...]) -> None:
    assert list(invoiced(BIG, *segments)) == ["unit_differs"]


def test_more_cases_than_ordered_are_more_than_ordered_whatever_they_weigh() -> None:
    held = invoiced(BIG, WEIGHED, "IT3*12*EA", "TDS*12000")
    assert "12 EA invoiced, 10 EA ordered" in held["quantity_differs"]


def earlier(*segments: str, number: str = "I-0", kind: str = "") -> Invoice:
    return read(Invoice, "810", f"BIG*20261120*{number}*20261128*822001***{kind}", *segments)


def test_a_line_that_was_invoiced_in_full_is_held_with_the_invoice_that_did() -> None:
    held = invoiced(BIG, *LINES, TOTAL, before=[earlier(*LINES, TOTAL)])
    assert list(held) == ["invoiced_before"]
    assert "11 EA invoiced, and 11 of the 11 EA ordered were invoiced before (invoice I-0)" in held["invoiced_before"]


def test_parts_of_a_line_add_up_to_what_was_ordered_and_not_beyond() -> None:
    part, more = "IT1*1*4*EA*12.5*PE*BP*A1001", "IT1*1*7*EA*12.5*PE*BP*A1001"
    assert invoiced(BIG, part, "TDS*5000", before=[earlier(part, "TDS*5000")]) == {}
    held = invoiced(BIG, more, "TDS*8750", before=[earlier(part, "TDS*5000"), earlier(part, "TDS*5000", number="I-00")])
    assert "8 of the 10 EA ordered were invoiced before (invoice I-0, I-00)" in held["invoiced_before"]
    assert invoiced(BIG, LINES[1], "TDS*14850", before=[earlier(LINES[0], "TDS*12500")]) == {}


def test_earlier_credits_count_for_nothing() -> None:
    assert invoiced(BIG, *LINES, TOTAL, before=[earlier(*LINES, TOTAL, kind="CR")]) == {}


def test_lines_without_a_number_are_found_by_their_item_among_what_was_invoiced() -> None:
    bare = ("IT1**10*EA*12.5*PE*BP*A1001", "TDS*12500")
    assert list(invoiced(BIG, *bare, before=[earlier(*bare)])) == ["invoiced_before"]


@pytest.mark.parametrize("kind", ["AC", "AD", "AK", "AT"])
def test_order_lines_without_an_answer_are_named(kind: str) -> None:
    line = ("PO1*2*11*EA*13.5*PE*BP*A1002", "ACK*IA*11*EA*067*20261231", "CTT*1")
    told, answers = answered(f"BAK*00*{kind}*822001*20261128", *line, of_all=True)
    assert list(told) == ["line_not_answered"]
    assert f"nothing to line 1 (A1001) of purchase order 822001 (BAK02 {kind})" in told["line_not_answered"]
    assert answers.dates == {1: DAY}


def test_an_answer_with_exceptions_only_leaves_the_other_lines_as_ordered() -> None:
    line = ("PO1*1*10*EA*12.5*PE*BP*A1001", "ACK*IQ*8*EA*067*20261215", "CTT*1")
    told, answers = answered("BAK*00*AE*822001*20261128", "DTM*067*20261231", *line, of_all=True)
    assert list(told) == ["quantity_differs"]
    assert [(row["line"], row["status"], row["quantity"]) for row in answers.told] == [
        ("1", "accepted, quantity changed", "8"),
        ("2", "accepted", "11"),
    ]
    assert answers.dates == {0: dt.date(2026, 12, 15), 1: DAY}


@pytest.mark.parametrize("kind", ["RD", "RF", "RO"])
def test_a_rejected_order_that_names_some_lines_rejects_them_all(kind: str) -> None:
    line = ("PO1*1*10*EA*12.5*PE*BP*A1001", "ACK*IR*10*EA", "CTT*1")
    told, answers = answered(f"BAK*00*{kind}*822001*20261128", *line, of_all=True)
    assert list(told) == ["order_rejected", "line_rejected"]
    assert [row["quantity"] for row in answers.told] == ["0", "0"]


PO1 = "PO1*1*10*EA*12.5*PE*BP*A1001"


@pytest.mark.parametrize(
    "segments",
    [
        (PO1, "ACK*DR*10*EA", "DTM*067*20261231"),
        (PO1, "DTM*067*20261231", "ACK*IA*10*EA"),
        (PO1, "DTM*002*20270115", "ACK*IA*10*EA", "DTM*068*20261231"),
        (PO1, "DTM*002*20270115", "DTM*067*20261231", "ACK*IA*10*EA"),
        (PO1, "ACK*IA*10*EA", "SCH*10*EA***067*20261231"),
        (PO1, "ACK*IA*10*EA", "SCH*10*EA***010*20261220**067*20261231"),
    ],
    ids=["below ACK", "line", "below ACK before line", "promised before asked for", "SCH", "second of SCH"],
)
def test_a_confirmed_day_is_read_wherever_it_may_stand(segments: tuple[str, ...]) -> None:
    told, answers = answered(BAK, *segments, "CTT*1")
    assert (told, answers.dates) == ({}, {0: DAY})


def test_what_is_promised_counts_before_what_was_asked_for_in_the_heading_too() -> None:
    _, answers = answered("BAK*00*AD*822001*20261128", "DTM*002*20270115", "DTM*067*20261231")
    assert answers.dates == {0: DAY, 1: DAY}
    _, answers = answered("BAK*00*AD*822001*20261128", "DTM*002*20261231")
    assert answers.dates == {0: DAY, 1: DAY}


@pytest.mark.parametrize("place", ["line", "answer", "schedule"])
def test_a_deadline_is_told_wherever_it_stands(place: str) -> None:
    deadline = "DTM*001*20261231"
    stated = {
        "line": (PO1, deadline, "ACK*IA*10*EA"),
        "answer": (PO1, "ACK*IA*10*EA", deadline),
        "schedule": (PO1, "ACK*IA*10*EA", "SCH*10*EA***001*20261231"),
    }
    told, answers = answered(BAK, *stated[place], "CTT*1")
    assert list(told) == ["no_delivery_date"] and "2026-12-31" in told["no_delivery_date"]
    assert answers.dates == {}


def test_parts_of_a_schedule_are_said_and_the_last_day_counts() -> None:
    told, answers = answered(BAK, PO1, "ACK*IA*10*EA", "SCH*6*EA***067*20261215", "SCH*4*EA***067*20261231", "CTT*1")
    assert (list(told), answers.dates) == (["split_schedule"], {0: DAY})


@pytest.mark.parametrize("status", ["IB", "BP"])
def test_a_quantity_that_is_back_ordered_is_a_part_of_the_line(status: str) -> None:
    told, answers = answered(BAK, PO1, f"ACK*{status}*4*EA*067*20261231", "CTT*1")
    assert (told, answers.dates, answers.corrections) == ({}, {0: DAY}, {})
    assert "backordered (4 EA)" in answers.told[0]["status"] and answers.told[0]["quantity"] == "10"
    told, _ = answered(BAK, PO1, "ACK*IQ*5*EA*067*20261215", f"ACK*{status}*3*EA*067*20261231", "CTT*1")
    assert "8 EA confirmed, 10 EA ordered" in told["quantity_differs"]
    told, _ = answered(BAK, PO1, "ACK*IR*6*EA", f"ACK*{status}*4*EA*067*20261231", "CTT*1")
    assert "4 EA confirmed, 10 EA ordered" in told["quantity_differs"]


@pytest.mark.parametrize("status", ["IB", "BP"])
def test_a_back_order_without_a_date_needs_a_look(status: str) -> None:
    told, _ = answered(BAK, PO1, "ACK*IA*6*EA*067*20261215", f"ACK*{status}*4*EA", "CTT*1")
    assert list(told) == ["line_needs_a_look"]
    assert told["line_needs_a_look"].startswith("Item A1001: 4 EA of it ") and "without a date" in told["line_needs_a_look"]
    told, _ = answered(BAK, "DTM*067*20261231", PO1, f"ACK*{status}*10*EA", "CTT*1")
    assert told == {}
    told, _ = answered(BAK, PO1, f"ACK*{status}*4*EA*001*20261231", "CTT*1")
    assert list(told) == ["no_delivery_date", "line_needs_a_look"]


def test_what_comes_instead_is_named() -> None:
    told, _ = answered(BAK, PO1, "ACK*IS*10*EA*067*20261231**VN*NEW-9", "CTT*1")
    assert told == {"line_needs_a_look": "Item A1001: accepted, item substituted (IS): VN NEW-9 comes instead."}


def test_another_currency_is_told_and_no_price_in_it_is_written() -> None:
    segments = ("CUR*SE*CAD", "PO1*1*8*EA*14*PE*BP*A1001", "ACK*IQ*8*EA*067*20261231", "CTT*1")
    told, answers = answered(BAK, *segments)
    assert list(told) == ["currency_differs", "quantity_differs", "price_differs"]
    assert "answers in CAD, purchase order 822001 is in EUR" in told["currency_differs"]
    (correction,) = answers.corrections.values()
    assert (correction.quantity, correction.unit_price) == (8, None)


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        (("SAC*C*D240***5000*******06***Freight", PO1, "ACK*IA*10*EA"), "charge D240 50.00 Freight"),
        ((PO1, "SAC*A*C310****3*2*****02", "ACK*IA*10*EA"), "allowance C310 2 %"),
        ((PO1, "ACK*IA*10*EA", "TXI*GS**5"), "tax GS 5 %"),
        (("TXI*GS*13.5", PO1, "ACK*IA*10*EA"), "tax 13.50"),
    ],
    ids=["charge", "allowance of a line", "tax of a line", "tax"],
)
def test_charges_allowances_and_taxes_of_an_answer_are_told(segments: tuple[str, ...], words: str) -> None:
    told, _ = answered(BAK, *segments, "CTT*1")
    assert list(told) == ["charges_announced"] and f"states {words}, " in told["charges_announced"]


def test_purposes_that_a_partner_sends_as_originals_act_by_their_set_alone() -> None:
    partner = replace(partner_with(), purposes={"855": ("06",), "856": ("14",), "810": ("05",)})
    notes, differences = Checklist(partner), Checklist(partner)
    answer = read(OrderAcknowledgment, "855", "BAK*06*AC*822001*20261128", PO1, "ACK*IA*10*EA*067*20261231", "CTT*1")
    assert answers_to(answer, ordered(partner), partner, notes, differences).dates == {0: DAY}
    invoice = read(Invoice, "810", f"{BIG}****05", *LINES, TOTAL, "CTT*2")
    check_invoice(invoice, ordered(partner), partner, notes)
    assert is_to_be_entered(invoice, partner)
    shipped = ("HL*1**S", "HL*2*1*O", "PRF*822001", "HL*3*2*I", "LIN*1*BP*A1001", "SN1**10*EA", "CTT*3")
    check_ship_notice(read(ShipNotice, "856", "BSN*14*S-1*20261128*1200*0001", *shipped), {"822001": ordered(partner)}, notes)
    assert [finding.code for finding in notes.findings] == ["line_not_answered"]
    other = Checklist(partner)
    check_ship_notice(read(ShipNotice, "856", "BSN*06*S-1*20261128*1200*0001", *shipped), {"822001": ordered(partner)}, other)
    assert [finding.code for finding in other.findings] == ["purpose_not_supported"]
    assert """add purposes: {"856": ["06"]} to their file""" in other.findings[0].message


@pytest.mark.parametrize(
    ("segments", "is_whole"),
    [
        ((f"{BIG}***CR", *LINES, TOTAL), True),
        ((BIG, "IT1*1*-10*EA*12.5*PE*BP*A1001", "TDS*-12500"), True),
        ((f"{BIG}***CR", "IT1*1*-10*EA*12.5*PE*BP*A1001", "TDS*-12500"), True),
        ((BIG, *LINES, TOTAL), False),
        ((f"{BIG}***CR", "IT1*1*-10*EA*12.5*PE*BP*A1001", LINES[1], "TDS*2350"), False),
        ((BIG, "IT1*1*10*EA*-12.5*PE*BP*A1001", "TDS*-12500"), False),
        ((BIG, "IT1*1*-10*EA*12.5*PE*BP*A1001", "SAC*C*D240***500", "TDS*-12000"), False),
        ((f"{BIG}***CI", "IT1*1*-10*EA*12.5*PE*BP*A1001", "TDS*-12500"), False),
    ],
)
def test_a_credit_is_taken_by_setting_where_all_of_it_is_one(segments: tuple[str, ...], is_whole: bool) -> None:
    invoice = read(Invoice, "810", *segments, "CTT*2")
    credit = as_credit(invoice)
    assert (credit is not None) == is_whole
    partner = partner_with()
    notes = Checklist(partner)
    check_invoice(invoice, ordered(partner), partner, notes, takes_credits=True)
    held = {finding.code for finding in notes.findings}
    if credit is not None:
        assert held == set() and credit.total > 0 and all(line.quantity > 0 for line in credit.lines)
        check_invoice(invoice, ordered(partner), partner, notes, [earlier(*LINES, TOTAL)], takes_credits=True)
        assert notes.findings == (), "what was invoiced is what is taken back"
