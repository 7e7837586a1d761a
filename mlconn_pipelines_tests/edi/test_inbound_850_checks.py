"""What an 850 says beyond item, quantity, price and day of its lines is held with a sentence, unless it changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.price_basis import is_price_of_unit, power_of_ten
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850 import delivery_day, wanted_day
from mlconn_pipelines.edi.inbound_850_checks import FIRM_TYPES
from mlconn_pipelines.edi.order_as_meant import order_as_meant
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.grammar.naming import meanings
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines_tests.x12.guides import guide_of, interchange_of, only_set

BEG = "BEG*00*SA*P-1**20261128"
PO1 = "PO1*1*10*EA*12.5*PE*VP*A1001"


def order_of(*segments: str, version: str = "004010") -> PurchaseOrder:
    document, findings = parse_document(only_set(interchange_of(*segments, "CTT*1", version=version)))
    assert findings == ()
    assert isinstance(document, PurchaseOrder)
    return document


def checked(*segments: str, severities: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What holds the order: sentences by code."""
    partner = Partner("northwind", "Northwind", ("C1",), (), guide_of(severities=severities or {}), "to_northwind")
    notes = Checklist(partner)
    order_as_meant(order_of(*segments), partner, notes, system="SAP", has_line_addresses=True)
    return {finding.code: finding.message for finding in notes.findings if finding.severity == "reject"}


def test_a_plain_order_is_taken() -> None:
    assert checked(BEG, "DTM*002*20261208", "N1*ST*Store*92*0100", PO1) == {}


@pytest.mark.parametrize("kind", sorted(code for code in meanings("92") if code not in FIRM_TYPES))
def test_an_order_that_is_no_firm_new_one_is_held_with_its_type_in_words(kind: str) -> None:
    held = checked(BEG.replace("*SA*", f"*{kind}*"), PO1)
    assert list(held) == ["order_type_not_firm"]
    assert f"of type {kind} ({meanings('92')[kind].meaning})" in held["order_type_not_firm"]


@pytest.mark.parametrize("kind", sorted(FIRM_TYPES))
def test_a_firm_order_is_taken(kind: str) -> None:
    assert checked(BEG.replace("*SA*", f"*{kind}*"), PO1) == {}


def test_a_type_that_x12_does_not_list_is_held_and_a_partner_may_have_it_taken() -> None:
    strange = BEG.replace("*SA*", "*Q7*")
    assert "which X12 does not list" in checked(strange, PO1)["order_type_not_firm"]
    assert checked(strange, PO1, severities={"order_type_not_firm": "accept_with_error"}) == {}


@pytest.mark.parametrize("purpose", sorted(code for code in meanings("353") if code != "00"))
def test_only_originals_are_taken(purpose: str) -> None:
    assert "purpose_not_supported" in checked(BEG.replace("BEG*00*", f"BEG*{purpose}*"), PO1)


PER_UNIT = ("", "PE", "UM", "TE", "QE", "LE", "WE", "CA", "CP", "CT", "FX", "NT", "UP")
NO_PRICE_OF_A_UNIT = (
    "TB",
    "NC",
    "NS",
    "NQ",
    "AP",
    "BD",
    "DS",
    "EC",
    "ES",
    "FO",
    "FB",
    "KP",
    "NE",
    "PV",
    "SR",
    "RT",
    "RS",
    "BW",
    "QX",
)
MEASURES = (
    *("PP", "PK", "PG", "PO", "PA", "PT", "PL", "ML", "PF", "PY", "HF", "TF", "PS"),
    *("DZ", "HU", "UD"),
)


@pytest.mark.parametrize("basis", PER_UNIT)
@pytest.mark.parametrize("unit", ["EA", "CA", "LB"])
def test_a_price_of_one_of_the_unit_is_taken(basis: str, unit: str) -> None:
    assert checked(BEG, f"PO1*1*24*{unit}*1200*{basis}*VP*A1001") == {}


@pytest.mark.parametrize(
    ("basis", "unit", "price"),
    [
        *(("HP", "EA", "12"), ("TP", "EA", "1.2"), ("PN", "EA", "120"), ("TT", "EA", "0.12"), ("HT", "EA", "0.012")),
        *(("LC", "PC", "12"), ("TM", "EA", "1.2"), ("HP", "HU", "1200"), ("TP", "TH", "1200")),
    ],
)
def test_a_price_of_a_power_of_ten_is_the_price_of_one(basis: str, unit: str, price: str) -> None:
    order = order_of(BEG, f"PO1*1*24*{unit}*1200*{basis}*VP*A1001")
    assert order.lines[0].unit_price == Decimal(price)
    assert checked(BEG, f"PO1*1*24*{unit}*1200*{basis}*VP*A1001") == {}


