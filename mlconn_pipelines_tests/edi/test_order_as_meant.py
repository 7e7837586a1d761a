"""What an order costs, what it adds up to, and what of it is told: prices, allowances, totals, days, packs, taxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.line import Packing
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850 import allowances_in_words, delivery_day
from mlconn_pipelines.edi.not_carried_over import not_carried_over
from mlconn_pipelines.edi.order_as_meant import order_as_meant
from mlconn_pipelines.edi.order_splitting import orders_by_store
from mlconn_pipelines.edi.packing import content_of
from mlconn_pipelines.ports.partner import OrderRules, Partner
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines_tests.x12.guides import guide_of, interchange_of, only_set

BEG = "BEG*00*SA*P-1**20261128"
PO1 = "PO1*1*10*EA*12.5*PE*VP*A1001"
NORTHWIND = Partner("northwind", "Northwind", ("C1",), (), guide_of(), "to_northwind")
UNPRICED = "PO1*1*144*EA***VP*A1001"


def order_of(*segments: str, ctt: str = "CTT*1") -> PurchaseOrder:
    document, findings = parse_document(only_set(interchange_of(*segments, *ctt.split("~"))))
    assert findings == ()
    assert isinstance(document, PurchaseOrder)
    return document


def meant(order: PurchaseOrder, **rules: Any) -> tuple[PurchaseOrder, Mapping[str, str]]:
    """The order as it was meant, and what is said of it by code."""
    partner = replace(NORTHWIND, orders=OrderRules(**rules))
    notes = Checklist(partner)
    made = order_as_meant(order, partner, notes, system="SAP", has_line_addresses=True)
    delivery_day(made, notes)
    return made, {finding.code: finding.message for finding in notes.findings}


@pytest.mark.parametrize(
    ("segments", "price"),
    [
        ((PO1,), "12.5"),
        ((UNPRICED, "CTP**UCP*9.75"), "9.75"),
        ((UNPRICED, "CTP***9.75"), "9.75"),
        ((UNPRICED, "CTP**NET*10***DIS*.9"), "9"),
        ((UNPRICED, "CTP**NET*10***SEL*.5"), "5"),
        ((UNPRICED, "CTP**CON*975******HP"), "9.75"),
        ((UNPRICED, "CTP**CON*12**EA****PD"), "1"),
        ((UNPRICED, "CTP**UCP*9.75", "CTP**RES*20"), "9.75"),
        ((UNPRICED, "CTP**UCP*9*1*EA", "CTP**UCP*8*100*EA", "CTP**UCP*7*1000*EA"), "8"),
        (("CTP**UCP*7", UNPRICED), "7"),
        (("CTP**UCP*7", UNPRICED, "CTP**UCP*9.75"), "9.75"),
        (("PO1*1*24*EA*1200*PD*VP*A1001",), "100"),
        (("PO1*1*24*KG*10*PP*VP*A1001",), "22.046226"),
        (("PO1*1*24*YD*10*PF*VP*A1001",), "30"),
        (("PO1*1*10*EA*0*PE*VP*A1001",), "0"),
    ],
)
def test_the_price_of_one_is_what_the_buyer_pays_for_one(segments: tuple[str, ...], price: str) -> None:
    order = order_of(BEG, *segments)
    made, said = meant(order)
    assert made.lines[0].unit_price is not None
    assert round(made.lines[0].unit_price, 6) == Decimal(price)
    assert not {"price_elsewhere", "price_basis"} & set(said)
    assert made.total == order.total


@pytest.mark.parametrize(
    ("segments", "told"),
    [
        (("SAC*A*C310***1250", PO1), "Allowance C310 12.50"),
        (("SAC*A*C310****1*5", PO1), "Allowance C310 5 % = 6.25"),
        (("SAC*A*C310***1250", "SAC*A*C310****4*10", PO1), "Allowance C310 10 % = 11.25"),
        (("SAC*A*C310****8*5", PO1), "Allowance C310 5 %"),
        (("SAC*A*C310****1*5", UNPRICED), "Allowance C310 5 %"),
        (("SAC*C*D240*****", PO1), "Charge D240 without an amount"),
        ((PO1, "SAC*A*C310******0.25*EA*100"), "Allowance C310 0.25 per EA, for 100 = 25.00"),
        ((PO1, "SAC*C*D240******0.25*EA"), "Charge D240 0.25 per EA = 2.50"),
        ((PO1, "SAC*C*D240******0.25*LB"), "Charge D240 0.25 per LB"),
    ],
)
def test_allowances_and_charges_are_told_with_what_they_come_to(segments: tuple[str, ...], told: str) -> None:
    assert told == allowances_in_words(order_of(BEG, *segments))[-1].strip()


@pytest.mark.parametrize(
    ("segments", "ctt", "differs"),
    [
        ((PO1,), "CTT*1*10~AMT*TT*125", False),
        ((PO1,), "CTT*1*10~AMT*TT*125.01", False),
        (("SAC*A*C310****1*10", PO1), "CTT*1~AMT*TT*112.5", False),
        ((PO1, "TXI*GS*6.25"), "CTT*1~AMT*TT*131.25", False),
        ((PO1,), "CTT*1*11", True),
        ((PO1,), "CTT*1~AMT*TT*125.02", True),
        ((UNPRICED,), "CTT*1~AMT*TT*125", True),
    ],
)
def test_stated_totals_are_compared_and_differences_told(segments: tuple[str, ...], ctt: str, differs: bool) -> None:
    _, said = meant(order_of(BEG, *segments, ctt=ctt))
    assert ("order_total_differs" in said) == differs


def test_taxes_are_told_by_their_kind_and_references_by_name() -> None:
    order = order_of(BEG, "REF*IA*83138", "TXI*GS*5", "TXI*SP*9.98*9.975", PO1, "TAX**SP*NV")
    (finding,) = not_carried_over(order, "850", NORTHWIND)
    assert "REF IA 83138" in finding.message
    assert "TXI GS (goods and services tax) tax 5.00" in finding.message
    assert "TXI SP (state/provincial tax) tax 9.98" in finding.message
    assert "TAX SP NV (line 1)" in finding.message


def test_ends_of_a_window_are_named_beside_the_day_that_is_taken() -> None:
    _, said = meant(order_of(BEG, "DTM*010*20261201", "DTM*037*20261208", "DTM*038*20261218", "DTM*001*20270107", PO1))
    assert "also stated: ship not before 2026-12-08 (037), ship no later 2026-12-18 (038)" in said["other_dates"]
    assert "2027-01-07 (001)" in said["deadline"]


@pytest.mark.parametrize(
    ("segments", "rules", "quantities"),
    [
        (("SCH*6*EA***002*20261208", "SCH*4*EA***002*20261215"), {"schedules": "lines"}, [6, 4]),
        (("SCH*6*EA***002*20261208", "SCH*5*EA***002*20261215"), {"schedules": "lines"}, None),
        (("SCH*6*CA***002*20261208", "SCH*4*CA***002*20261215"), {"schedules": "lines"}, None),
        (("SCH*6*EA*ST*0100*002*20261208", "SCH*4*EA*ST*0101*002*20261208"), {"schedules": "lines"}, None),
        (("SCH*6*EA***002*20261208", "SCH*4*EA***002*20261215"), {}, None),
        (("SDQ*EA*92*0100*4*0101*6",), {"several_stores": "lines"}, [4, 6]),
        (("SDQ*CA*92*0100*4*0101*6",), {"several_stores": "lines"}, None),
        (("SDQ*EA*92*0100*4*0101*6", "SCH*10*EA***002*20261208"), {"several_stores": "lines", "schedules": "lines"}, None),
        (("N1*ST*A*92*1", "QTY*77*4*EA", "N1*ST*B*92*2", "QTY*77*6*EA"), {"several_stores": "lines"}, [4, 6]),
        (("N1*ST*A*92*1", "N1*ST*B*92*2"), {"several_stores": "lines"}, None),
    ],
)
def test_a_line_is_split_where_its_parts_make_the_whole(
    segments: tuple[str, ...], rules: Mapping[str, str], quantities: list[int] | None
) -> None:
    made, said = meant(order_of(BEG, PO1, *segments), **rules)
    assert [line.quantity for line in made.lines] == (quantities or [10])
    held = {"split_by_store", "split_by_schedule", "line_ship_to"} & set(said)
    assert bool(held) == (quantities is None)


def test_an_order_with_a_place_of_its_own_is_marked_for_the_stores_that_it_is_divided_by() -> None:
    order = order_of(BEG, "SAC*C*D240***500", "N1*ST*Depot*92*0001", PO1, "SDQ*EA*92*0100*4*0101*6")
    parts = orders_by_store(order, OrderRules(several_stores="order_per_store"))
    assert [(one.store, one.lines[0].quantity) for one in parts] == [("0100", 4), ("0101", 6)]
    assert [(party.role, party.id) for party in parts[1].parties] == [("ST", "0001"), ("Z7", "0101")]
    assert all(one.allowances_and_charges == () and "of the whole order: charge D240 5.00" in one.notes[-1] for one in parts)


def test_an_order_is_divided_only_where_every_line_says_where_it_goes() -> None:
    rules = OrderRules(several_stores="order_per_store")
    assert orders_by_store(order_of(BEG, PO1, "SDQ*EA*92*0100*4*0101*6", PO1.replace("PO1*1", "PO1*2")), rules) == ()
    assert orders_by_store(order_of(BEG, PO1), rules) == ()
    assert orders_by_store(order_of(BEG, PO1, "SDQ*EA*92*0100*4*0101*6"), OrderRules()) == ()


@pytest.mark.parametrize(
    ("packing", "content"),
    [
        (Packing(24), 24),
        (Packing(24, Decimal(1), "EA"), 24),
        (Packing(1, Decimal(24), "EA"), 24),
        (Packing(24, Decimal(12), "OZ"), 24),
        (Packing(None, Decimal(12), "OZ"), None),
    ],
)
def test_a_pack_holds_what_its_inner_units_make(packing: Packing, content: int | None) -> None:
    assert content_of(packing) == content
