"""Runs that cannot go on: one sentence on the run's page, one alert whatever number of flows it stops, and the next run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dagster import DagsterEventType

from mlconn_pipelines.defs.dagster_private import StepError, ToldFailure
from mlconn_pipelines.flows import running
from mlconn_pipelines_tests.defs.conftest import Dagster
from mlconn_pipelines_tests.integration import clerks

pytestmark = pytest.mark.database

WATCH = "acme_watch_sensor"
SMALL: dict[str, Any] = {"only": ["northwind"]}
FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON document FOR EACH ROW EXECUTE FUNCTION no_room();
CREATE TRIGGER no_room BEFORE INSERT ON received_file FOR EACH ROW EXECUTE FUNCTION no_room();
"""
ROOM = "DROP FUNCTION no_room CASCADE"


def failures(it: Dagster, run_id: str) -> list[StepError]:
    """What the page of a run shows of each step that failed."""
    records = it.instance.get_records_for_run(run_id, of_type=DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.dagster_event for record in records]
    return [event.step_failure_data.error for event in events if event is not None and event.step_failure_data.error]


def alerts(it: Dagster) -> list[dict[str, Any]]:
    return it.scene.rows("SELECT cause, text, resolved_at FROM alert ORDER BY id")


def test_a_full_disk_of_the_database(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    invoice, order = clerks.invoice(it.scene), clerks.an_order(it.scene)
    clerks.put(it.scene, clerks.order_file(it.scene, [order], 7), "order.edi")
    it.scene.rows(f"{FULL} SELECT 1")
    failed = [it.run(flow, raise_on_error=False) for flow in ("x12_810", "inbound")]
    for result in failed:
        assert not result.success
        (error,) = failures(it, result.run_id)
        assert error.message.startswith("the database's disk is full (could not extend file")
        assert "Nothing is lost" in error.message and not error.stack and error.cause is None
        assert "Traceback" not in error.to_string() and "INSERT" not in error.to_string()
    cursor = it.tick(WATCH).cursor
    it.tick(WATCH, cursor)
    ((alert),) = alerts(it)
    assert alert["cause"] == "run_failed:acme/database" and "disk is full" in alert["text"]

    it.scene.rows(f"{ROOM}; SELECT 1")
    assert it.run("x12_810").success and it.run("inbound").success
    it.tick(WATCH, cursor)
    assert [one["resolved_at"] is not None for one in alerts(it)] == [True]
    assert [one.business_number for one in it.scene.received("810")] == [invoice.number]
    assert [entry["NumAtCard"] for entry in it.scene.erp.state()["created"]] == [order.number]


def test_a_mistake_of_ours_is_one_sentence_with_a_number(
    dagster: Callable[..., Dagster], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    it = dagster(**SMALL)
    it.run("reference")

    def falls(*_: Any) -> None:
        raise KeyError("what a customer wrote")

    monkeypatch.setattr(running, "fetch_changes", falls)
    result = it.run("x12_810", raise_on_error=False)
    (error,) = failures(it, result.run_id)
    assert error.message.startswith("internal error ") and "KeyError in flows/running.py:" in error.message
    assert not error.stack and "customer" not in error.message
    number = error.message.split()[2].rstrip(":")
    (logged,) = [record for record in caplog.records if number in record.getMessage()]
    assert logged.exc_info is not None, "whoever mends it finds the traceback by the number"


def test_no_database_at_all(dagster: Callable[..., Dagster], monkeypatch: pytest.MonkeyPatch) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    with monkeypatch.context() as patched:
        patched.setenv("MLCONN_DATABASE_URL", "postgresql://edi:hunter2@127.0.0.1:9/mlconn")
        with pytest.raises(ToldFailure, match="no connection to the database") as away:
            it.run("x12_810")
    assert "hunter2" not in str(away.value) and "Traceback" not in str(away.value)
    assert it.run("x12_810").success
