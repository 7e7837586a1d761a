"""Several processes on the same documents, and one that stands still for too long: nothing arrives twice."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows import step_answers
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import steps
from mlconn_pipelines.ledger.locks import OWNERS
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.conftest import Stage, Start, after_time_out
from mlconn_pipelines_tests.scenario import Scene, run_of, wait_until
from mlconn_pipelines_tests.systems.all_systems import (
    BC,
    FO,
    SAGE,
    SAP,
    SYSTEMS_OVER_HTTP,
    each_system,
    each_system_over_http,
    name_of,
)
from mlconn_pipelines_tests.systems.system import System

pytestmark = [pytest.mark.database, pytest.mark.slow]

LONG_S = 30.0
"""A time-out that no act here comes near."""


def until(scene: Scene, flow: str, last: str) -> None:
    """The flow's steps in this process, the named one the last."""
    with scene.pipeline() as pipeline:
        prepared(pipeline, flow, last)


def prepared(pipeline: Pipeline, flow: str, last: str) -> None:
    for name, step in steps(pipeline, run_of(pipeline, flow)):
        step()
        if name == last:
            return


def by_system(often: dict[type[System], int], nightly: int) -> pytest.MarkDecorator:
    """How many documents, in every run of the tests and nightly."""
    cases: list[Any] = list(often.items())
    cases += [pytest.param(system, nightly, marks=pytest.mark.nightly) for system in SYSTEMS_OVER_HTTP]
    return pytest.mark.parametrize(("system", "count"), cases, ids=name_of)


@by_system({SAP: 200, BC: 40, FO: 40}, nightly=1_000)
def test_two_runs_and_a_replay_on_the_same_documents_going_out(
    stage: Stage, start: Start, system: type[System], count: int
) -> None:
    partners = [system.partner] + (["bluepeak"] if system is SAP else [])
    scene = stage(system=system, only=partners, act_time_out_s=LONG_S, late_max_s=3600)
    written = [scene.system.write(scene, partners[-1] if place % 4 == 0 else partners[0]) for place in range(count)]
    scene.know_reference()
    until(scene, system.flow, "render")
    ready = tuple(row.id for row in scene.documents(system.flow, State.READY))
    assert len(ready) == count
    again = {"act_time_out_s": LONG_S}
    processes = [
        start(scene, system.flow, **again),
        start(scene, system.flow, **again),
        start(scene, system.flow, replay=ready, **again),
    ]
    for process in processes:
        process.go()
    done = [process.done() for process in processes]
    assert len(scene.cleo.received) == count
    assert scene.cleo.state({})["duplicates"]["same_bytes"] == []
    scene.settle()
    assert Counter(one.business_number for one in scene.received(system.set_id)) == Counter(one.number for one in written)
    assert scene.partner.inbox.duplicates_by_control_number == []
    assert scene.states(system.flow) == {"accepted": count}
    if count >= 200:
        shares = [run[0]["send"]["sent"] for run in done[:2] if run[0]["send"].get("sent")]
        assert len(shares) == 2, f"both runs should have had a share: {done}"
    numbers = scene.rows("SELECT theirs, max(interchange_number) AS last FROM control_number GROUP BY 1")
    assert sum(row["last"] for row in numbers) == count, "control numbers without gaps"


@by_system({SAP: 100, BC: 20, FO: 20, SAGE: 2}, nightly=500)
def test_two_runs_and_a_replay_on_the_same_documents_coming_in(
    stage: Stage, start: Start, system: type[System], count: int
) -> None:
    scene = stage(system=system, only=[system.partner], act_time_out_s=LONG_S, late_max_s=1e6)
    sends = scene.system.to_be_sent(scene, 2 * count)
    came = [send() for send in sends[:count]]
    scene.know_reference()
    until(scene, INBOUND, "resolve")
    ready = tuple(row.id for row in scene.system.inbound_documents(scene, State.READY))
    assert len(ready) == count
    came += [send() for send in sends[count:]]  # these all three processes receive first
    again = {"act_time_out_s": LONG_S}
    processes = [start(scene, INBOUND, **again), start(scene, INBOUND, **again), start(scene, INBOUND, replay=ready, **again)]
    for process in processes:
        process.go()
    for process in processes:
        process.done(120.0 + count)  # F&O takes twenty requests a second of all of them
    scene.settle()
    assert Counter(one.number for one in scene.system.created()) == Counter(one.business_number for one in came)
    assert scene.system.inbound_states(scene) == {"posted": 2 * count}
    assert scene.system.left_overs() == []
    assert {(one.acknowledged, one.acknowledgments) for one in came} == {("accepted", 1)}
    assert len(scene.uploads("997")) == 2 * count


