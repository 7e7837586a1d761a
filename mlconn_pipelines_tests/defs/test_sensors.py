"""What sensors decide at a tick: a run, or why none."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterInstance, DagsterRunStatus

from mlconn_pipelines.defs import outages, run_history, warm
from mlconn_pipelines.defs.keys import BACKFILL, LIVE, tags_of
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError, Retryable
from mlconn_pipelines.ledger.connection_states import count_refusal, resume
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.run_heartbeat import living_run
from mlconn_pipelines_tests.defs.conftest import ACME, Dagster
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.scenario import run_of, wait_until

pytestmark = pytest.mark.database

SMALL: dict[str, Any] = {"only": ["northwind", "ferrolux"]}
INVOICES_SENSOR, INBOUND_SENSOR, REFERENCE_SENSOR, WATCH = (
    "acme_x12_810_sensor",
    "acme_inbound_sensor",
    "acme_reference_sensor",
    "acme_watch_sensor",
)


def recorded_run(
    instance: DagsterInstance, flow: str, status: DagsterRunStatus, mode: str = LIVE, ago_s: float = 0.0
) -> dg.DagsterRun:
    """A run in Dagster's records as a daemon would have left it."""
    run = dg.DagsterRun(job_name=f"{ACME}_{flow}", tags=tags_of(ACME, flow, mode), status=DagsterRunStatus.NOT_STARTED)
    instance.add_run(run)
    kinds = {
        DagsterRunStatus.STARTED: dg.DagsterEventType.RUN_START,
        DagsterRunStatus.SUCCESS: dg.DagsterEventType.RUN_SUCCESS,
        DagsterRunStatus.FAILURE: dg.DagsterEventType.RUN_FAILURE,
    }
    if status in kinds:
        event = dg.DagsterEvent(kinds[status].value, run.job_name, message="the worker was lost")
        at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago_s)
        instance.run_storage.handle_run_event(run.run_id, event, at)
    return run


