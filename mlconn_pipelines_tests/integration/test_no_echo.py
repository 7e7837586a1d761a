"""What we wrote into the ERP ourselves never goes out again; what people made of it goes out once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import BC, FO, SAGE, SAP, each_system
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database

PURCHASE_ORDERS: dict[str, Any] = {"erp": {"order_target": "PurchaseOrders"}, "only": ["orchardco"]}
"""orchardco is supplier and customer: what they order may become a purchase order at them."""


class PowerCut(BaseException):
    """The process is gone: nothing of ours handles it."""


class DiesAround:
    """A target whose process dies before or after the record is stored."""

    def __init__(self, target: Any, *, stored: bool) -> None:
        self._target, self._stored = target, stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def create(self, entity: str, payload: Any) -> Any:
        if self._stored:
            self._target.create(entity, payload)
        raise PowerCut


def run_and_die(scene: Scene, *, stored: bool) -> None:
    with scene.pipeline() as pipeline:
        dying = replace(pipeline, erp=replace(pipeline.erp, target=DiesAround(pipeline.erp.target, stored=stored)))
        with pytest.raises(PowerCut):
            run_flow(dying, run_of(pipeline, INBOUND))


def test_an_order_posted_as_a_purchase_order_does_not_go_out(stage: Stage) -> None:
    scene = stage(**PURCHASE_ORDERS)
    scene.partner.send_orders(2, partner="orchardco")
    scene.settle()
    assert [entry["set"] for entry in scene.erp.state()["created"]] == ["PurchaseOrders"] * 2
    own = clerks.purchase_order(scene, "orchardco")
    scene.settle()
    assert [got.business_number for got in scene.received("850")] == [own.number]
    assert len(scene.documents("x12_850")) == 1


ECHOES: dict[type[System], dict[str, Any]] = {
    SAP: PURCHASE_ORDERS,
    BC: {"only": ["northwind"], "erp": {"send_unreleased_orders": True}},
    FO: {"only": ["ferrolux"], "late_max_s": 3600},
    SAGE: {"only": ["ferrolux"], "late_max_s": 3600},
}
"""By ERP, settings under which what we create is of a set that x12_850 reads; F&O's and Sage's never are, and stay that way."""


@pytest.mark.parametrize("stored", [True, False], ids=["after the post", "before the post"])
@each_system
def test_a_process_that_dies_around_the_post_leaves_one_record_and_no_echo(
    stage: Stage, system: type[System], stored: bool
) -> None:
    scene = stage(system=system, **ECHOES[system])
    sends = [partial(scene.partner.send_orders, 1, partner="orchardco")] if system is SAP else scene.system.to_be_sent(scene, 1)
    before = len(scene.uploads("850"))
    sends[0]()
    run_and_die(scene, stored=stored)

    assert len(scene.system.created()) == int(stored)
    scene.run("x12_850")  # the record is there and our ledger does not know yet that it is ours
    scene.run(INBOUND)  # too early: the request may still be under way
    assert len(scene.system.created()) == int(stored)
    scene.hours_pass()
    scene.settle()
    assert len(scene.system.created()) == 1 and scene.system.left_overs() == []
    assert scene.system.inbound_states(scene) == {"posted": 1}
    assert len(scene.uploads("850")) == before


def test_an_order_refused_as_a_draft_for_approval_is_found_and_not_posted_twice(stage: Stage) -> None:
    scene = stage(**PURCHASE_ORDERS)
    scene.erp.approval_sets.add("PurchaseOrders")
    scene.partner.send_orders(1, partner="orchardco")
    for _ in range(3):
        scene.run(INBOUND)
        scene.hours_pass()
    assert [entry["draft"] for entry in scene.erp.state()["created"]] == [True]
    assert scene.states("inbound", set_ids=("850",)) == {"posted": 1}


def test_what_clerks_copy_from_a_posted_order_goes_out_once_each(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    (sent,) = scene.partner.send_orders(1, partner="northwind")
    scene.settle()
    (created,) = scene.erp.state()["created"]
    order = scene.erp.record("Orders", created["DocEntry"])
    delivery = clerks.copied(scene, "DeliveryNotes", 17, order)
    note = scene.erp.record("DeliveryNotes", delivery.entry)
    invoice = clerks.copied(scene, "Invoices", 15, note)
    copy = scene.erp.record("Invoices", invoice.entry)
    assert copy["U_MLConnRef"] == order["U_MLConnRef"] != None  # noqa: E711 - SAP copied our reference along
    scene.settle()
    (notice,) = scene.received("856")
    (bill,) = scene.received("810")
    assert (notice.business_number, bill.business_number) == (delivery.number, invoice.number)
    assert notice.facts is not None
    assert bill.facts is not None
    assert {line.order_number for line in notice.facts.lines} == {sent.business_number} == {bill.facts.order_number}
    assert [row.state for row in scene.documents("x12_810")] == [State.ACCEPTED]
    assert [row.state for row in scene.documents("x12_856")] == [State.ACCEPTED]
