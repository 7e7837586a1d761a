"""Systems that are down, answers that get lost, clocks that jump: afterwards everything is there once."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import BC, FO, SAP, name_of
from mlconn_pipelines_tests.systems.system import System

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("impatient")]


def each_once(scene: Scene, set_id: str, numbers: list[str]) -> None:
    """Exactly these business numbers arrived, each once."""
    assert sorted(got.business_number for got in scene.received(set_id)) == sorted(numbers)
    assert not scene.partner.inbox.duplicates_by_control_number


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "fault"),
    [(SAP, "503"), (SAP, "cut_before"), (SAP, "502_html"), (BC, "503"), (FO, "cut_before")],
    ids=name_of,
)
def test_the_erp_down_for_three_runs(stage: Stage, system: type[System], fault: str) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    (send,) = scene.system.to_be_sent(scene, 1)
    scene.system.write(scene)
    scene.settle()
    before = len(scene.uploads(system.set_id))
    down = scene.system.faults.arm(fault, count=None)
    second = scene.system.write(scene)
    came = send()
    for _ in range(3):
        with pytest.raises(ConnectorError):
            scene.run(system.flow)
        scene.run(INBOUND)  # takes the file in and answers it; only the post has to wait
        scene.hours_pass()
    assert came.acknowledged is None or came.acknowledged == "accepted"
    scene.system.faults.disarm(down)
    scene.hours_pass()
    scene.settle()
    assert len(scene.uploads(system.set_id)) == before + 1
    assert len(scene.received(system.set_id, second.number)) == 1
    assert scene.states(system.flow) == {"accepted": before + 1}
    assert [one.number for one in scene.system.created()] == [came.business_number]
    assert scene.system.left_overs() == []
    assert came.acknowledged == "accepted"


@pytest.mark.slow
def test_the_exchange_down_for_three_runs(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.run()
    scene.cleo.faults.arm("503", "/api", count=None)
    written = [clerks.invoice(scene) for _ in range(2)]
    for _ in range(3):
        scene.run("x12_810")
        with pytest.raises(ConnectorError):
            scene.run(INBOUND)
        scene.hours_pass()
    assert scene.uploads() == []
    scene.cleo.faults.disarm()
    for _ in range(2):
        scene.settle()
        scene.hours_pass()
    unknown = scene.documents("x12_810", State.OUTCOME_UNKNOWN)
    assert scene.states("x12_810") == {"accepted": 2}, [row.reason for row in unknown]
    each_once(scene, "810", [invoice.number for invoice in written])


def test_an_upload_whose_answer_is_lost_is_unknown_until_its_997_comes(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    invoice = clerks.invoice(scene)
    scene.cleo.faults.arm("cut_after", "/files", method="POST")
    scene.run("x12_810")
    (row,) = scene.documents("x12_810")
    assert row.state == State.OUTCOME_UNKNOWN
    for _ in range(2):
        scene.run("x12_810")
    assert len(scene.uploads()) == 1
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
    each_once(scene, "810", [invoice.number])


def test_an_upload_whose_answer_is_lost_and_lies_there_is_settled_by_the_listing(stage: Stage) -> None:
    scene = stage(only=["northwind"], taken_after_s=None)
    clerks.invoice(scene)
    scene.cleo.faults.arm("500_after", "/files", method="POST")
    scene.run("x12_810")
    assert scene.states("x12_810") == {"outcome_unknown": 1}
    scene.hours_pass()
    scene.run("x12_810")
    assert scene.states("x12_810") == {"sent": 1}
    assert len(scene.uploads()) == 1


@pytest.mark.parametrize("delivered", [True, False])
def test_a_person_settles_an_unknown_outcome(stage: Stage, delivered: bool) -> None:
    scene = stage(only=["northwind"], taken_after_s=30.0)
    clerks.invoice(scene)
    scene.cleo.faults.arm("cut_before", "/files", method="POST")
    scene.run("x12_810")
    states = scene.states("x12_810")
    if states == {"ready": 1}:
        pytest.skip("a cut before anything was read is known not to have been stored")
    (row,) = scene.documents("x12_810", State.OUTCOME_UNKNOWN)
    with scene.pipeline() as pipeline:
        pipeline.operator.release(run_of(pipeline, "x12_810"), row.id, delivered, "asked them")
    scene.run("x12_810")
    assert scene.states("x12_810") == {"sent": 1}
    assert len(scene.uploads()) == int(not delivered)


@pytest.mark.parametrize("fault", ["cut_after", "500_after", "502_after"])
def test_a_post_whose_answer_is_lost_is_found_by_our_reference(stage: Stage, fault: str) -> None:
    scene = stage(only=["northwind"])
    (ordered,) = scene.partner.send_orders(1, partner="northwind")
    scene.erp.faults.arm(fault, "/Orders", method="POST")
    scene.run(INBOUND)
    assert scene.states(INBOUND, set_ids=("850",)) == {"outcome_unknown": 1}
    scene.hours_pass()
    scene.settle()
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [ordered.business_number]


def test_a_post_that_never_arrived_is_made_again(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    (ordered,) = scene.partner.send_orders(1, partner="northwind")
    scene.erp.faults.arm("502_html", "/Orders", method="POST")
    scene.run(INBOUND)
    scene.hours_pass()
    scene.settle()
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [ordered.business_number]


@pytest.mark.parametrize("jump", [dt.timedelta(hours=-1), dt.timedelta(hours=1)], ids=["autumn", "spring"])
def test_the_companys_clock_changes(stage: Stage, jump: dt.timedelta) -> None:
    scene = stage(only=["northwind"])
    evening = dt.datetime.combine(scene.world.today, dt.time(1, 30))
    scene.erp.set_clock(evening)
    numbers = []
    for step in (dt.timedelta(), dt.timedelta(minutes=25), jump, dt.timedelta(minutes=4), dt.timedelta(minutes=61)):
        scene.erp.move_clock(step)
        numbers.append(clerks.invoice(scene).number)
        scene.run("x12_810")
    scene.settle()
    each_once(scene, "810", numbers)


def test_a_correction_made_in_the_hour_that_comes_twice_is_seen(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.erp.set_clock(dt.datetime.combine(scene.world.today, dt.time(1, 45)))
    invoice = clerks.invoice(scene, NumAtCard="an order number that is far too long for X12")
    scene.run("x12_810")
    scene.erp.move_clock(dt.timedelta(minutes=-40))
    scene.erp.change("Invoices", invoice.entry, NumAtCard="PO-9")
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