def test_nothing_to_do_then_one_run_then_nothing_again(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    assert "Waiting for the first read of reference data" in it.tick(INVOICES_SENSOR).skip_message
    it.run("reference")
    nothing = "Nothing is due and nothing is new."
    assert wait_until(lambda: it.tick(INVOICES_SENSOR).skip_message == nothing, 10)  # the book is asked for every few seconds
    clerks.invoice(it.scene)
    (request,) = it.tick(INVOICES_SENSOR).run_requests
    assert request.run_key is None
    assert request.partition_key == it.today
    assert {name: request.tags[name] for name in tags_of(ACME, "x12_810")} == tags_of(ACME, "x12_810")
    assert it.tick("acme_x12_850_sensor").skip_message == "Nothing is due and nothing is new."
    it.run("x12_810")
    assert it.tick(INVOICES_SENSOR).skip_message == "Nothing is due and nothing is new."


def test_a_corrected_configuration_starts_a_run_for_what_it_refused(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL, partners={"northwind": {"x12": {"sets": {"810": {"required": ["BIG03"]}}}}})
    it.run("reference")
    clerks.invoice(it.scene)
    clerks.put(it.scene, clerks.order_file(it.scene, [clerks.an_order(it.scene)], 7, usage="T"), "pilot.edi")
    it.run("x12_810")
    it.run("inbound")
    assert [row.state for row in it.scene.documents("x12_810")] == [State.ON_HOLD]
    quiet = (INVOICES_SENSOR, INBOUND_SENSOR)
    assert [it.tick(sensor).run_requests for sensor in quiet] == [[], []]
    it.scene.reconfigure(partners={"northwind": {"x12": {"usage": "T", "sets": {"810": {"required": []}}}}})
    it.restart_code_server()
    assert [len(it.tick(sensor).run_requests) for sensor in quiet] == [1, 1]
    it.run("x12_810")
    it.run("inbound")
    assert [row.state for row in it.scene.documents("x12_810")] == [State.SENT]
    assert [it.tick(sensor).run_requests for sensor in quiet] == [[], []]


def test_a_file_in_a_watched_folder_starts_one_run(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    assert it.tick(INBOUND_SENSOR).skip_message == "Nothing is due and nothing is new."
    it.scene.partner.send_orders(1, partner="northwind")
    assert len(it.tick(INBOUND_SENSOR).run_requests) == 1
    it.run("inbound")
    assert not it.tick(INBOUND_SENSOR).run_requests


def test_what_is_due_in_the_ledger_starts_a_run_without_asking_the_erp(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    it.by_hand("acme/sap_business_one/invoices", "acme/outbound/x12_810")
    assert it.scene.states("x12_810") == {"ready": 1}
    it.tick(INVOICES_SENSOR)  # signs in
    before = sum(it.scene.erp.state()["requests"].values())
    assert len(it.tick(INVOICES_SENSOR).run_requests) == 1
    assert sum(it.scene.erp.state()["requests"].values()) == before


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_no_second_run_beside_a_live_one(dagster: Callable[..., Dagster], status: DagsterRunStatus) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    recorded_run(it.instance, "x12_810", status, BACKFILL)
    assert it.tick(INVOICES_SENSOR).run_requests, "a backfill holds up nobody"
    recorded_run(it.instance, "x12_810", status)
    assert it.tick(INVOICES_SENSOR).skip_message == "A run of this flow is queued or running."


def test_a_run_whose_worker_is_gone_holds_up_nobody_for_long(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    lives, lost = (recorded_run(it.instance, flow, DagsterRunStatus.STARTED, ago_s=60) for flow in ("x12_850", "x12_810"))
    backfill = recorded_run(it.instance, "x12_810", DagsterRunStatus.STARTED, BACKFILL, ago_s=60)
    engine = ledger_engine(it.scene.database_url)
    with living_run(engine, lives.run_id):
        assert "2 runs ended whose worker is gone" in it.tick(WATCH).skip_message
    statuses = {run.run_id: run.status for run in it.instance.get_runs()}
    assert statuses[lives.run_id] is DagsterRunStatus.STARTED
    assert statuses[lost.run_id] is statuses[backfill.run_id] is DagsterRunStatus.FAILURE
    assert "The last run failed" in it.tick(INVOICES_SENSOR).skip_message
    it.tick(WATCH)
    assert {run.run_id: run.status for run in it.instance.get_runs()}[lives.run_id] is DagsterRunStatus.FAILURE
    engine.dispose()


def test_a_stopped_connection_is_obeyed_until_a_person_acts(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    clerks.invoice(it.scene)
    engine = ledger_engine(it.scene.database_url)
    with engine.begin() as tx:
        count_refusal(tx, ACME, "acme-erp", "the server answered 401", refusals_max=1)
    logins = it.scene.erp.sessions.logins
    for sensor in (INVOICES_SENSOR, INBOUND_SENSOR):
        message = it.tick(sensor).skip_message
        assert "connection 'acme-erp' is stopped: the server answered 401" in message
        assert "mlconn credentials set acme-erp" in message
    assert it.scene.erp.sessions.logins == logins
    resume(engine, "acme-erp")
    assert it.tick(INVOICES_SENSOR).run_requests
    engine.dispose()


@pytest.mark.slow
def test_an_erp_that_is_down_is_skipped_and_found_again(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    clerks.invoice(it.scene)
    it.scene.erp.faults.arm("500", path="/Invoices", count=50)
    for _ in range(2):
        assert it.tick(INVOICES_SENSOR).skip_message.startswith("Could not look: ")
    it.scene.erp.faults.disarm()
    assert it.tick(INVOICES_SENSOR).run_requests


def test_a_silence_that_lasts_is_told_once_and_its_end_too(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL, schedules={"outage_alert_after_s": 0.05})
    with it.scene.pipeline() as pipeline:
        outages.note_answer(pipeline, "x12_810")
        for _ in range(3):
            outages.note_unreachable(pipeline, "x12_810", ConnectorError("no answer"))
            time.sleep(0.06)
        (alert,) = pipeline.watch.alerts_to_deliver(ACME)
        assert "could not look for work" in alert.text and not alert.resolved
        pipeline.watch.alert_delivered(alert.id)
        outages.note_answer(pipeline, "x12_810")
        (over,) = pipeline.watch.alerts_to_deliver(ACME)
        assert over.resolved


def test_a_look_that_hangs_ends_in_time_and_its_answer_is_not_lost() -> None:
    release = threading.Event()
    looks = []

    def slow() -> str:
        looks.append(1)
        release.wait(10)
        return "three documents"

    for _ in range(2):
        with pytest.raises(Retryable, match="no answer"):
            warm.within("slow", slow, 0.05)
    release.set()
    assert warm.within("slow", slow, 5) == "three documents"
    assert len(looks) == 1
    with pytest.raises(ConnectorError, match="down"):
        warm.within("broken", _raise_down, 5)


def _raise_down() -> None:
    raise ConnectorError("down")


def test_after_failures_in_a_row_runs_are_held_back(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    clerks.invoice(it.scene)
    recorded_run(it.instance, "x12_810", DagsterRunStatus.FAILURE)
    message = it.tick(INVOICES_SENSOR).skip_message
    assert "The last run failed" in message and "the next one is tried in" in message
    waits = []
    for failures in range(1, 9):
        runs = run_history.latest_runs(it.instance, ACME, "x12_810")
        assert len(runs) == failures
        waits.append(round(run_history.waits_until(runs) - run_history.ended_at(runs[0])))
        recorded_run(it.instance, "x12_810", DagsterRunStatus.FAILURE)
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    recorded_run(it.instance, "x12_810", DagsterRunStatus.SUCCESS)
    assert it.tick(INVOICES_SENSOR).run_requests


def test_reference_data_is_read_at_once_then_every_quarter_and_soon_again_after_a_failure(
    dagster: Callable[..., Dagster],
) -> None:
    it = dagster(**SMALL)
    (request,) = it.tick(REFERENCE_SENSOR).run_requests
    assert request.partition_key is None
    it.run("reference")
    assert it.tick(REFERENCE_SENSOR).skip_message.startswith("Read recently")
    recorded_run(it.instance, "reference", DagsterRunStatus.FAILURE, ago_s=10)
    assert "the next one is tried in" in it.tick(REFERENCE_SENSOR).skip_message


@pytest.mark.slow
def test_a_failed_run_alerts_once_and_the_next_good_one_resolves_it(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.scene.erp.faults.arm("500", path="/Items", count=50)
    assert not it.run("reference", raise_on_error=False).success
    cursor = it.tick(WATCH).cursor
    it.tick(WATCH, cursor)
    (alert,) = it.scene.rows("SELECT * FROM alert")
    assert alert["cause"] == "run_failed:acme/reference/live"
    assert "acme__sap_business_one__items" in alert["text"] and "500" in alert["text"]
    assert alert["delivered_at"] is not None
    it.scene.erp.faults.disarm()
    it.run("reference")
    it.tick(WATCH, cursor)
    (alert,) = it.scene.rows("SELECT * FROM alert")
    assert alert["resolved_at"] is not None


def test_the_watch_evaluates_checks_that_change_without_a_run_and_repeats_no_old_news(
    dagster: Callable[..., Dagster],
) -> None:
    it = dagster(**SMALL)
    item = clerks.sound_items(it.scene, "northwind")[0]
    clerks.invoice(it.scene)
    clerks.switch_item(it.scene, item.code, active=False)
    it.run("reference")
    it.run("x12_810")
    first = it.tick(WATCH)
    news = {("/".join(event.asset_key.path[1:]), event.check_name): event.passed for event in first.asset_events}
    assert ("outbound/x12_810", "nothing_set_aside") not in news, "the run itself has said so"
    assert news["cleo/inbox", "nothing_set_aside"]
    assert not it.tick(WATCH, first.cursor).asset_events
    made = dg.AssetMaterialization(dg.AssetKey(["acme", "outbound", "x12_810"]), partition=it.today)
    it.instance.report_runless_asset_event(made)  # by night, or by hand
    again = {("/".join(event.asset_key.path[1:]), event.check_name) for event in it.tick(WATCH).asset_events}
    checks = ("nothing_set_aside", "no_overdue_acknowledgments", "no_unknown_outcomes")
    assert again >= {("outbound/x12_810", check) for check in checks}, "its page would call them not evaluated"
    (alert,) = it.scene.rows("SELECT * FROM alert")
    assert alert["cause"] == "nothing_set_aside:acme/x12_810"

    (row,) = it.scene.documents("x12_810", State.ON_HOLD)
    with it.scene.pipeline() as pipeline:
        pipeline.operator.dismiss(run_of(pipeline, "x12_810"), row.id, "not for them")
    later = it.tick(WATCH)
    solved = [event for event in later.asset_events if event.check_name == "nothing_set_aside"]
    assert ("x12_810", True) in [(event.asset_key.path[-1], event.passed) for event in solved]
    (alert,) = it.scene.rows("SELECT * FROM alert")
    assert alert["resolved_at"] is not None


def test_the_watch_tells_of_a_stopped_partner_until_the_file_is_corrected(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    path = it.scene.settings.config / "partners" / "ferrolux.yaml"
    text = path.read_text(encoding="utf-8")
    for partner in ("ferrolux", "northwind"):  # nobody is left to deliver to, and the flows run all the same
        file = path.with_name(f"{partner}.yaml")
        file.write_text(file.read_text(encoding="utf-8") + "no_setting: 1\n", encoding="utf-8")
    beta = it.scene.settings.config / "beta.yaml"
    beta.write_text("integration: beta\n", encoding="utf-8")
    it.restart_code_server()
    clerks.invoice(it.scene)
    it.run("reference")
    it.run("x12_810")
    cursor = it.tick(WATCH).cursor
    assert it.scene.states("x12_810") == {"on_hold": 1}
    (other,) = it.scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL AND cause = 'integration_stopped:beta'")
    assert f"{beta}:1: " in other["text"]
    alerts = it.scene.rows("SELECT cause, text FROM alert WHERE resolved_at IS NULL AND cause LIKE 'partner_stopped:%%'")
    assert {alert["cause"] for alert in alerts} == {"partner_stopped:acme/ferrolux", "partner_stopped:acme/northwind"}
    assert any(f"{path}:" in alert["text"] for alert in alerts)
    path.write_text(text, encoding="utf-8")
    beta.unlink()
    it.restart_code_server()
    it.tick(WATCH, cursor)
    assert it.scene.rows("SELECT 1 FROM alert WHERE resolved_at IS NULL AND cause LIKE 'integration_stopped:%%'") == []
    still = it.scene.rows("SELECT cause FROM alert WHERE resolved_at IS NULL AND cause LIKE 'partner_stopped:%%'")
    assert [alert["cause"] for alert in still] == ["partner_stopped:acme/northwind"]


@pytest.mark.slow
def test_a_watermark_is_fresh_by_age_and_not_by_being_there(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    it.run("x12_810")
    it.scene.rows("UPDATE watermark SET at = now() - interval '3 hours' WHERE name = 'x12_810'")

    def fresh() -> Any:
        events = it.tick(WATCH).asset_events
        (found,) = [
            event for event in events if event.check_name == "watermark_fresh" and event.asset_key.path[-1] == "invoices"
        ]
        return found

    assert fresh().passed
    assert fresh().description == "Nothing changed in the ERP that was not read."
    clerks.invoice(it.scene)
    assert fresh().passed, "it was written this very moment"
    it.scene.erp.move_clock(dt.timedelta(minutes=-20))
    clerks.invoice(it.scene)
    assert not fresh().passed
    assert fresh().description.startswith("1 or more of the newest changes in the ERP wait to be read")
    [alert] = it.scene.rows("SELECT text FROM alert WHERE cause = 'watermark_fresh:acme/x12_810' AND resolved_at IS NULL")
    assert "wait to be read" in alert["text"]
    it.scene.rows("UPDATE watermark SET value = '2099-01-01T00:00:00' WHERE name = 'x12_810'")
    assert not fresh().passed
    assert "lies ahead of the clock" in fresh().description
    it.scene.erp.faults.arm("500", path="/Invoices", count=50)
    assert fresh().description.startswith("The ERP could not be read")


def test_ticks_carry_no_business_data(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    written = clerks.invoice(it.scene)
    it.run("reference")
    tick = it.tick(INVOICES_SENSOR)
    assert written.number not in json.dumps([tick.run_requests[0].tags, tick.run_requests[0].run_config, tick.cursor])
