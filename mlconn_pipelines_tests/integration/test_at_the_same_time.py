"""Several runs at once, records that change while they wait to leave, and faults at random."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import reprocess
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.system import Written

pytestmark = pytest.mark.database


def replay_all(scene: Scene) -> None:
    rows = scene.documents("x12_810")
    with scene.pipeline() as pipeline:
        reprocess(pipeline, run_of(pipeline, "x12_810", "replay"), rows, "to be sure")


@pytest.mark.slow
def test_two_runs_and_a_replay_of_the_same_documents_send_each_once(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    numbers = [clerks.invoice(scene).number for _ in range(25)]
    ordered = [sent.business_number for sent in scene.partner.send_orders(12, partner="northwind")]
    scene.know_reference()
    with ThreadPoolExecutor(5) as threads:
        runs: list[Future[Any]] = [
            threads.submit(scene.run, flow, run_id=f"{n}") for n in range(2) for flow in ("x12_810", INBOUND)
        ]
        runs.append(threads.submit(replay_all, scene))
        for run in runs:
            run.result()
    replay_all(scene)
    scene.settle()
    assert sorted(got.business_number for got in scene.received("810")) == numbers
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == sorted(ordered)
    assert {sent.acknowledgments for sent in scene.partner.outbox.sent if sent.set_id == "850"} == {1}
    numbers_used = [got.control_number for got in scene.received("810")]
    assert len(set(numbers_used)) == len(numbers_used)


def held_back(scene: Scene) -> Written:
    """An invoice that is rendered and claimed, and that Cleo has no time for."""
    invoice = clerks.invoice(scene)
    scene.cleo.faults.arm("429", "/files", method="POST", retry_after=None)
    scene.run("x12_810")
    assert scene.states("x12_810") == {"ready": 1}
    assert [row["state"] for row in scene.rows("SELECT state FROM claim")] == ["claimed"]
    scene.hours_pass()
    return invoice


def test_a_record_corrected_while_its_claim_waits_leaves_as_it_is_now(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    invoice = held_back(scene)
    scene.erp.change("Invoices", invoice.entry, NumAtCard="PO-NEW")
    scene.settle()
    (got,) = scene.received("810")
    assert got.facts is not None
    assert got.facts.order_number == "PO-NEW"
    assert scene.states("x12_810") == {"superseded": 1, "accepted": 1}


def test_a_record_cancelled_while_its_claim_waits_does_not_leave(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    invoice = held_back(scene)
    scene.erp.cancel("Invoices", invoice.entry)
    scene.settle()
    assert scene.uploads() == []
    assert {row.state for row in scene.documents("x12_810")} == {State.SKIPPED}


def test_a_claim_that_waits_leaves_with_the_same_numbers(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    held_back(scene)
    (name,) = scene.rows("SELECT file_name FROM claim")
    scene.settle()
    assert [file.name for file in scene.uploads()] == [name["file_name"]]
    other = clerks.invoice(scene)
    scene.settle()
    controls = [int(got.control_number) for got in scene.received("810")]
    assert controls == [1, 2]
    assert len(scene.received("810", other.number)) == 1


def test_a_run_about_one_partner_leaves_the_others_alone(stage: Stage) -> None:
    scene = stage(only=["northwind", "maplegate"])
    mine, theirs = clerks.invoice(scene, "northwind"), clerks.invoice(scene, "maplegate")
    scene.run("x12_810", selection=Selection(partner="northwind"))
    scene.wait_for_partners()
    assert [got.business_number for got in scene.received("810")] == [mine.number]
    scene.settle()
    assert [got.partner for got in scene.received("810", theirs.number)] == ["maplegate"]


def test_a_run_about_one_document_leaves_the_others_alone(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.cleo.faults.arm("429", "/files", count=2, method="POST", retry_after=None)
    first, second = clerks.invoice(scene), clerks.invoice(scene)
    scene.run("x12_810")
    scene.hours_pass()
    row = next(row for row in scene.documents("x12_810") if row.business_number == second.number)
    scene.run("x12_810", selection=Selection(documents=(row.id,)))
    scene.wait_for_partners()
    assert [got.business_number for got in scene.received("810")] == [second.number]
    assert len(scene.received("810", first.number)) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_faults_at_random_lose_nothing_and_double_nothing(stage: Stage, seed: int) -> None:
    scene = stage(only=["northwind", "maplegate", "kestrel"])
    scene.know_reference()
    invoices = [clerks.invoice(scene, partner).number for partner in ("northwind", "maplegate", "kestrel") * 8]
    ordered = [sent.business_number for sent in scene.partner.send_orders(12, partner="northwind")]
    names = ["429", "500", "503", "502_html", "cut_before", "cut_after", "500_after", "502_after", "cut_body"]
    options: dict[str, Any] = {"rate": 0.2, "names": names}
    scene.erp.faults.arm("random", "/b1s", count=None, seed=seed, **options)
    scene.cleo.faults.arm("random", "/api", count=None, seed=seed + 10, **options)
    for _ in range(10):
        for flow in ("x12_810", INBOUND):
            try:
                scene.run(flow)
            except ConnectorError:
                continue  # a read that failed ends the run, as it ends a Dagster run; the next one goes on
        scene.wait_for_partners()
        scene.hours_pass()
    scene.erp.faults.disarm()
    scene.cleo.faults.disarm()
    for _ in range(3):
        scene.settle()
        scene.hours_pass()
    arrived = Counter(got.business_number for got in scene.received("810"))
    assert [number for number, times in arrived.items() if times > 1] == []
    unknown = {row.business_number for row in scene.documents("x12_810", State.OUTCOME_UNKNOWN)}
    assert set(arrived) | unknown == set(invoices)
    assert scene.states("x12_810").keys() <= {"accepted", "outcome_unknown"}
    posted = Counter(entry["NumAtCard"] for entry in scene.erp.state()["created"])
    assert posted == Counter(ordered)
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": len(ordered)}
