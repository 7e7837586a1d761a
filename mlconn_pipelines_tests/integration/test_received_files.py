"""Files as they come: growing, broken, twice, vanished, misdirected."""

from __future__ import annotations

from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene

pytestmark = pytest.mark.database


def files(scene: Scene) -> dict[str, tuple[str, str]]:
    """Every file that was seen: its state and the code of its reason."""
    rows = scene.rows("SELECT name, state, reason_code FROM received_file ORDER BY id")
    return {row["name"]: (row["state"], row["reason_code"]) for row in rows}


def created(scene: Scene) -> list[str]:
    """Customers' order numbers of what came into the ERP, in order."""
    return [entry["NumAtCard"] for entry in scene.erp.state()["created"]]


def receive(scene: Scene) -> Tally:
    return scene.run(INBOUND)[INBOUND]["receive"]


def left_in(scene: Scene, partner: str = "northwind") -> list[str]:
    return [file.name for file in scene.cleo.files(scene.partner_named(partner).outlet)]


def test_a_growing_file_is_taken_once_it_is_whole(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [order], 7), "slow.edi", looks_until_whole=5)
    looked = 0
    while not created(scene):
        receive(scene)
        looked += 1
        assert looked < 8
    assert looked > 1
    assert created(scene) == [order.number]
    scene.settle()
    assert created(scene) == [order.number]
    assert left_in(scene) == []


def test_a_file_without_its_end_is_set_aside_after_a_second_look_and_others_go_on(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    first, second = clerks.an_order(scene), clerks.an_order(scene)
    whole = clerks.order_file(scene, [first], 7)
    clerks.put(scene, whole[: whole.rindex(b"IEA")], "broken.edi")
    clerks.put(scene, clerks.order_file(scene, [second], 8), "fine.edi")
    assert receive(scene)["growing"] == 1
    assert "broken.edi" in left_in(scene)
    scene.settle()
    assert files(scene) == {"broken.edi": ("on_hold", "interchange_incomplete"), "fine.edi": ("stored", "")}
    assert created(scene) == [second.number]
    (kept,) = scene.rows("SELECT content FROM interchange WHERE file_name = 'broken.edi'")
    assert bytes(kept["content"]) == whole[: whole.rindex(b"IEA")]
    (alert,) = scene.rows("SELECT text FROM alert")
    assert "broken.edi" in alert["text"]


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b"PK\x03\x04 not X12 at all", b"ISA*zu kurz~"])
def test_a_file_that_is_no_x12_is_set_aside(stage: Stage, content: bytes) -> None:
    scene = stage(only=["northwind"])
    clerks.put(scene, content, "strange.edi")
    for _ in range(3):
        receive(scene)
    assert [state for state, _ in files(scene).values()] == ["on_hold"]
    assert left_in(scene) == []


