"""What the partner file says becomes of orders for several stores, days and parts: an order for each, lines, or a note."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.cases import case, changed
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import BC, SAP, name_of
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database

DAY = dt.date(2026, 11, 28)
SCHEDULE = "SCH*6*EA***002*20261208~SCH*4*EA***002*20261215~CTT*1"
PACKED = {"units": {"Each": "EA", "Case": "CA"}, "unit_factors": {"CA": "12"}}


def scheduled(control: int) -> bytes:
    """An order whose line of ten is wanted on two days."""
    content = changed(case("inbound/850_plain.edi", control), "CTT*1", SCHEDULE)
    return changed(changed(content, "P-PLAIN", "P-SCH"), "SE*7", "SE*9")


def put(scene: Scene, *names: str, first: int = 801) -> None:
    for control, name in enumerate(names, start=first):
        clerks.put(
            scene, scheduled(control) if name == "scheduled" else case(f"inbound/{name}.edi", control), f"{name}_{control}"
        )


def settled(scene: Scene) -> list[DocumentRow]:
    for _ in range(2):
        scene.run(INBOUND)
    return scene.documents(INBOUND, direction="inbound")


def became(rows: list[DocumentRow]) -> list[tuple[str, str]]:
    return sorted((row.business_number, row.reason_code or row.state.value) for row in rows)


def placed(scene: Scene, system: type[System], **orders: Any) -> Scene:
    """northwind's stores are known, and its orders are dealt with so."""
    addresses = [address.name for address in scene.partner_named("northwind").addresses]
    if system is BC:  # a store is a customer of its own there
        addresses = [partner.customer_code for partner in scene.world.partners if partner.customer_code]
    stores = {"0100": addresses[0], "0101": addresses[min(1, len(addresses) - 1)]}
    scene.reconfigure(partners={"northwind": {"orders": orders, "ship_to": stores}})
    return scene


def lines_of(scene: Scene, system: type[System]) -> dict[str, list[list[Any]]]:
    """By order number: quantity and day of each line of each order that was created."""
    made: dict[str, list[list[Any]]] = {}
    if system is SAP:
        for entry in scene.erp.state()["created"]:
            lines = [[line["quantity"], line["ship_date"]] for line in entry["lines"]]
            made.setdefault(entry["NumAtCard"], []).append(lines)
    else:
        for entry in scene.sandbox.business_central.state(source=False, bodies=True)["created"]:
            items = [line for line in entry["body"]["salesOrderLines"] if "lineType" in line]
            lines = [[float(line["quantity"]), line.get("shipmentDate", "")] for line in items]
            made.setdefault(entry["externalDocumentNumber"], []).append(lines)
    return {number: sorted(orders) for number, orders in made.items()}


@pytest.mark.parametrize("system", [SAP, BC], ids=name_of)
def test_an_order_for_several_stores_becomes_one_for_each_and_none_is_doubled(stage: Stage, system: type[System]) -> None:
    scene = placed(stage(system=system, only=["northwind"], today=DAY), system, several_stores="order_per_store")
    names = ("850_sdq", "850_sdq_sum_differs", "850_line_n1_st", "850_line_n1_over_head")
    put(scene, *names)
    rows = settled(scene)
    assert became(rows) == [
        *[("P-LN1", "posted")] * 2,
        ("P-LN1", "processed"),
        *[("P-LN2", "posted")] * 2,
        ("P-LN2", "processed"),
        *[("P-SDQ", "posted")] * 2,
        ("P-SDQ", "processed"),
        ("P-SDQ2", "split_by_store"),
    ]
    quantities = {
        number: [[line[0] for line in lines] for lines in orders] for number, orders in lines_of(scene, system).items()
    }
    assert quantities == {"P-SDQ": [[75.0], [164.0]], "P-LN1": [[5.0], [10.0]], "P-LN2": [[5.0], [10.0]]}
    (parent,) = (row for row in rows if row.state is State.PROCESSED and row.business_number == "P-SDQ")
    assert parent.reason == "Divided into 2 orders, one for each store: 0100 75, 0101 164."
    parts = [row for row in rows if row.source_key.startswith(f"{parent.source_key}|store")]
    assert sorted(row.canonical["store"] for row in parts) == ["0100", "0101"]
    assert len({record.reference for record in scene.system.created()}) == 6
    put(scene, *names[:1])  # the very same bytes
    put(scene, *names[:1], first=851)  # under another control number
    again = settled(scene)
    assert len(scene.system.created()) == 6
    assert sorted(row.reason_code for row in again if row.state is State.ON_HOLD) == [
        *["business_duplicate"] * 2,
        "split_by_store",
    ]


