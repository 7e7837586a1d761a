"""Every element of a received 850: which field of the document and of SAP's order it became."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconn_pipelines.flows.tracing.chain import Source, Trace
from mlconn_pipelines.flows.tracing.inbound import trace_received
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import book, mapping, partner

ORDER = """ST*850*0001
BEG*00*SA*PO-9**20260105
CUR*BY*USD
REF*DP*778
PER*BD*Max Teq*EM*max@maxi-teq.example
DTM*002*20260120
N1*ST*DC Reno*92*0042
N4*Reno*NV*89501*US
PO1*1*10*EA*12.5**BP*MT-1
PID*F****Officeprint
PO1*2*2*BX*144**UP*614141000036
DTM*002*20260125
CTT*2
SE*14*0001"""


@pytest.fixture(scope="module")
def order() -> Trace:
    segments = [segment.split("*") for segment in ORDER.split("\n")]
    trading = partner(unit_factors={"BX": Decimal(12)})
    return trace_received(segments, "850", trading, mapping(order_target="Orders"), book(), "acme:Orders:D1")


def made_of(trace: Trace) -> dict[str, str]:
    return {one.name: "; ".join(map(str, one.origins)) for one in trace.traced}


def became(trace: Trace) -> dict[str, Source]:
    return {f"{one.name} ({one.segment})": one for one in trace.sources}


def test_the_orders_fields_come_from_these_elements(order: Trace) -> None:
    found = made_of(order)
    assert found["NumAtCard"] == "BEG03 (2)"
    assert found["DocDate"] == found["TaxDate"] == "BEG05 (2)"
    assert found["DocDueDate"] == "DTM02 (6)"
    assert found["CardCode"] == "partner file customer_codes[0]"
    assert found["U_MLConnRef"] == "our reference"
    assert found["DocCurrency"] == "if CUR02 (3)"
    assert "BEG03 (2)" in found["Comments"] and "partner file title" in found["Comments"]
    assert "N104 (7)" in found["ShipToCode"] and "partner file ship_to.0042" in found["ShipToCode"]
    assert found["ContactPersonCode"] == "if PER02 (5); if PER04 (5)"
    assert "PO107 (9)" in found["DocumentLines[0].ItemCode"] and "items.A00001.code" in found["DocumentLines[0].ItemCode"]
    assert found["DocumentLines[0].Quantity"] == "PO102 (9)"
    assert found["DocumentLines[0].UnitPrice"] == "PO104 (9)"
    assert "PO102 (11)" in found["DocumentLines[1].Quantity"]
    assert "PO103 (11)" in found["DocumentLines[1].UoMEntry"]
    assert found["DocumentLines[1].ShipDate"] == "DTM02 (12)"


def test_the_way_forth_leads_over_the_document(order: Trace) -> None:
    forth = became(order)
    assert (forth["BEG03 (2)"].document, forth["BEG03 (2)"].used_in) == (("number",), ("NumAtCard", "Comments"))
    assert (forth["PO104 (11)"].document, forth["PO104 (11)"].used_in) == (
        ("lines[1].unit_price",), ("DocumentLines[1].UnitPrice",),
    )  # fmt: skip
    assert forth["REF02 (4)"].document == ("references[0].id",) and forth["REF02 (4)"].used_in == ()
    assert forth["PID05 (10)"].document == ("lines[0].description",)
    assert forth["CTT01 (13)"].document == forth["SE01 (14)"].document == ()
    assert len(order.sources) == sum(bool(e) for segment in ORDER.split("\n") for e in segment.split("*")[1:])


def test_every_field_of_the_record_has_an_origin(order: Trace) -> None:
    assert order.traced and all(one.origins for one in order.traced)
    constants = {one.name for one in order.traced if {origin.kind for origin in one.origins} == {"constant"}}
    assert constants == set()


def test_without_an_erp_the_way_ends_at_the_document() -> None:
    trace = trace_received([segment.split("*") for segment in ORDER.split("\n")], "850", partner())
    assert trace.traced == () and became(trace)["BEG03 (2)"].document == ("number",)


def test_a_set_that_cannot_be_read_is_said() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        trace_received([["ST", "850", "0001"], ["SE", "2", "0001"]], "850", partner())
