"""A process killed at each step of an act, in both directions: what comes after it ends with each document delivered once.

Only a file or call that may have left stays `unknown`, with what is known of it, until a person or a 997 decides.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sized
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.conftest import Mlconn, Process, Stage, Start, after_time_out
from mlconn_pipelines_tests.scenario import Scene, wait_until
from mlconn_pipelines_tests.systems.all_systems import BC, FO, FO_BY_REQUESTS, LATER_SYSTEMS, SAGE, SAP, name_of
from mlconn_pipelines_tests.systems.system import Created, System
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.partner.habits import PROMPT
from mlconn_simulators.partner.outbox import Sent

pytestmark = [pytest.mark.database, pytest.mark.slow]

SILENT = replace(PROMPT, missing=1.0)
"""Partners who send no 997, so that no evidence of a delivery ever comes."""

IN_THE_ACT = "while the server holds its answer back"
STEPS = ["after claim", "after sending", IN_THE_ACT, "after deliver", "after complete"]
MAY_HAVE_LEFT = frozenset({"after sending", IN_THE_ACT, "after deliver"})
ARRIVED = frozenset({IN_THE_ACT, "after deliver", "after complete"})
SOME_STEPS = frozenset({"after sending", IN_THE_ACT})
"""Where nothing on the way to Cleo knows which ERP there is, the others die at these, and at all of them nightly."""


def kill_in_the_act(process: Process, faults: FaultMenu, path: str, stored: Callable[[], Sized]) -> None:
    """When the server has stored what it was sent, and before it says so."""
    fault = faults.arm("slow_after", path=path, method="POST", seconds=5)
    kill_once_stored(process, stored)
    faults.disarm(fault)


def kill_once_stored(process: Process, stored: Callable[[], Sized]) -> None:
    before = len(stored())
    process.go()
    assert wait_until(lambda: len(stored()) > before, 60.0)
    process.kill()


def send_and_die(scene: Scene, start: Start, step: str, flow: str, nth: int = 1, path: str = "/files") -> None:
    if step == IN_THE_ACT:
        kill_in_the_act(start(scene, flow), scene.cleo.faults, path, lambda: scene.cleo.received)
    else:
        start(scene, flow, at=step, nth=nth).go().died()


def assert_shown_as_unknown(mlconn: Mlconn, scene: Scene, document_id: str) -> dict[str, Any]:
    """`documents show` tells what was looked for and what a person can do; gives the claim."""
    code, story = mlconn(scene, "documents", "show", document_id)
    assert code == 0
    (claim,) = story["claims"]
    assert (story["document"]["state"], claim["state"]) == ("outcome_unknown", "outcome_unknown")
    assert claim["sending_at"] and "proves nothing" in claim["evidence"] and claim["file_name"] in claim["evidence"]
    assert story["document"]["reason"] == claim["evidence"]
    assert isinstance(claim, dict)
    return claim


def nightly_unless(often: bool, *values: Any) -> Any:
    return pytest.param(*values, marks=() if often else pytest.mark.nightly)


@pytest.mark.parametrize(
    ("system", "partner", "step"),
    [
        *((SAP, "northwind", step) for step in STEPS),
        *((SAP, "bluepeak", step) for step in STEPS if step in MAY_HAVE_LEFT),
        *(nightly_unless(step in SOME_STEPS, system, system.partner, step) for system in LATER_SYSTEMS for step in STEPS),
        *(nightly_unless(False, SAGE, SAGE.partner, step) for step in STEPS),
    ],
    ids=lambda value: {"northwind": "folder", "bluepeak": "API Provider"}.get(value, name_of(value)),
)
def test_killed_while_sending(
    stage: Stage, start: Start, mlconn: Mlconn, system: type[System], partner: str, step: str
) -> None:
    scene = stage(system=system, only=[partner], habits=SILENT)
    scene.system.write(scene, partner)
    send_and_die(scene, start, step, system.flow, path="/provider" if partner == "bluepeak" else "/files")
    assert len(scene.cleo.received) == (step in ARRIVED)
    after_time_out()
    scene.run(system.flow)
    (row,) = scene.documents(system.flow)
    if step in MAY_HAVE_LEFT:
        assert len(scene.cleo.received) == (step in ARRIVED)
        assert_shown_as_unknown(mlconn, scene, row.id)
        scene.run(system.flow)
        assert len(scene.cleo.received) == (step in ARRIVED)
    else:
        assert (row.state, len(scene.cleo.received)) == (State.SENT, 1)


@pytest.mark.parametrize("step", ["after claim", "after sending", IN_THE_ACT, "after create", "after complete"])
@pytest.mark.parametrize("system", [SAP, BC, FO, SAGE], ids=name_of)
def test_killed_while_posting(stage: Stage, start: Start, system: type[System], step: str) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    erp = scene.system
    (sent,) = erp.send(scene)
    if step == IN_THE_ACT:
        with erp.answer_held_back():
            kill_once_stored(start(scene, INBOUND), erp.created)
    else:
        start(scene, INBOUND, at=step).go().died()
    assert len(erp.created()) == (step in (IN_THE_ACT, "after create", "after complete"))
    assert_posted_once(scene, sent)


def test_killed_between_the_requests_that_make_an_invoice(stage: Stage, start: Start) -> None:
    """Header and first line are there, the second is not known to be."""
    scene = stage(system=FO_BY_REQUESTS, only=[FO.partner], late_max_s=3600)
    (sent,) = scene.system.send(scene)

    def lines() -> list[Any]:
        return list(scene.sandbox.finance_operations.store.sets["VendorInvoiceLines"])

    kill_in_the_act(start(scene, INBOUND), scene.system.faults, FO_BY_REQUESTS.post_paths[1], lines)
    assert len(lines()) == 1
    assert_posted_once(scene, sent)
    assert len(lines()) == 2


def assert_posted_once(scene: Scene, sent: Sent) -> None:
    after_time_out()
    scene.run(INBOUND)
    (row,) = scene.system.inbound_documents(scene)
    assert row.state == State.POSTED, row.reason
    assert scene.system.created() == [Created(sent.business_number, scene.system.reference(row.id))]
    assert scene.system.left_overs() == []
    scene.wait_for_partners()
    assert (sent.acknowledged, sent.acknowledgments) == ("accepted", 1)


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_answering_with_a_997(stage: Stage, start: Start, mlconn: Mlconn, step: str) -> None:
    scene = stage(only=["northwind"])
    (sent,) = scene.partner.send_orders(1, partner="northwind")
    send_and_die(scene, start, step, INBOUND, nth=1 if step == "after deliver" else 2)  # the order's own act comes first
    after_time_out()
    scene.run(INBOUND)
    (answer,) = scene.documents(INBOUND, set_ids=("997",))
    assert len(scene.erp.state(source=False)["created"]) == 1
    if step in MAY_HAVE_LEFT:
        assert_shown_as_unknown(mlconn, scene, answer.id)
        assert len(scene.uploads("997")) == (step in ARRIVED)
    else:
        assert (answer.state, len(scene.uploads("997"))) == (State.SENT, 1)
        scene.wait_for_partners()
        assert (sent.acknowledged, sent.acknowledgments) == ("accepted", 1)


def test_an_answer_that_may_have_arrived_goes_out_again_when_the_partner_asks_again(stage: Stage, start: Start) -> None:
    scene = stage(only=["northwind"])
    content = clerks.order_file(scene, [clerks.an_order(scene)], 77)
    clerks.put(scene, content, "order.edi")
    send_and_die(scene, start, "after sending", INBOUND, nth=2)
    after_time_out()
    scene.run(INBOUND)
    assert scene.states(INBOUND, set_ids=("997",)) == {"outcome_unknown": 1}
    clerks.put(scene, content, "order_again.edi")
    scene.run(INBOUND)
    assert scene.states(INBOUND, set_ids=("997",)) == {"sent": 1}
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 1, "duplicate": 1}
    assert len(scene.uploads("997")) == 1


@pytest.mark.parametrize("step", ["after download", "after store_files", "after remove", "after files_removed"])
def test_killed_while_receiving(stage: Stage, start: Start, step: str) -> None:
    scene = stage(only=["northwind"])
    (sent,) = scene.partner.send_orders(1, partner="northwind")
    start(scene, INBOUND, at=step).go().died()
    scene.run(INBOUND)
    assert scene.cleo.files(scene.partner_named("northwind").outlet) == []
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}
    assert len(scene.erp.state(source=False)["created"]) == 1
    scene.wait_for_partners()
    assert (sent.acknowledged, sent.acknowledgments) == ("accepted", 1)
    assert [one["state"] for one in scene.rows("SELECT state FROM received_file")] == ["stored"]


@pytest.mark.parametrize(
    ("system", "count", "kills", "seed"),
    [
        (SAP, 40, 8, 3),
        (BC, 15, 4, 5),
        (FO, 15, 4, 6),
        *(nightly_unless(False, system, 300, 40, 4) for system in (SAP, BC, FO)),
    ],
    ids=name_of,
)
def test_killed_again_and_again_with_many_acts_under_way(
    stage: Stage, start: Start, system: type[System], count: int, kills: int, seed: int
) -> None:
    partners = [system.partner] + (["bluepeak"] if system is SAP else [])
    scene = stage(system=system, only=partners, late_max_s=3600)
    erp = scene.system
    incoming = erp.send(scene, count)
    sent_before = {row.business_number for row in scene.documents(system.flow)}
    written = [erp.write(scene, partners[-1] if place % 3 == 0 else partners[0]) for place in range(count)]
    dice = random.Random(seed)
    for _ in range(kills):
        flow = dice.choice([system.flow, INBOUND])
        act = "deliver" if flow == system.flow else dice.choice(["deliver", "create", "store_files", "remove"])
        step = dice.choice(
            ["after claim", "after sending", f"before {act}", f"after {act}", "before complete", "after complete"]
        )
        process = start(scene, flow, at=step, nth=dice.randrange(1, 1 + count // 4)).go()
        assert process.ended()
        after_time_out()
    for _ in range(4):  # what is looked for in vain is looked for again later each time
        scene.settle()
        waiting = scene.rows("SELECT id FROM document WHERE next_attempt_at IS NOT NULL")
        if erp.inbound_states(scene) == {"posted": count} and not waiting:
            break
        after_time_out()
        scene.rows("UPDATE document SET next_attempt_at = NULL")  # half a minute is over for what died twice on its way
    came = Counter(one.business_number for one in scene.received(system.set_id))
    states = {row.business_number: row.state for row in scene.documents(system.flow)}
    assert set(came.values()) == {1}
    numbers = sent_before | {one.number for one in written}
    assert states == {number: State.ACCEPTED if came[number] else State.OUTCOME_UNKNOWN for number in numbers}, (
        "what arrived was acknowledged, and so is known to have arrived"
    )
    assert Counter(one.number for one in erp.created()) == Counter(each.business_number for each in incoming)
    assert erp.inbound_states(scene) == {"posted": count}
    assert erp.left_overs() == []
    assert {each.acknowledgments for each in incoming} <= {0, 1}
    lacking = sum(each.acknowledgments == 0 for each in incoming)
    assert scene.states(INBOUND, set_ids=("997",), direction="outbound").get("outcome_unknown", 0) >= lacking
    assert scene.cleo.state({})["duplicates"]["same_bytes"] == []