@pytest.mark.parametrize("basis", [*NO_PRICE_OF_A_UNIT, *MEASURES])
@pytest.mark.parametrize("price", ["1200", ""])
def test_a_price_of_something_else_than_the_unit_is_held(basis: str, price: str) -> None:
    held = checked(BEG, f"PO1*1*24*EA*{price}*{basis}*VP*A1001")
    assert list(held) == ["price_basis"]
    meaning = meanings("639").get(basis)
    assert f"PO105 {basis}" in held["price_basis"]
    assert meaning is None or meaning.meaning in held["price_basis"]
    assert "1200" in held["price_basis"] or not price


@pytest.mark.parametrize(
    ("basis", "unit"),
    [("PD", "DZ"), ("PP", "LB"), ("PK", "KG"), ("PF", "FT"), ("PY", "YD"), ("PT", "TN"), ("PO", "OZ"), ("PL", "LT")],
)
def test_a_price_of_a_measure_that_is_the_unit_is_taken(basis: str, unit: str) -> None:
    assert checked(BEG, f"PO1*1*24*{unit}*3.5*{basis}*VP*A1001") == {}


def test_every_price_basis_of_x12_is_either_a_price_of_the_unit_or_held() -> None:
    taken = {basis for basis in meanings("639") if is_price_of_unit(basis, "EA")}
    powers = {basis for basis in meanings("639") if power_of_ten(basis, "EA")}
    assert powers <= taken
    assert not taken & {*NO_PRICE_OF_A_UNIT, *MEASURES}


@pytest.mark.parametrize(
    ("segments", "code", "told"),
    [
        (("SDQ*EA*92*0100*4*0101*6",), "split_by_store", "0100 4, 0101 6"),
        (("SDQ*EA*92*0100*4*0101*5",), "split_by_store", "The stores add up to 9, the line is over 10."),
        (("SDQ*EA*92*0100*10",), "split_by_store", "0100 10"),
        (("N1*BY*Store*92*0100", "QTY*77*4"), "split_by_store", "N1 with QTY"),
        (("SCH*5*EA***002*20261208", "SCH*5*EA***002*20261215"), "split_by_schedule", "SCH"),
        (("N1*BY*Store*92*0100", "SCH*5*EA***002*20261208"), "split_by_schedule", "SCH"),
        (("SLN*1**I*6*EA****VP*A1001",), "has_components", "SLN"),
        (("N1*ST*Store A*92*0100",), "line_ship_to", "0100 Store A"),
        (("N1*ST*Store A", "N3*5 Far Rd", "N4*Reno*NV*89501"), "line_ship_to", "Store A Reno"),
        (("N1*DA*Yard",), "line_ship_to", "Yard"),
        (("N1*UC*Yard",), "line_ship_to", "Yard"),
        (("N1*SN*Store 7*92*0007",), "line_ship_to", "0007 Store 7"),
    ],
)
def test_what_a_line_says_of_places_days_and_parts_is_held(segments: tuple[str, ...], code: str, told: str) -> None:
    held = checked(BEG, "DTM*002*20261208", "N1*ST*Head office*92*0001", PO1, *segments)
    assert list(held) == [code]
    assert told in held[code]


def test_a_line_that_repeats_the_order_s_own_place_says_nothing_new() -> None:
    assert checked(BEG, "N1*ST*Store*92*0100", PO1, "N1*ST*Store no. 1*92*0100") == {}
    described = ("N1*ST*Store", "N3*5 Far Rd", "N4*Reno*NV*89501")
    assert checked(BEG, *described, PO1, *described) == {}
    assert checked(BEG, "N1*ST*Store*92*0100", PO1, "N1*MA*Mark for*92*0044", "N1*BT*Payer*92*0045") == {}


def test_lines_with_the_same_place_are_held_where_the_order_has_none() -> None:
    held = checked(BEG, PO1, "N1*ST*Store A*92*0100")
    assert "it names none" in held["line_ship_to"]


@pytest.mark.parametrize(
    "places",
    [
        ("N1*ST*A*92*0100", "N1*ST*B*92*0101"),
        ("N1*ST*A*92*0100", "N1*ST*A*UL*0100"),
        ("N1*ST*A", "N3*1 Far Rd", "N1*ST*A", "N3*2 Far Rd"),
        ("N1*ST*A*92*0100", "N1*DA*Yard*92*0102"),
    ],
)
def test_two_places_in_the_heading_are_held(places: tuple[str, ...]) -> None:
    held = checked(BEG, *places, PO1)
    assert list(held) == ["several_ship_tos"]
    assert "2 places" in held["several_ship_tos"]


