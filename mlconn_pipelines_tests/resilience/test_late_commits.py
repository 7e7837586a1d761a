"""Requests that a system carries out long after we have hung up: absence is waited for, a record that is found settles at once."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.twins import tell_of_twins
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.accounting import account
from mlconn_pipelines_tests.resilience.conftest import Mlconn, Stage, Start, after_time_out
from mlconn_pipelines_tests.scenario import Scene, run_of, wait_until
from mlconn_pipelines_tests.systems.all_systems import (
    BC,
    EVERY_SYSTEM,
    FO,
    FO_BY_REQUESTS,
    SAGE,
    SAGE_VARIANTS,
    SAP,
    SYSTEMS_OVER_HTTP,
    name_of,
)
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from mlconn_pipelines_tests.systems.system import Created, System
from mlconn_simulators.faults import Fault

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.usefixtures("eager")]

HUNG_UP_S = 0.5
LONG_S = 3600.0

POSTS = [(system, path) for system in (SAP, BC, FO, FO_BY_REQUESTS) for path in system.post_paths]


def a_scene(stage: Stage, system: type[System], **options: Any) -> Scene:
    """The client hangs up soon; the system may take its time, and absence proves nothing for two hours."""
    erp = {"timeout_s": HUNG_UP_S} if system.has_time_out else {}
    wanted = {"absence_proves_after_s": 2 * LONG_S, "act_time_out_s": HUNG_UP_S, "erp": erp} | options
    scene = stage(system=system, only=[system.partner], late_max_s=LONG_S, **wanted)
    scene.know_reference()
    return scene


def held_back(scene: Scene, path: str, method: str = "POST") -> Fault:
    """The next such request is carried out when the fault is let go, or not at all."""
    return scene.system.faults.arm("slow", path=path, method=method, seconds=LONG_S)


def look(scene: Scene) -> dict[str, int]:
    scene.run(INBOUND)
    return scene.system.inbound_states(scene)


def created(scene: Scene) -> list[str]:
    return sorted(one.number for one in scene.system.created())


def assert_each_once(scene: Scene, *numbers: str) -> None:
    rows = scene.system.inbound_documents(scene, State.POSTED)
    expected = {Created(row.business_number, scene.system.reference(row.id)) for row in rows}
    assert created(scene) == sorted(numbers)
    assert set(scene.system.created()) == expected
    assert scene.system.left_overs() == []


@pytest.mark.parametrize(("system", "path"), POSTS, ids=name_of)
def test_what_comes_late_is_found_and_what_never_comes_is_made_again(stage: Stage, system: type[System], path: str) -> None:
    scene = a_scene(stage, system)
    numbers = [sent.business_number for sent in system.send(scene.system, scene, 2)]
    late = held_back(scene, path)
    held_back(scene, path)
    assert look(scene) == {"outcome_unknown": 2}
    after_time_out()
    assert look(scene) == {"outcome_unknown": 2}, "neither is there, or not all of it, and that proves nothing yet"
    evidence = {row["evidence"] for row in scene.rows("SELECT evidence FROM claim WHERE state = 'outcome_unknown'")}
    assert all("may still be carried out until" in words for words in evidence)
    before = len(scene.system.created())
    late.let_go.set()
    if path == system.post_paths[0]:
        assert wait_until(lambda: len(scene.system.created()) > before, 10.0)
    assert wait_until(lambda: look(scene).get("posted", 0) == (path in ("$batch", "/Orders", "salesOrders")), 10.0)
    scene.hours_pass()
    assert look(scene) == {"posted": 2}
    assert_each_once(scene, *numbers)


@pytest.mark.parametrize("status", ["408", "503"])
@pytest.mark.parametrize("system", SYSTEMS_OVER_HTTP, ids=name_of)
def test_an_error_answer_proves_as_little_as_silence(stage: Stage, system: type[System], status: str) -> None:
    scene = a_scene(stage, system)
    (sent,) = scene.system.send(scene)
    scene.system.faults.arm(status, path=system.post_paths[0], method="POST")
    assert look(scene) == {"outcome_unknown": 1}
    after_time_out()
    assert look(scene) == {"outcome_unknown": 1}
    assert scene.system.created() == []
    scene.hours_pass()
    assert look(scene) == {"posted": 1}
    assert_each_once(scene, sent.business_number)


@pytest.mark.parametrize("system", EVERY_SYSTEM, ids=name_of)
def test_a_killed_process_leaves_a_request_that_may_come_late(stage: Stage, start: Start, system: type[System]) -> None:
    scene = a_scene(stage, system)
    (sent,) = scene.system.send(scene)
    late = scene.system.hold_back(LONG_S)
    process = start(scene, INBOUND).go()
    assert wait_until(lambda: not late.left, 60.0)
    process.kill()
    after_time_out()
    with scene.system.hasty():
        assert look(scene) == {"outcome_unknown": 1}
        late.let_go.set()
        assert wait_until(lambda: created(scene) == [sent.business_number], 10.0)
        assert wait_until(lambda: look(scene) == {"posted": 1}, 10.0)
    assert_each_once(scene, sent.business_number)


@pytest.mark.parametrize("late", ["after its run", "after its deadline", "after both"])
@pytest.mark.parametrize("system", [SAGE, *SAGE_VARIANTS], ids=name_of)
def test_a_save_that_comes_late_is_settled_by_its_job(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, system: type[Sage100], late: str
) -> None:
    """The run has hung up, or the agent has ended Sage's host since no answer came, when the save took effect already."""
    if late != "after its run":
        monkeypatch.setattr("mlconn_pipelines.flows.agent_desk.WRITE_DEADLINE_S", 1)
    scene = a_scene(stage, system)
    assert isinstance(scene.system, Sage100)
    faults = scene.system.sandbox.site.faults
    scene.system.send(scene, 2)
    held = faults.arm("hang" if late == "after its run" else "hang_after", f"{system.entry}.nWrite")
    done = str(system.done_state)
    with scene.system.hasty():
        if late == "after both":
            monkeypatch.setattr("mlconn_pipelines.flows.agent_desk.WAIT_S", 0.3)
        first = look(scene)
        assert held.struck.is_set()
        if late == "after its run":
            assert first.get(done, 0) < 2, first
            held.let_go.set()
        monkeypatch.setattr("mlconn_pipelines.flows.agent_desk.WAIT_S", 3.0)

        def is_done() -> bool:
            scene.hours_pass()
            return look(scene) == {done: 2}

        assert wait_until(is_done, 60.0), scene.system.inbound_states(scene)
    assert account(scene).wrong == {}
    assert scene.system.left_overs() == []


