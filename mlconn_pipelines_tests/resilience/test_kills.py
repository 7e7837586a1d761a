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
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.sandbox.faults import FaultMenu
from mlconn_pipelines.sandbox.partner.habits import PROMPT
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.conftest import Mlconn, Process, Stage, Start, after_time_out
from mlconn_pipelines_tests.scenario import Scene, wait_until

pytestmark = [pytest.mark.database, pytest.mark.slow]

SILENT = replace(PROMPT, missing=1.0)
"""Partners who send no 997, so that no evidence of a delivery ever comes."""

IN_THE_ACT = "while the server holds its answer back"
STEPS = ["after claim", "after sending", IN_THE_ACT, "after deliver", "after complete"]
MAY_HAVE_LEFT = frozenset({"after sending", IN_THE_ACT, "after deliver"})
ARRIVED = frozenset({IN_THE_ACT, "after deliver", "after complete"})


def kill_in_the_act(process: Process, faults: FaultMenu, path: str, stored: Callable[[], Sized]) -> None:
    """When the server has stored what it was sent, and before it says so."""
    before = len(stored())
    fault = faults.arm("slow_after", path=path, method="POST", seconds=2)
    process.go()
    assert wait_until(lambda: len(stored()) > before, 60.0)
    process.kill()
    faults.disarm(fault)


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
    assert (story["document"]["state"], claim["state"]) == ("unknown", "unknown")
    assert claim["sending_at"] and "proves nothing" in claim["evidence"] and claim["file_name"] in claim["evidence"]
    assert story["document"]["reason"] == claim["evidence"]
    assert isinstance(claim, dict)
    return claim


@pytest.mark.parametrize(
    ("partner", "step"),
    [*(("northwind", step) for step in STEPS), *(("bluepeak", step) for step in STEPS if step in MAY_HAVE_LEFT)],
    ids=lambda value: {"northwind": "folder", "bluepeak": "API Provider"}.get(value, value),
)
def test_killed_while_sending(stage: Stage, start: Start, mlconn: Mlconn, partner: str, step: str) -> None:
    scene = stage(only=[partner], habits=SILENT)
    clerks.invoice(scene, partner)
    send_and_die(scene, start, step, "x12_810", path="/files" if partner == "northwind" else "/provider")
    assert len(scene.cleo.received) == (step in ARRIVED)
    after_time_out()
    scene.run("x12_810")
    (row,) = scene.documents("x12_810")
    if step in MAY_HAVE_LEFT:
        assert len(scene.cleo.received) == (step in ARRIVED)
        assert_shown_as_unknown(mlconn, scene, row.id)
        scene.run("x12_810")
        assert len(scene.cleo.received) == (step in ARRIVED)
    else:
        assert (row.state, len(scene.cleo.received)) == (State.SENT, 1)


@pytest.mark.parametrize("step", ["after claim", "after sending", IN_THE_ACT, "after create", "after complete"])
def test_killed_while_posting(stage: Stage, start: Start, step: str) -> None:
    scene = stage(only=["northwind"])
    (sent,) = scene.partner.send_orders(1, partner="northwind")

    def created() -> list[Any]:
        entries: list[Any] = scene.erp.state(source=False)["created"]
        return entries

    if step == IN_THE_ACT:
        kill_in_the_act(start(scene, INBOUND), scene.erp.faults, "/Orders", created)
    else:
        start(scene, INBOUND, at=step).go().died()
    assert len(created()) == (step in (IN_THE_ACT, "after create", "after complete"))
    after_time_out()
    scene.run(INBOUND)
    (row,) = scene.documents(INBOUND, set_ids=("850",))
    assert row.state == State.POSTED
    (entry,) = created()
    assert (entry["NumAtCard"], entry["reference"]) == (sent.business_number, f"acme:Orders:{row.id}")
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
    assert scene.states(INBOUND, set_ids=("997",)) == {"unknown": 1}
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
    ("count", "kills", "seed"), [(40, 8, 3), pytest.param(300, 40, 4, marks=pytest.mark.nightly)], ids=["40", "300"]
)
def test_killed_again_and_again_with_many_acts_under_way(stage: Stage, start: Start, count: int, kills: int, seed: int) -> None:
    scene = stage(only=["northwind", "bluepeak"])
    invoices = [clerks.invoice(scene, "bluepeak" if place % 3 == 0 else "northwind") for place in range(count)]
    orders = scene.partner.send_orders(count, partner="northwind")
    dice = random.Random(seed)
    for _ in range(kills):
        flow = dice.choice(["x12_810", INBOUND])
        act = "deliver" if flow == "x12_810" else dice.choice(["deliver", "create", "store_files", "remove"])
        step = dice.choice(
            ["after claim", "after sending", f"before {act}", f"after {act}", "before complete", "after complete"]
        )
        process = start(scene, flow, at=step, nth=dice.randrange(1, 1 + count // 4)).go()
        assert process.ended()
        after_time_out()
    scene.settle()
    after_time_out()
    scene.settle()
    came = Counter(one.business_number for one in scene.received("810"))
    states = {row.business_number: row.state for row in scene.documents("x12_810")}
    assert set(came.values()) == {1}
    assert states == {invoice.number: State.ACCEPTED if came[invoice.number] else State.UNKNOWN for invoice in invoices}, (
        "what arrived was acknowledged, and so is known to have arrived"
    )
    created = Counter(entry["NumAtCard"] for entry in scene.erp.state(source=False)["created"])
    assert created == Counter(order.business_number for order in orders)
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": count}
    assert {order.acknowledgments for order in orders} <= {0, 1}
    lacking = sum(order.acknowledgments == 0 for order in orders)
    assert scene.states(INBOUND, set_ids=("997",), direction="outbound").get("unknown", 0) >= lacking
    assert scene.cleo.state({})["duplicates"]["same_bytes"] == []