def test_a_held_order_for_several_stores_is_divided_once_the_partner_file_says_so(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    put(scene, "850_sdq")
    assert became(settled(scene)) == [("P-SDQ", "split_by_store")]
    placed(scene, SAP, several_stores="order_per_store")
    assert became(settled(scene)) == [*[("P-SDQ", "posted")] * 2, ("P-SDQ", "processed")]
    assert sorted(entry["lines"][0]["quantity"] for entry in scene.erp.state()["created"]) == [75.0, 164.0]


def test_lines_of_one_order_have_their_own_stores_where_sap_knows_them(stage: Stage) -> None:
    scene = placed(stage(only=["northwind"], today=DAY), SAP, several_stores="lines")
    put(scene, "850_sdq", "850_line_n1_over_head", "850_sdq_sum_differs")
    assert became(settled(scene)) == [("P-LN2", "posted"), ("P-SDQ", "posted"), ("P-SDQ2", "split_by_store")]
    orders = {entry["NumAtCard"]: scene.erp.record("Orders", entry["DocEntry"]) for entry in scene.erp.state()["created"]}
    names = [address.name for address in scene.partner_named("northwind").addresses]
    assert [(line["Quantity"], line["ShipToCode"]) for line in orders["P-SDQ"]["DocumentLines"]] == [
        (75, names[0]),
        (164, names[1]),
    ]
    assert [line.get("ShipToCode") for line in orders["P-LN2"]["DocumentLines"]][1] == names[1]


def test_business_central_has_no_store_with_a_line_and_says_so(stage: Stage) -> None:
    scene = placed(stage(system=BC, only=["northwind"], today=DAY), BC, several_stores="lines")
    put(scene, "850_sdq")
    (row,) = settled(scene)
    assert row.reason_code == "split_by_store"
    assert "Business Central keeps no place with a line" in row.reason


@pytest.mark.parametrize("system", [SAP, BC], ids=name_of)
def test_schedules_become_lines_components_a_note_and_types_are_listed(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=["northwind"], today=DAY)
    rules = {"schedules": "lines", "components": "note", "types": ["SA", "BK"]}
    scene.reconfigure(partners={"northwind": {"orders": rules}})
    put(scene, "scheduled", "850_sln", "850_blanket_BK", "850_dropship")
    rows = settled(scene)
    assert became(rows) == [("P-BK", "posted"), ("P-DS", "order_type_not_firm"), ("P-SCH", "posted"), ("P-SLN", "posted")]
    made = lines_of(scene, system)
    assert made["P-SCH"] == [[[6.0, "2026-12-08"], [4.0, "2026-12-15"]]]
    assert [line[0] for line in made["P-SLN"][0]] == [4.0]
    (noted,) = (finding for row in rows for finding in row.findings if finding.code == "has_components")
    assert (noted.severity, "VP A1002 6 EA" in noted.message) == ("accept_with_error", True)
    (unlisted,) = (row for row in rows if row.reason_code)
    assert "which the partner file does not list under orders.types" in unlisted.reason


def test_a_pack_of_another_size_is_held_and_posted_once_a_person_approves(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    scene.reconfigure(partners={"northwind": {"unit_factors": {"CA": 12}}})
    put(scene, "850_po4_pack", "misc_po4_24_factor_12")
    rows = settled(scene)
    assert became(rows) == [("M-PO4", "pack_differs"), ("P-PO4", "pack_differs")]
    assert "3 CA would be 36 of ours instead of 72" in rows[0].reason
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, INBOUND), rows[0].id, "twelve is right")
    settled(scene)
    assert [(entry["NumAtCard"], entry["lines"][0]["quantity"]) for entry in scene.erp.state()["created"]] == [("P-PO4", 36.0)]


