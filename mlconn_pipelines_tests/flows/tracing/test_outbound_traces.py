"""Every element of what we send: where SAP's record, the partner file or the reference data holds it."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest

from mlconn_pipelines.flows.ports.entries import ControlNumbers
from mlconn_pipelines.flows.tracing.chain import Trace
from mlconn_pipelines.flows.tracing.naming import COUNTS
from mlconn_pipelines.flows.tracing.outbound import trace_mapping, trace_rendering
from mlconn_pipelines.x12.guide import SetRules
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import (
    book,
    document,
    guide,
    line,
    mapping,
    partner,
    purchase_order,
)

NUMBERS = ControlNumbers(7, 8, 9)
AT = dt.datetime(2026, 1, 6, 10, 30)
BOOK = book()
LITERALS = {
    *("00", "0", "X", "IN", "PO", "SH", "810", "850", "856", "SE", "BY", "F", "TE", "EM", "", "S", "O", "I"),
}
"""What X12 itself or the set wants at that place, whatever the document says."""


def traced(flow: str, record: Any, **changes: Any) -> Trace:
    trading = partner(**changes)
    mapped = trace_mapping(partial(mapping().outbound.document, flow), record, trading, BOOK)
    return trace_rendering(mapped.document, trading.guide, NUMBERS, AT, mapped)


def origins(trace: Trace) -> dict[str, list[str]]:
    """By element: the origins of each of that name, in order."""
    found: dict[str, list[str]] = {}
    for one in trace.traced:
        found.setdefault(one.name, []).append("; ".join(map(str, one.origins)))
    return found


def uses(trace: Trace) -> dict[str, tuple[str, ...]]:
    return {source.name: source.used_in for source in trace.sources}


@pytest.fixture(scope="module")
def invoice() -> Trace:
    rules = SetRules(fixed={"BIG07": "DI"}, required=("CTT02",), lengths_max={"PID05": 12})
    lines = [
        line(0),
        line(1, ItemCode="A00003", Quantity=24.0, UoMCode="Box 12"),
        line(2, ItemCode="A00002", Price=12.5, SupplierCatNum="MT-2"),
    ]
    return traced("x12_810", document(lines), guide=guide(sets={"810": rules}, product_id_qualifiers=("UP", "VP", "BP")))


def test_an_invoices_elements_come_from_these_fields(invoice: Trace) -> None:
    found = origins(invoice)
    assert found["BIG01"] == ["DocDate"]
    assert found["BIG02"] == ["DocNum"]
    assert found["BIG04"] == ["NumAtCard"]
    assert found["BIG07"] == ["partner file x12.sets.810.fixed.BIG07"]
    assert found["CUR02"] == ["DocCurrency; reference data currencies[$].iso"]
    assert found["N301"] == ["AddressExtension.BillToStreet", "AddressExtension.ShipToStreet"]
    assert found["N104"] == ["partner file ship_to.0042; if ShipToCode", "partner file x12.ours.id"]
    assert found["PER02"][0].startswith("reference data partners.C20000.contacts.7.name")
    assert found["ITD06"] == ["DocDueDate"]
    assert set(found["ITD07"][0].split("; ")) == {"DocDate", "DocDueDate"}
    assert found["IT101"] == [f"DocumentLines[{n}].LineNum" for n in range(3)]
    assert found["IT102"] == [f"DocumentLines[{n}].Quantity" for n in range(3)]
    assert found["IT103"][1] == "DocumentLines[1].UoMCode; partner file units[Box 12]"
    assert found["IT104"] == [f"DocumentLines[{n}].Price" for n in range(3)]
    assert found["TDS01"] == ["DocTotal"]
    assert found["CTT01"] == ["count of lines"]
    assert found["CTT02"] == ["sum of DocumentLines[*].Quantity"]


def test_product_ids_come_from_where_the_number_stands(invoice: Trace) -> None:
    by_value = {one.value: "; ".join(map(str, one.origins)) for one in invoice.traced if one.name.startswith("IT1")}
    assert by_value["A00001"] == "DocumentLines[0].ItemCode"
    assert "reference data items.A00003.barcodes[0]" in by_value["614141000036"]
    assert by_value["MT-2"] == "DocumentLines[2].SupplierCatNum"
    assert "reference data partner_items[C20000, A00001]" in by_value["MT-1"]


def test_all_pieces_of_a_long_text_come_from_one_field(invoice: Trace) -> None:
    pieces = [one for one in invoice.traced if one.name == "PID05"]
    assert len(pieces) > 3
    assert all("].ItemDescription" in str(one.origins) for one in pieces)


def test_the_envelope_comes_from_partner_file_numbers_and_time(invoice: Trace) -> None:
    found = origins(invoice)
    assert (found["ISA13"], found["GS06"], found["ST02"], found["SE02"]) == (
        ["control number ISA13"], ["control number GS06"], ["control number ST02"], ["control number ST02"],
    )  # fmt: skip
    assert found["ISA06"] == ["partner file x12.ours.id"] and found["GS03"] == ["partner file x12.group_theirs"]
    assert found["ISA09"] == found["GS05"] == ["time of the claim"]
    assert found["GS08"] == ["partner file x12.version"]


def test_the_way_forth_names_every_field_and_what_goes_nowhere(invoice: Trace) -> None:
    forth = uses(invoice)
    assert forth["DocNum"] == ("BIG02 (4)",)
    assert forth["DocDate"] == ("BIG01 (4)", "ITD07 (14)")
    assert [name.split()[0] for name in forth["DocumentLines[1].Quantity"]] == ["IT102", "CTT02"]
    assert forth["JournalMemo"] == forth["DocumentLines[0].UoMEntry"] == forth["PaidToDate"] == ()
    assert len(forth) == len(invoice.sources)


def test_a_purchase_orders_elements_come_from_these_fields() -> None:
    found = origins(traced("x12_850", purchase_order([line(0, Price=9.5), line(2, ItemCode="A00002", Price=11.0)])))
    assert found["BEG03"] == ["DocNum"] and found["BEG05"] == ["DocDate"]
    assert found["BEG01"] == ["constant of the mapping"]
    assert found["CUR02"][0].startswith("DocCurrency")
    assert found["PO101"] == ["DocumentLines[0].LineNum", "DocumentLines[1].LineNum"]
    assert found["PO102"] == ["DocumentLines[0].Quantity", "DocumentLines[1].Quantity"]
    assert found["PO103"] == [f"DocumentLines[{n}].UoMCode; partner file units.Each" for n in range(2)]
    assert found["PO104"] == ["DocumentLines[0].Price", "DocumentLines[1].Price"]
    assert found["PID05"] == ["DocumentLines[0].ItemDescription", "DocumentLines[1].ItemDescription"]
    assert "CardCode" in found["N104"]
    assert found["DTM02"][0] == "DocDueDate"
    assert found["DTM02"][1:] == ["DocumentLines[0].ShipDate", "DocumentLines[1].ShipDate"]
    assert found["N402"][0].startswith("AddressExtension.")
    assert found["CTT01"] == ["count of lines"]


def test_a_ship_notices_elements_come_from_these_fields() -> None:
    record = document([line(0, BaseType=17, BaseEntry=3, BaseLine=4), line(1, ItemCode="A00002")], DocNum=350003)
    found = origins(traced("x12_856", record))
    assert found["BSN02"] == ["DocNum"] and found["BSN03"] == ["DocDate"] and found["BSN04"] == ["DocTime"]
    assert found["PRF01"] == ["NumAtCard"]
    assert found["SN102"] == ["DocumentLines[0].Quantity", "DocumentLines[1].Quantity"]
    assert found["SN103"] == [f"DocumentLines[{n}].UoMCode; partner file units.Each" for n in range(2)]
    assert "DocumentLines[0].BaseLine" in found["LIN01"][0]
    assert found["PID05"] == ["DocumentLines[0].ItemDescription", "DocumentLines[1].ItemDescription"]
    assert found["N401"] == ["AddressExtension.ShipToCity"]
    assert {name for name in found if name.startswith("HL")} == {"HL01", "HL02", "HL03"} | {"HL04"} & set(found)
    assert all(said.startswith("count of") for name in ("HL01", "HL02") for said in found[name])
    assert found["N103"][0] == "if ShipToCode" and "partner file ship_to.0042" in found["N104"][0]


@pytest.mark.parametrize("flow", ["x12_810", "x12_850", "x12_856"])
def test_every_element_has_an_origin_and_only_literals_have_none_but_themselves(flow: str) -> None:
    record = (purchase_order if flow == "x12_850" else document)(
        [line(0), line(1, ItemCode="A00003", Quantity=24.0, UoMCode="Box 12")]
    )
    trace = traced(flow, record)
    assert all(one.origins for one in trace.traced)
    bare = {one.value.strip() for one in trace.traced if [(o.kind, o.place) for o in one.origins] == [("constant", "")]}
    assert bare <= LITERALS
    written = sum(bool(element) for segment in trace.segments for element in segment.split("*")[1:])
    assert len(trace.traced) == written


def test_lines_without_a_unit_and_lines_with_one_are_kept_apart() -> None:
    """One line's unit is refused when it is changed; that says nothing of the others."""
    manual = {"UoMCode": "Manual", "MeasureUnit": None}
    lines = [line(0, **manual), line(1, UoMCode="Box 12"), line(2, **manual), line(3)]
    found = origins(traced("x12_810", document(lines)))["IT103"]
    assert all("partner file default_unit" in found[n] for n in (0, 2))
    assert found[1] == "DocumentLines[1].UoMCode; partner file units[Box 12]"
    assert found[3] == "DocumentLines[3].UoMCode; partner file units.Each"
    for row, words in enumerate(found):
        assert all(f"DocumentLines[{other}]" not in words for other in range(4) if other != row), words


def test_separators_are_the_origin_of_what_holds_them_and_of_nothing_else(invoice: Trace) -> None:
    assert {one.name for one in invoice.traced if "separators" in str(one.origins)} == {"ISA16"}


def test_counts_do_count() -> None:
    """What is declared a count changes with the number of lines, and nothing else of the trailer does."""
    short, long = (traced("x12_856", document([line(n) for n in range(count)])) for count in (1, 3))
    said = [{one.name: one.value for one in trace.traced if one.name in COUNTS} for trace in (short, long)]
    assert {name for name in said[0] if said[0][name] != said[1][name]} >= {"SE01", "CTT01", "HL01"}


def test_a_record_that_makes_no_document_says_why() -> None:
    with pytest.raises(ValueError, match="DocDate"):
        trace_mapping(partial(mapping().outbound.document, "x12_810"), document(DocDate=None), partner(), BOOK)