def test_two_files_of_one_name_are_two_files(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    orders = [clerks.an_order(scene) for _ in range(2)]
    for control, order in enumerate(orders, start=7):
        clerks.put(scene, clerks.order_file(scene, [order], control), "850.edi")
    assert left_in(scene) == ["850.edi", "850.edi"]
    scene.settle()
    assert sorted(created(scene)) == sorted(order.number for order in orders)
    assert left_in(scene) == []


def test_a_file_that_vanishes_before_its_download_is_left_alone(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    taken, fine = (clerks.an_order(scene) for _ in range(2))
    clerks.put(scene, clerks.order_file(scene, [taken], 7), "a_taken.edi")
    clerks.put(scene, clerks.order_file(scene, [fine], 8), "b_fine.edi")
    scene.cleo.faults.arm("vanished")
    done = receive(scene)
    assert done["taken_by_others"] == 1
    scene.settle()
    assert len(created(scene)) == 1
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}


def test_a_folder_that_vanished_stops_no_other(stage: Stage) -> None:
    scene = stage(only=["northwind", "kestrel"])
    scene.partner.send_orders(1, partner="kestrel")
    (fine,) = scene.partner.send_orders(1, partner="northwind")
    scene.cleo.drop_folder(scene.partner_named("kestrel").outlet)
    done = receive(scene)
    assert done["folders_gone"] >= 1
    assert any("from_kestrel" in problem for problem in done.problems)
    assert created(scene) == [fine.business_number]


def test_an_outbound_folder_that_vanished_keeps_its_documents_and_stops_no_other(stage: Stage) -> None:
    scene = stage(only=["northwind", "kestrel"])
    scene.cleo.drop_folder(scene.partner_named("kestrel").inbox)
    lost, fine = clerks.invoice(scene, "kestrel"), clerks.invoice(scene, "northwind")
    done = scene.run("x12_810")["x12_810"]["send"]
    assert any("to_kestrel" in problem for problem in done.problems)
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [fine.number]
    assert scene.states("x12_810") == {"accepted": 1, "ready": 1}
    scene.cleo.store.add_folder(scene.partner_named("kestrel").inbox)
    scene.hours_pass()
    scene.settle()
    assert [got.business_number for got in scene.received("810", partner="kestrel")] == [lost.number]


@pytest.mark.parametrize("case", ["test file", "unknown sender"])
def test_a_file_that_is_not_for_this_route_is_set_aside_whole(stage: Stage, case: str) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    content = clerks.order_file(scene, [order], 7, usage="T" if case == "test file" else "P")
    if case == "unknown sender":
        content = content.replace(b"123456789      ", b"STRANGER       ")
    clerks.put(scene, content, "odd.edi")
    scene.settle()
    code = {"test file": "usage_differs", "unknown sender": "partner_unknown"}[case]
    assert files(scene) == {"odd.edi": ("on_hold", code)}
    assert (created(scene), scene.uploads()) == ([], [])


def test_the_same_bytes_twice_are_one_order_and_the_stored_997_is_sent_again(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    content = clerks.order_file(scene, [order], 7)
    for name in ("first.edi", "again.edi"):
        clerks.put(scene, content, name)
        scene.settle()
    assert created(scene) == [order.number]
    answers = scene.received("997")
    assert len({got.control_number for got in answers}) == 1
    assert len(answers) == 2
    assert len({got.file for got in answers}) == 2
    states = scene.states(INBOUND, set_ids=("850",))
    assert states == {"posted": 1, "duplicate": 1}


def test_the_same_control_number_with_other_bytes_waits_for_a_person(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    first, second = (clerks.an_order(scene) for _ in range(2))
    clerks.put(scene, clerks.order_file(scene, [first], 7), "one.edi")
    scene.settle()
    clerks.put(scene, clerks.order_file(scene, [second], 7), "two.edi")
    scene.settle()
    assert created(scene) == [first.number]
    (row,) = scene.documents(INBOUND, State.ON_HOLD, set_ids=("850",))
    assert (row.business_number, row.reason_code) == (second.number, "control_number_reused")
    assert len(scene.received("997")) == 1


def test_many_files_and_sets_are_all_taken_in(stage: Stage) -> None:
    scene = stage(only=["northwind"], cleo={"page_size": 3})
    sent = scene.partner.send_orders(9, partner="northwind", orders_per_file=2)
    scene.settle()
    assert sorted(created(scene)) == sorted(one.business_number for one in sent)
    assert {one.acknowledged for one in sent} == {"accepted"}
    assert len(scene.received("997")) == 5


@pytest.mark.parametrize("after_receipt", ["move", "leave"])
def test_received_files_are_moved_or_left_by_setting(stage: Stage, after_receipt: Any) -> None:
    scene = stage(only=["northwind"], cleo={"after_receipt": after_receipt})
    (ordered,) = scene.partner.send_orders(1, partner="northwind")
    for _ in range(3):
        scene.settle()
    assert created(scene) == [ordered.business_number]
    held = [file.name for file in scene.cleo.files("processed")]
    assert (len(left_in(scene)), len(held)) == ((0, 1) if after_receipt == "move" else (1, 0))
    assert ordered.acknowledgments == 1