ALL = ["order_date", "release", "references", "stores", "line_numbers"]


@pytest.mark.parametrize("returned", [ALL, []], ids=["returned", "not_asked_for"])
def test_what_an_order_said_comes_back_in_our_856_and_810_where_the_partner_file_wants_it(
    stage: Stage, returned: list[str]
) -> None:
    scene = stage(only=["northwind"], today=DAY)
    scene.reconfigure(partners={"northwind": {"orders": {"returned": returned}}})
    clerks.put(scene, case("answers/flow3_turn.edi", 801), "turn.edi")
    assert became(settled(scene)) == [("C-TURN", "posted")]
    (entry,) = scene.erp.state()["created"]
    order = scene.erp.record("Orders", entry["DocEntry"])
    delivery = clerks.copied(scene, "DeliveryNotes", 17, order)
    clerks.copied(scene, "Invoices", 15, scene.erp.record("DeliveryNotes", delivery.entry))
    scene.run("x12_856", "x12_810")
    (notice,), (invoice,) = scene.uploads("856"), scene.uploads("810")
    shipped, invoiced = notice.content.decode().split("~"), invoice.content.decode().split("~")
    said = {
        "REF*IA*83138",
        "REF*DP*038",
        "N1*BY*Store 7*92*0007",
        "N1*MA**93*3279",
    }
    assert (said & set(shipped), said & set(invoiced)) == ((said, said) if returned else (set(), set()))
    (prf,) = (segment for segment in shipped if segment.startswith("PRF"))
    assert prf == ("PRF*C-TURN*R7**20261128" if returned else "PRF*C-TURN")
    (big,) = (segment for segment in invoiced if segment.startswith("BIG"))
    assert big.split("*")[3:6] == (["20261128", "C-TURN", "R7"] if returned else ["", "C-TURN"])
    numbers = ["00001", "00002"] if returned else ["1", "2"]
    assert [segment.split("*")[1] for segment in shipped if segment.startswith("LIN")] == numbers
    assert [segment.split("*")[1] for segment in invoiced if segment.startswith("IT1")] == numbers


@pytest.mark.parametrize("system", [SAP, BC], ids=name_of)
def test_a_price_far_from_our_own_is_held_where_the_partner_file_says_how_far(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=["northwind"], today=DAY)
    (own,) = (item.price for item in scene.world.items if item.code == "A1001")
    scene.reconfigure(partners={"northwind": {"orders": {"list_price_tolerance_percent": 5}}})
    near = changed(case("inbound/850_plain.edi", 811), "*12.50*", f"*{own * 104 / 100:.2f}*")
    clerks.put(scene, near, "near.edi")
    put(scene, "misc_price_way_off")
    rows = settled(scene)
    assert became(rows) == [("M-PX", "list_price_differs"), ("P-PLAIN", "posted")]
    (held,) = (row for row in rows if row.reason_code)
    assert (
        f"The price is 0.01, and {'SAP' if system is SAP else 'Business Central'} would charge {own.normalize():f}"
        in held.reason
    )
    assert len(scene.system.created()) == 1
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, INBOUND), held.id, "a sample")
    settled(scene)
    assert sorted(record.number for record in scene.system.created()) == ["M-PX", "P-PLAIN"]