def test_a_removal_that_comes_late_strikes_nothing_that_is_made_again(stage: Stage) -> None:
    """Half an invoice is taken back since a line is refused; the removal of the other line is hung up on and carried out late."""
    path = FO_BY_REQUESTS.post_paths[1]
    scene = a_scene(stage, FO_BY_REQUESTS)
    (sent,) = scene.system.send(scene)
    held_back(scene, path)
    assert look(scene) == {"outcome_unknown": 1}
    scene.hours_pass()
    scene.system.faults.arm("write_refused", path=path, method="POST", skip=1)
    late = held_back(scene, path, "DELETE")
    assert look(scene) == {"outcome_unknown": 1}
    assert scene.system.faults.given["write_refused"] == 1 and scene.system.faults.given["slow"] == 2
    assert look(scene) == {"outcome_unknown": 1}, "absence counts anew from the removal"
    late.let_go.set()
    lines = scene.sandbox.finance_operations.store.sets["VendorInvoiceLines"]
    assert wait_until(lambda: len(list(lines)) == 0, 10.0)
    scene.hours_pass()
    assert look(scene) == {"posted": 1}
    assert_each_once(scene, sent.business_number)
    assert len(list(lines)) == 2


def open_alerts(scene: Scene) -> list[str]:
    return [
        row["text"] for row in scene.rows("SELECT text FROM alert WHERE cause LIKE 'stored_twice:%%' AND resolved_at IS NULL")
    ]


