"""Before go-live: previews that touch nothing, and documents from before the start."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import reprocess
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import run_of

pytestmark = pytest.mark.database


def test_a_preview_checks_everything_and_touches_nothing_then_live_sends_each_once(stage: Stage) -> None:
    scene = stage(only=["northwind"], mode="preview")
    fine = clerks.invoice(scene)
    clerks.invoice(scene, NumAtCard="an order number that is far too long for X12")
    (ordered,) = scene.partner.send_orders(1, partner="northwind")
    for _ in range(2):
        scene.run()
    assert scene.states("x12_810", preview=True) == {"ready": 1, "on_hold": 1}
    assert scene.states("x12_810") == {}
    assert scene.rows("SELECT id FROM claim") == []
    assert scene.rows("SELECT name FROM watermark WHERE name ~ '^x12'") == []
    assert scene.uploads() == []
    assert scene.erp.state()["created"] == []
    outlet = scene.partner_named("northwind").outlet
    assert [file.name for file in scene.cleo.files(outlet)] == [ordered.file]
    scene.reconfigure(mode="live")
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [fine.number]
    assert scene.states("x12_810") == {"accepted": 1, "on_hold": 1}
    assert scene.states("x12_810", preview=True) == {}
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [ordered.business_number]
    assert (ordered.acknowledged, ordered.acknowledgments) == ("accepted", 1)


def test_a_preview_beside_live_runs_takes_no_work_from_them(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.run()
    invoice = clerks.invoice(scene)
    scene.run("x12_810", preview=True)
    assert scene.uploads() == []
    scene.run("x12_810", preview=True)
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [invoice.number]


def test_documents_from_before_the_start_leave_only_when_named(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    today = scene.world.today
    scene.reconfigure(flows={"x12_810": {"send_from": today.isoformat()}})
    old = clerks.invoice(scene, DocDate=(today - dt.timedelta(days=3)).isoformat())
    new = clerks.invoice(scene)
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1, "before_go_live": 1}
    assert [got.business_number for got in scene.received("810")] == [new.number]
    (row,) = scene.documents("x12_810", State.BEFORE_GO_LIVE)
    with scene.pipeline() as pipeline:
        run = run_of(pipeline, "x12_810")
        (unreasoned,) = reprocess(pipeline, run, [row], "")
        assert unreasoned.refused
        (named,) = reprocess(pipeline, run, [row], "they never got it by post")
        assert (named.after, named.refused) == (State.SENT, "")
    scene.settle()
    assert sorted(got.business_number for got in scene.received("810")) == sorted([old.number, new.number])


def test_received_orders_from_before_the_start_are_not_posted(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.reconfigure(flows={"inbound": {"send_from": (scene.world.today + dt.timedelta(days=1)).isoformat()}})
    (ordered,) = scene.partner.send_orders(1, partner="northwind")
    scene.settle()
    assert scene.states(INBOUND, set_ids=("850",)) == {"before_go_live": 1}
    assert scene.erp.state()["created"] == []
    assert ordered.acknowledged == "accepted"
