"""Servers that say `not so fast`: everything arrives once, and nobody is asked faster than they allow."""

from __future__ import annotations

from typing import Any

import pytest

from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene

pytestmark = pytest.mark.database


def all_arrived(scene: Scene, invoices: list[str], ordered: list[str]) -> None:
    for _ in range(4):
        scene.settle()
        scene.hours_pass()
    assert sorted(got.business_number for got in scene.received("810")) == sorted(invoices)
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == sorted(ordered)
    assert scene.states("x12_810") == {"accepted": len(invoices)}
    assert not scene.partner.inbox.duplicates_by_control_number
    assert [sent.acknowledged for sent in scene.partner.outbox.sent if sent.set_id == "850"] == ["accepted"] * len(ordered)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [{}, {"retry_after": 1}, {"retry_after": None}], ids=["default", "one second", "unsaid"])
def test_refusals_now_and_then_on_both_sides(stage: Stage, wait: dict[str, Any]) -> None:
    scene = stage(only=["northwind"])
    scene.know_reference()
    invoices = [clerks.invoice(scene).number for _ in range(6)]
    ordered = [sent.business_number for sent in scene.partner.send_orders(4, partner="northwind")]
    scene.erp.faults.arm("429", "/Invoices", count=2, **wait)
    scene.erp.faults.arm("429", "/Orders", count=2, method="POST", **wait)
    scene.cleo.faults.arm("429", "/files", count=3, **wait)
    scene.cleo.faults.arm("429", "/children", count=1, **wait)
    all_arrived(scene, invoices, ordered)
    assert scene.erp.faults.rate_limited + scene.cleo.faults.rate_limited == 8


@pytest.mark.slow
def test_a_server_that_allows_few_requests_a_second(stage: Stage) -> None:
    scene = stage(only=["northwind"], rate_limit=20.0, cleo={"requests_per_second": 20.0})
    invoices = [clerks.invoice(scene).number for _ in range(30)]
    ordered = [sent.business_number for sent in scene.partner.send_orders(10, partner="northwind")]
    all_arrived(scene, invoices, ordered)


def test_a_server_that_asks_for_a_long_wait_ends_the_run_and_keeps_the_documents_ready(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    invoices = [clerks.invoice(scene).number for _ in range(3)]
    scene.cleo.faults.arm("429", "/files", count=1, method="POST", retry_after=3600)
    done = scene.run("x12_810")["x12_810"]["send"]
    assert scene.states("x12_810").get("ready", 0) >= 1
    assert done["outcome_unknown"] == 0
    scene.rows("DELETE FROM limiter")  # the hour passes
    scene.hours_pass()
    all_arrived(scene, invoices, [])