@pytest.mark.parametrize("system", SYSTEMS_OVER_HTTP, ids=name_of)
def test_a_twin_that_comes_even_later_is_told_with_both_numbers(stage: Stage, mlconn: Mlconn, system: type[System]) -> None:
    scene = a_scene(stage, system)
    (sent,) = scene.system.send(scene)
    late = held_back(scene, system.post_paths[0])
    assert look(scene) == {"outcome_unknown": 1}
    scene.hours_pass()
    assert look(scene) == {"posted": 1}
    late.let_go.set()
    if system is FO:  # our reference is the key of an invoice: the system itself refuses the second one
        time.sleep(0.3)
    else:
        assert wait_until(lambda: len(scene.system.created()) == 2, 10.0)
    assert look(scene) == {"posted": 1} and open_alerts(scene) == [], "its time has not come"
    scene.hours_pass()
    scene.run(INBOUND)
    if system is FO:
        assert_each_once(scene, sent.business_number)
        assert open_alerts(scene) == nightly(scene) == []
        return
    (told,) = open_alerts(scene)
    (row,) = scene.system.inbound_documents(scene)
    with scene.pipeline() as pipeline:
        there = pipeline.erp.ours.our_records(system.target, scene.world.today, f"acme:{system.target}:")
        numbers = [each.number for each in there if each.reference == scene.system.reference(row.id)]
    assert len(numbers) == 2 and all(number in told for number in numbers)
    assert mlconn(scene, "documents", "show", row.id)[1]["document"]["exception"] == told
    assert nightly(scene) == [told], "the nightly comparison counts them as well"
    assert open_alerts(scene) == [told]
    assert mlconn(scene, "dismiss", row.id, "--reason", "one was cancelled")[0] == 0
    assert open_alerts(scene) == []


def nightly(scene: Scene) -> list[str]:
    with scene.pipeline() as pipeline:
        return tell_of_twins(pipeline.inbound, run_of(pipeline, INBOUND), scene.world.today - dt.timedelta(days=3))


def test_what_comes_late_for_a_document_that_is_held_by_then_is_told(stage: Stage) -> None:
    scene = a_scene(stage, SAP)
    items = {item.code for item in scene.world.items if item.active}
    scene.system.send(scene)
    late = held_back(scene, "/Orders")
    assert look(scene) == {"outcome_unknown": 1}
    scene.hours_pass()
    for code in items:
        clerks.switch_item(scene, code, active=False)
    assert look(scene) == {"on_hold": 1}
    for code in items:
        clerks.switch_item(scene, code, active=True)
    late.let_go.set()
    assert wait_until(lambda: len(scene.system.created()) == 1, 10.0)
    scene.hours_pass()
    scene.run(INBOUND)
    (told,) = open_alerts(scene)
    assert "is on hold, and the ERP has it all the same" in told


def test_seconds_pass_as_they_do(stage: Stage) -> None:
    """The system's own limit below ours, both of them short, and nobody moves a clock."""
    scene = a_scene(stage, SAP, absence_proves_after_s=2.5)
    numbers = [sent.business_number for sent in scene.system.send(scene, 2)]
    scene.system.faults.arm("slow", path="/Orders", method="POST", seconds=1.9)
    scene.system.faults.arm("slow", path="/Orders", method="POST", seconds=2.1)  # beyond the system's limit: it never comes
    before = time.monotonic()
    assert look(scene) == {"outcome_unknown": 2}
    assert wait_until(lambda: look(scene) == {"posted": 2}, 30.0)
    assert time.monotonic() - before > 2.5
    assert_each_once(scene, *numbers)


def test_a_file_that_arrives_late_is_never_sent_again(stage: Stage) -> None:
    """Cleo passes files on: that none is listed proves nothing, however long ago it was."""
    scene = stage(only=["northwind"], act_time_out_s=HUNG_UP_S, cleo={"timeout_s": HUNG_UP_S})
    scene.know_reference()
    scene.run("x12_810")
    clerks.invoice(scene)
    scene.cleo.faults.commits_within_s = LONG_S
    late = scene.cleo.faults.arm("slow", path="/files", method="POST", seconds=LONG_S)
    scene.run("x12_810")
    for _ in range(3):
        scene.hours_pass()
        scene.run("x12_810")
        assert scene.states("x12_810") == {"outcome_unknown": 1}
    late.let_go.set()
    assert wait_until(lambda: len(scene.cleo.received) == 1, 5.0)
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
    assert len(scene.uploads("810")) == 1
