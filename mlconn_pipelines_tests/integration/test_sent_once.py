"""What was sent stays sent: nothing that happens to the record or the configuration afterwards sends it again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.running import reprocess
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import each_system
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.partner.habits import PROMPT

pytestmark = pytest.mark.database


def backfill(scene: Scene, days: int = 30) -> None:
    """All outbound flows over the last days, as a backfill of their partitions does."""
    today = scene.world.today
    with scene.pipeline() as pipeline:
        flows = [flow for flow in pipeline.settings.flow_names if flow.startswith("x12_")]
    scene.run(*flows, selection=Selection(days=tuple(today - dt.timedelta(days=back) for back in range(days))))


@each_system
def test_paid_closed_resaved_or_mapped_otherwise_and_backfilled_it_is_not_sent_again(
    stage: Stage, system: type[System]
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    changes = scene.system.changes()
    written = [scene.system.write(scene) for _ in changes]
    scene.settle()
    assert len(scene.uploads()) == len(written)
    scene.system.time_passes(dt.timedelta(minutes=10))
    for change, one in zip(changes, written, strict=True):
        change(scene, one)
    scene.settle()
    units = dict.fromkeys(scene.system.partner_changes(system.partner).get("units", {"Each": "EA"}), "PC")
    scene.reconfigure(
        partners={system.partner: {"units": units, "x12": {"product_id_qualifiers": ["VP", "BP"], "version": "004010"}}}
    )
    backfill(scene)
    scene.settle()
    assert len(scene.uploads()) == len(written)
    assert scene.states(system.flow) == {"accepted": len(written)}


def test_a_backfill_sends_what_was_never_seen_and_only_that(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    sent = clerks.invoice(scene)
    scene.settle()
    week_ago = (scene.world.today - dt.timedelta(days=7)).isoformat()
    scene.erp.move_clock(dt.timedelta(hours=-20))  # stamped long before the watermark, as after a restored backup
    missed = clerks.invoice(scene, DocDate=week_ago)
    scene.erp.move_clock(dt.timedelta(hours=20))
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [sent.number]
    watermarks = "SELECT name, value FROM watermark WHERE name = 'x12_810'"
    before = scene.rows(watermarks)
    backfill(scene)
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [sent.number, missed.number]
    assert scene.rows(watermarks) == before


def test_a_customer_moved_to_another_partner_gets_no_history(stage: Stage) -> None:
    scene = stage(only=["northwind", "maplegate"], partners={"maplegate": {"customer_codes": ["C99999"]}})
    clerks.invoice(scene)
    scene.settle()
    assert len(scene.uploads()) == 1
    code = scene.partner_named("northwind").customer_code
    scene.reconfigure(
        partners={"northwind": {"customer_codes": ["C99998"]}, "maplegate": {"customer_codes": [code]}},
    )
    scene.erp.move_clock(dt.timedelta(minutes=10))
    backfill(scene)
    scene.settle()
    assert len(scene.uploads()) == 1
    new = clerks.invoice(scene)
    scene.settle()
    assert [got.partner for got in scene.received("810", new.number)] == ["maplegate"]
    assert len(scene.uploads()) == 2


def test_an_invoice_cancelled_before_sending_is_skipped(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    early = clerks.invoice(scene)
    scene.erp.cancel("Invoices", early.entry)
    held = clerks.invoice(scene, NumAtCard="an order number that is far too long for X12")
    scene.run("x12_810")
    scene.erp.move_clock(dt.timedelta(minutes=3))
    scene.erp.cancel("Invoices", held.entry)
    scene.settle()
    rows = scene.documents("x12_810")
    assert {row.state for row in rows} == {State.SKIPPED}
    assert {early.number, held.number} <= {row.business_number for row in rows}
    assert scene.uploads() == []


def test_an_invoice_cancelled_after_sending_is_an_exception_in_words(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    invoice = clerks.invoice(scene)
    scene.settle()
    scene.erp.move_clock(dt.timedelta(minutes=3))
    scene.erp.cancel("Invoices", invoice.entry)
    for _ in range(2):
        scene.settle()
    (exception,) = scene.rows("SELECT id, state, exception FROM document WHERE exception <> ''")
    assert exception["state"] == "accepted"
    assert f"{invoice.number} was cancelled in the source after it had been sent to northwind" in exception["exception"]
    alerts = scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL")
    assert [exception["id"] in alert["text"] for alert in alerts] == [True]
    assert len(scene.uploads()) == 1


def test_a_change_after_sending_is_an_exception_by_setting(stage: Stage) -> None:
    scene = stage(only=["northwind"], flows={"x12_810": {"after_sending": "on_hold"}})
    invoice = clerks.invoice(scene)
    scene.settle()
    scene.erp.move_clock(dt.timedelta(minutes=3))
    scene.erp.change("Invoices", invoice.entry, NumAtCard="PO-OTHER")
    scene.settle()
    (exception,) = scene.rows("SELECT exception FROM document WHERE exception <> ''")
    assert "changed in the source after it had been sent" in exception["exception"]
    assert len(scene.uploads()) == 1


def test_replay_sends_only_what_never_was_and_redelivery_takes_new_numbers(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.settle()
    (row,) = scene.documents("x12_810")
    with scene.pipeline() as pipeline:
        (plain,) = reprocess(pipeline, run_of(pipeline, "x12_810"), [row], "they ask for it")
        assert (plain.after, bool(plain.refused)) == (State.ACCEPTED, True)
    assert len(scene.uploads()) == 1


def test_a_document_that_the_partner_rejected_is_redelivered_once_with_new_numbers(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.partner.habits = replace(PROMPT, rejecting=1.0)
    clerks.invoice(scene)
    scene.settle()
    (row,) = scene.documents("x12_810")
    assert row.state == State.REJECTED_BY_PARTNER
    scene.settle()
    assert len(scene.uploads()) == 1
    with scene.pipeline() as pipeline:
        (again,) = reprocess(pipeline, run_of(pipeline, "x12_810"), [row], "they fixed it", redeliver=True)
        assert (again.after, again.refused) == (State.SENT, "")
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
    first, second = scene.received("810")
    assert first.control_number != second.control_number
    assert len(scene.uploads()) == 2
