"""Our orders, read for many received documents in one go: fewer requests, as fresh as before, and none holds up another."""

from __future__ import annotations

from collections import Counter

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.orders_sent import DOCUMENTS_READ_FOR
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import FO

pytestmark = pytest.mark.database

READS_OF_ORDERS = 2
"""Requests that F&O wants for some orders: headers, then lines."""


@pytest.fixture
def scene(stage: Stage) -> Scene:
    made = stage(system=FO, late_max_s=3600, only=[FO.partner])
    made.know_reference()
    return made


def reads(scene: Scene) -> int:
    return sum(count for asked, count in scene.system.faults.requests.items() if asked.startswith("GET /data"))


def orders(scene: Scene, count: int) -> list[str]:
    """Orders that the vendor has got."""
    numbers = [scene.system.write(scene).number for _ in range(count)]
    scene.settle()
    return numbers


def test_a_part_of_many_invoices_costs_one_read_each_time_it_is_needed(scene: Scene) -> None:
    count = DOCUMENTS_READ_FOR + 2
    for number in orders(scene, count):
        clerks.answer_order(scene, FO.partner, number, "810")
    before = reads(scene)
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"posted": count}
    parts, steps, twins_looked_for = 2, 2, count
    assert reads(scene) - before == parts * steps * READS_OF_ORDERS + twins_looked_for


@pytest.mark.parametrize("answers", [("855", "855"), ("855", "856"), ("856", "856")])
def test_documents_of_one_order_are_never_read_for_together(scene: Scene, answers: tuple[str, str]) -> None:
    """The second one meets the order as the first one left it."""
    (number,) = orders(scene, 1)
    for set_id in answers:
        clerks.answer_order(scene, FO.partner, number, set_id)
    before = reads(scene)
    scene.run(INBOUND)
    # A shipment that came before is held for that, and nothing is read for it.
    read_for = 1 if answers == ("856", "856") else 2
    assert reads(scene) - before == read_for * READS_OF_ORDERS


def test_an_order_that_cannot_be_read_holds_up_no_other(scene: Scene) -> None:
    first, second, third = orders(scene, 3)
    for number in (first, second, third):
        clerks.answer_order(scene, FO.partner, number, "810")
    fault = scene.system.faults.arm("409", path=second, method="GET", count=None)
    scene.run(INBOUND)
    states = Counter(row.state for row in scene.documents(INBOUND, set_ids=("810",), direction="inbound"))
    assert states == {State.POSTED: 2, State.PENDING_VALIDATION: 1}
    scene.system.faults.disarm(fault)
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"posted": 3}


def test_an_order_that_is_gone_is_told_of_and_the_others_go_on(scene: Scene) -> None:
    gone, there = orders(scene, 2)
    for number in (gone, there):
        clerks.answer_order(scene, FO.partner, number, "810")
    sandbox = scene.sandbox.finance_operations
    with sandbox.lock:
        sandbox.store.remove("PurchaseOrderHeadersV2", sandbox.store.sets["PurchaseOrderHeadersV2"].get("usmf", gone))
    scene.run(INBOUND)
    rows = {row.reason_code: row for row in scene.documents(INBOUND, set_ids=("810",), direction="inbound")}
    assert rows["order_gone"].state == State.ON_HOLD and gone in rows["order_gone"].reason
    assert rows[""].state == State.POSTED


def test_one_empty_answer_does_not_prove_that_an_order_is_gone(stage: Stage) -> None:
    scene = stage(system=FO, only=["ferrolux"], documents=0, late_max_s=3600)
    [send] = scene.system.to_be_sent(scene, 1)
    send()
    empty = scene.system.faults.arm("200_empty_list", path="/PurchaseOrderHeadersV2?", method="GET")
    scene.run(INBOUND)
    assert not empty.left, "the order was asked for"
    [invoice] = scene.documents(INBOUND, set_ids=("810",))
    assert (invoice.state, invoice.reason) == (State.POSTED, "")