def test_one_place_that_is_named_twice_is_one() -> None:
    assert checked(BEG, "N1*ST*A*92*0100", "N1*ST*A again*92*0100", "N1*Z7*Other*92*0101", PO1) == {}


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ((), "PO1*1*10*EA***VP*A1001", ("PO3*AQ*20261201*CON*9.75",)),
        ((), "PO1*1*10*EA***VP*A1001", ("CTP**UCP*9.75**CA",)),
        ((), "PO1*1*10*EA***VP*A1001", ("CTP**UCP*9.75***CSD*1.2",)),
        ((), "PO1*1*10*EA***VP*A1001", ("CTP**UCP*9.75******PP",)),
        ((), "PO1*1*10*EA***VP*A1001", ("CTP**RSH*9.75",)),
        ((), "PO1*1*10*EA***VP*A1001", ("CTP**UCP*9.75", "CTP**CON*9.5")),
        ((), "PO1*1*10*EA*12.5**VP*A1001", ("CTP**NET*9.75",)),
        (("CTP**UCP*9.75**CA",), "PO1*1*10*EA***VP*A1001", ()),
    ],
)
def test_prices_from_which_it_does_not_follow_what_a_line_costs_are_held(
    before: tuple[str, ...], line: str, after: tuple[str, ...]
) -> None:
    assert list(checked(BEG, *before, line, *after)) == ["price_elsewhere"]


def test_a_second_price_beside_the_line_s_own_and_a_line_without_any_hold_nothing() -> None:
    assert checked(BEG, "CTP**UCP*9.75", PO1, "CTP**RES*19.99***SEL*.9") == {}
    assert checked(BEG, PO1, "CTP**LPR*19.99") == {}
    assert checked(BEG, "PO1*1*10*EA***VP*A1001") == {}


def test_a_negative_price_is_held() -> None:
    assert list(checked(BEG, "PO1*1*10*EA*-12.5*PE*VP*A1001")) == ["price_negative"]


def test_everything_that_holds_an_order_is_told_at_once() -> None:
    held = checked(
        "BEG*05*BK*P-1**20261128", "N1*ST*A*92*1", "N1*ST*B*92*2", "PO1*1*10*EA*-1*PP*VP*A1", "SDQ*EA*92*1*4", "SLN*1**I*6*EA"
    )
    assert set(held) == {
        *("purpose_not_supported", "order_type_not_firm", "several_ship_tos", "price_basis", "price_negative"),
        *("split_by_store", "has_components"),
    }


def dated(*dates: str) -> tuple[dt.date, dict[str, str]]:
    partner = Partner("northwind", "Northwind", ("C1",), (), guide_of(), "to_northwind")
    notes = Checklist(partner)
    order = order_of(BEG, *dates, PO1)
    return delivery_day(order, notes), {finding.code: finding.message for finding in notes.findings}


@pytest.mark.parametrize("qualifier", ["002", "010", "037", "038", "118", "074", "077", "079", "069", "106", "067"])
def test_a_day_to_deliver_or_ship_by_is_taken(qualifier: str) -> None:
    assert dated(f"DTM*{qualifier}*20261209") == (dt.date(2026, 12, 9), {})


@pytest.mark.parametrize(("qualifier", "meaning"), [("001", "cancel after"), ("061", "cancel if not delivered")])
def test_a_deadline_is_no_delivery_date_and_is_told(qualifier: str, meaning: str) -> None:
    day, told = dated(f"DTM*{qualifier}*20261231")
    assert day == dt.date(2026, 11, 28)
    assert told["deadline"] == f"The order is to be cancelled if it comes late: {meaning} 2026-12-31 ({qualifier})."
    assert f"(it states {meaning} 2026-12-31 ({qualifier}))" in told["delivery_date_missing"]
    day, told = dated(f"DTM*{qualifier}*20261231", "DTM*002*20261209")
    assert (day, list(told)) == (dt.date(2026, 12, 9), ["deadline"])


@pytest.mark.parametrize("qualifier", ["004", "003", "007", "097", "171", "196", "ZZZ"])
def test_a_date_of_something_else_is_no_delivery_date(qualifier: str) -> None:
    day, told = dated(f"DTM*{qualifier}*20261231")
    assert (day, list(told)) == (dt.date(2026, 11, 28), ["delivery_date_missing"])
    assert f"2026-12-31 ({qualifier})" in told["delivery_date_missing"]
    assert wanted_day(order_of(BEG, PO1, f"DTM*{qualifier}*20261231").lines[0].dates) is None
