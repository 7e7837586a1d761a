"""The sensor of hints, and what Dagster is given where an integration has events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster import DagsterRunStatus

from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.definitions import defs
from mlconn_pipelines.defs.keys import FLOW_TAG, REASON_TAG
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.gateway.program import opened_application
from mlconn_pipelines.ports.notifications import ChangeNotification
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.defs.conftest import ACME, Dagster
from mlconn_pipelines_tests.defs.test_sensors import recorded_run
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_pipelines_tests.integration.business_central_scene import business_central_scene
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.processes.programs import free_port
from mlconn_pipelines_tests.scenario import wait_until

pytestmark = pytest.mark.database

SENSOR = "acme_hint_sensor"
EVENTS: dict[str, Any] = {"public_url": "https://edi.example.com", "erp": {"credential": "tells"}}


def tell(it: Dagster, *flows: str, key: str = "k") -> None:
    with it.scene.pipeline() as pipeline:
        pipeline.engine.intake.record_notifications(
            [ChangeNotification(ACME, flow, "sap-business-one", f"place of {flow}", key) for flow in flows]
        )


def test_a_hint_starts_its_flow_once_and_says_so(dagster: Callable[..., Dagster]) -> None:
    it = dagster(only=["northwind"], flows={"x12_810": {"poll_every_s": 3600}}, events=EVENTS)
    assert it.tick(SENSOR).skip_message == "No notifications."
    tell(it, "x12_810")
    assert "Waiting for the first read of reference data" in it.tick(SENSOR).skip_message
    it.run("reference")
    assert wait_until(lambda: it.tick(SENSOR).run_requests, 10)  # the book is asked for every few seconds
    (request,) = it.tick(SENSOR).run_requests
    assert (request.job_name, request.partition_key, request.tags[FLOW_TAG]) == ("acme_x12_810", it.today, "x12_810")
    assert request.tags[REASON_TAG] == "1 hint says that something changed: place of x12_810."
    started = recorded_run(it.instance, "x12_810", DagsterRunStatus.STARTED)
    assert "queued or running" in it.tick(SENSOR).skip_message
    it.instance.delete_run(started.run_id)
    it.run("x12_810")
    assert it.tick(SENSOR).skip_message == "No notifications.", "the run began after the hint"


def test_every_flow_that_was_told_of_starts_and_no_other(dagster: Callable[..., Dagster]) -> None:
    it = dagster(only=["northwind"], events=EVENTS)
    it.run("reference")
    tell(it, "x12_810", INBOUND, "x12_999")
    assert sorted(request.job_name for request in it.tick(SENSOR).run_requests) == ["acme_inbound", "acme_x12_810"]
    it.run(INBOUND)
    assert [request.job_name for request in it.tick(SENSOR).run_requests] == ["acme_x12_810"]
    tell(it, INBOUND, key="another file")
    assert sorted(request.job_name for request in it.tick(SENSOR).run_requests) == ["acme_inbound", "acme_x12_810"]


def test_one_hint_starts_one_run_though_both_sensors_look_at_the_same_moment(dagster: Callable[..., Dagster]) -> None:
    it = dagster(only=["northwind"], flows={"x12_810": {"poll_every_s": 3600}}, events=EVENTS)
    it.run("reference")
    it.run(INBOUND)
    tell(it, INBOUND, "x12_810")
    left = it.tick("acme_inbound_sensor")
    assert left.skip_message == "1 hint says that something changed: place of inbound. The sensor of hints starts the run."
    assert len(it.tick(SENSOR).run_requests) == 2
    # Where the sensor of hints was switched off, the hint waits for one more poll and not for ever.
    assert len(it.tick("acme_inbound_sensor", cursor=left.cursor).run_requests) == 1
    # Once a run is under way, the next hint is left again.
    started = recorded_run(it.instance, INBOUND, DagsterRunStatus.STARTED)
    under_way = it.tick("acme_inbound_sensor", cursor=left.cursor)
    it.instance.delete_run(started.run_id)
    assert "starts the run" in it.tick("acme_inbound_sensor", cursor=under_way.cursor).skip_message
    assert len(it.tick("acme_x12_810_sensor").run_requests) == 1, "who polls seldom takes what there is"


def test_after_failures_hints_wait_like_everything_else(dagster: Callable[..., Dagster]) -> None:
    it = dagster(only=["northwind"], events=EVENTS)
    it.run("reference")
    tell(it, "x12_810")
    recorded_run(it.instance, "x12_810", DagsterRunStatus.FAILURE)
    assert "The last run failed" in it.tick(SENSOR).skip_message


def test_a_backfill_and_a_preview_of_a_live_integration_leave_hints_alone(dagster: Callable[..., Dagster]) -> None:
    it = dagster(only=["northwind"], events=EVENTS)
    it.run("reference")
    tell(it, "x12_810")
    it.run("x12_810", mode="backfill", partition=it.today)
    it.scene.run("x12_810", preview=True)
    assert len(it.tick(SENSOR).run_requests) == 1


def test_the_hourly_job_keeps_the_subscriptions_and_fails_where_it_cannot(stage: Stage) -> None:
    port = free_port()
    with business_central_scene(stage, only=["northwind", "eastgate"]) as bc, dg.DagsterInstance.ephemeral() as instance:
        bc.scene.reconfigure(events=EVENTS | {"public_url": f"http://127.0.0.1:{port}"})
        with open_stores(bc.scene.settings) as stores:
            stores.credentials.set("tells", {"secret": "clientstate-0123456789abcdef"})
        job = defs().resolve_job_def("acme_subscriptions")
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success, "nobody answers the handshake"
        with opened_application(bc.scene.settings) as application, listening(application, port):
            assert job.execute_in_process(instance=instance).success
        assert {one["resource"].rsplit("/", 1)[1] for one in bc.company.state()["subscriptions"]} == {
            "salesInvoices",
            "salesOrders",
        }
        with bc.scene.pipeline() as pipeline:
            assert {hints.flow for hints in pipeline.engine.intake.waiting_hints(ACME)} == {"x12_810", "x12_850"}, (
                "they catch up"
            )


@pytest.mark.parametrize(("erp", "subscribes"), [("business_central", True), ("finance_operations", False)])
def test_business_central_gets_an_hourly_schedule_of_its_subscriptions(
    erp: str, subscribes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCONN_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("MLCONN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLCONN_DATABASE_URL", raising=False)
    write_starter(tmp_path / "config", dt.date(2026, 3, 1), erp)
    file = tmp_path / "config" / "acme.yaml"
    repository = defs().get_repository_def()
    assert not {"acme_hint_sensor"} & {sensor.name for sensor in repository.sensor_defs}, "events are off unless written"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"events": EVENTS}), encoding="utf-8")
    repository = defs().get_repository_def()
    assert {sensor.name: sensor.minimum_interval_seconds for sensor in repository.sensor_defs}["acme_hint_sensor"] == 5
    schedules = {schedule.name: schedule.cron_schedule for schedule in repository.schedule_defs}
    assert schedules.get("acme_subscriptions_schedule") == ("7 * * * *" if subscribes else None)
    assert ("acme_subscriptions" in repository.job_names) == subscribes