def test_a_listing_seen_while_another_run_stores_its_file_does_not_make_it_new_again(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.partner.send_orders(1, partner="northwind")
    folder = scene.partner_named("northwind").outlet
    with scene.pipeline() as pipeline, psycopg.connect(psycopg_conninfo(scene.database_url)) as other:
        run = run_of(pipeline, INBOUND)
        (listing,) = pipeline.exchange.list_folder(folder)
        (seen,) = pipeline.engine.intake.note_files(run, folder, listing)
        assert seen.state == "seen"
        other.execute("UPDATE received_file SET state = 'stored'")
        with ThreadPoolExecutor(1) as threads:
            noted = threads.submit(pipeline.engine.intake.note_files, run, folder, listing)
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
            assert wait_until(lambda: bool(scene.rows(waits)), 10.0)
            other.commit()
            assert [row.state for row in noted.result(10.0)] == ["stored"]
    assert scene.rows("SELECT state FROM received_file") == [{"state": "stored"}]


@each_system_over_http
def test_two_processes_look_for_evidence_at_once(
    stage: Stage, start: Start, monkeypatch: pytest.MonkeyPatch, system: type[System]
) -> None:
    monkeypatch.setattr(step_answers, "IN_A_ROW_MAX", 100)  # this step is to go on where others end
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    came = scene.system.send(scene, 20)
    scene.system.faults.arm("cut_before", path=system.post_paths[0], method="POST", count=10)
    scene.system.faults.arm("cut_after", path=system.post_paths[0], method="POST", count=10, skip=0)
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"outcome_unknown": 20}
    after_time_out()
    processes = [start(scene, INBOUND) for _ in range(3)]
    for process in processes:
        process.go()
    for process in processes:
        process.done()
    assert Counter(one.number for one in scene.system.created()) == Counter(one.business_number for one in came)
    scene.settle()
    assert scene.system.inbound_states(scene) == {"posted": 20}
    assert scene.system.left_overs() == []


def frozen(scene: Scene, start: Start, flow: str, at: str) -> Any:
    process = start(scene, flow, at=at, signal=signal.SIGSTOP).go()
    process.froze()
    after_time_out()
    return process


def give_up_the_frozen(scene: Scene) -> None:
    """What the database does when a machine does not answer its keep-alives: the owner's lock is free."""
    ended = scene.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s AND granted",
        OWNERS,
    )
    assert len(ended) == 1
    held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s"
    assert wait_until(lambda: not scene.rows(held, OWNERS), 10.0)


@pytest.mark.parametrize("at", ["after claim", "after sending", "before deliver", "after deliver"])
def test_a_frozen_process_is_left_alone_and_goes_on(stage: Stage, start: Start, at: str) -> None:
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    process = frozen(scene, start, "x12_810", at)
    scene.run("x12_810")
    assert scene.states("x12_810") == {"ready": 1}
    process.thaw()
    # Too late for a request that was not made yet: the same bytes and numbers go out at the next try.
    assert process.done()[0]["send"] == ({"ready": 1} if at == "after sending" else {"sent": 1})
    scene.hours_pass()
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
    assert len(scene.cleo.received) == 1


@pytest.mark.parametrize(("flow", "at"), [("x12_810", "after claim"), (INBOUND, "after claim"), (INBOUND, "after sending")])
def test_a_frozen_process_whose_claim_was_taken_over_is_fenced_off(stage: Stage, start: Start, flow: str, at: str) -> None:
    scene = stage(only=["northwind"])
    if flow == INBOUND:
        scene.partner.send_orders(1, partner="northwind")
    else:
        clerks.invoice(scene)
    process = frozen(scene, start, flow, at)
    give_up_the_frozen(scene)
    scene.run(flow)
    process.thaw()
    step = "post" if flow == INBOUND else "send"
    assert process.done()[0][step] == {"lost_to_others": 1}
    scene.settle()
    if flow == INBOUND:
        assert len(scene.erp.state(source=False)["created"]) == 1
        assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}
    else:
        assert len(scene.cleo.received) == 1
        assert scene.states("x12_810") == {"accepted": 1}


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
def test_a_frozen_process_that_had_delivered_is_fenced_off(stage: Stage, start: Start, listed: bool) -> None:
    scene = stage(only=["northwind"], taken_after_s=None if listed else 0.0, late_max_s=0.0)
    clerks.invoice(scene)
    process = frozen(scene, start, "x12_810", "after deliver")
    give_up_the_frozen(scene)
    scene.run("x12_810")
    assert scene.states("x12_810") == {"sent" if listed else "outcome_unknown": 1}
    process.thaw()
    assert process.done()[0]["send"] == ({"sent": 1} if listed else {"lost_to_others": 1})
    assert scene.states("x12_810") == {"sent" if listed else "outcome_unknown": 1}
    assert len(scene.cleo.received) == 1
    if not listed:
        scene.settle()
        assert scene.states("x12_810") == {"accepted": 1}


@each_system
def test_a_frozen_process_that_had_posted_is_fenced_off(stage: Stage, start: Start, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    scene.system.send(scene)
    process = frozen(scene, start, INBOUND, "after create")
    give_up_the_frozen(scene)
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"posted": 1}
    process.thaw()
    process.done()
    assert len(scene.system.created()) == 1
    assert len(scene.uploads("997")) == 1
