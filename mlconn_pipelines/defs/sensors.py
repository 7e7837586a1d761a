"""Sensors: ask the ledger first, then look outside cheaply, and start one run when there is work and none is under way."""

from __future__ import annotations

import time

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.keys import FLOW_TAG, INTEGRATION_TAG, LANE_TAG, LIVE, MODE_TAG, Keys
from mlconn_pipelines.defs.partitions import DAY, today_of
from mlconn_pipelines.defs.reference import REFERENCE
from mlconn_pipelines.defs.warm import warm_pipeline
from mlconn_pipelines.errors import ConnectionStopped, ConnectorError
from mlconn_pipelines.flows.fetching import look_for_changes
from mlconn_pipelines.flows.pipeline import INBOUND, Pipeline
from mlconn_pipelines.flows.receiving import look_for_files

UNDER_WAY = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]

LIVE_PRIORITY, BACKFILL_PRIORITY = "5", "-5"


def tags_of(integration: str, flow: str, mode: str = LIVE) -> dict[str, str]:
    """Tags of a run, by which sensors know what is under way."""
    return {
        INTEGRATION_TAG: integration,
        FLOW_TAG: flow,
        MODE_TAG: mode,
        LANE_TAG: f"{integration}/{flow}/{mode}",
        "dagster/priority": LIVE_PRIORITY if mode == LIVE else BACKFILL_PRIORITY,
    }


def is_under_way(instance: DagsterInstance, integration: str, flow: str) -> bool:
    """Whether a live run of that flow is queued or running; backfills do not count."""
    wanted = RunsFilter(statuses=UNDER_WAY, tags={INTEGRATION_TAG: integration, FLOW_TAG: flow, MODE_TAG: LIVE})
    return bool(instance.get_runs(wanted, limit=1))


def flow_sensor(integration: Integration, keys: Keys, flow: str, every_s: int) -> dg.SensorDefinition:
    """One tick: `mlconn/flow` under way? work in the ledger? something new outside? One run at most."""
    name = integration.integration

    @dg.sensor(
        name=f"{keys.job(flow)}_sensor",
        job_name=keys.job(flow),
        minimum_interval_seconds=every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Looks every {every_s} s for documents that are due and for what is new, and starts one run when there is work.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if is_under_way(context.instance, name, flow):
            return dg.SkipReason("A run of this flow is queued or running.")
        pipeline = warm_pipeline(name)
        if not pipeline.ledger.reference_book(name).version:
            return dg.SkipReason("Waiting for the first read of reference data (partners, items …).")
        try:
            why = reason_to_run(pipeline, flow)
        except ConnectionStopped as stopped:
            return dg.SkipReason(str(stopped))
        except ConnectorError as trouble:  # a system that is down is looked at again at the next tick
            return dg.SkipReason(f"Could not look: {trouble}")
        if why is None:
            return dg.SkipReason("Nothing is due and nothing is new.")
        context.log.info(why)
        day = today_of(integration).strftime(DAY)
        return dg.SensorResult(run_requests=[dg.RunRequest(partition_key=day, tags=tags_of(name, flow))])

    return look


def reason_to_run(pipeline: Pipeline, flow: str) -> str | None:
    """Why a run is wanted, in words; None when there is no work. The ledger is asked first, the outside only when it has none."""
    if due := pipeline.ledger.work(pipeline.name, flow):
        return f"{due} documents are due."
    if flow == INBOUND:
        return f"{files} files to take." if (files := look_for_files(pipeline)) else None
    return f"{changed} or more changed records." if (changed := look_for_changes(pipeline, flow)) else None


def reference_sensor(integration: Integration, keys: Keys) -> dg.SensorDefinition:
    """Reads reference data every `reference_every_s`, at once when the ledger has none."""
    name = integration.integration

    @dg.sensor(
        name=f"{keys.job(REFERENCE)}_sensor",
        job_name=keys.job(REFERENCE),
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Reads partners, items and the like at once when there are none, then every {integration.reference_every_s} s.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = time.time()
        last = float(context.cursor or 0)
        if now - last < integration.reference_every_s:
            return dg.SkipReason("Read recently.")
        if is_under_way(context.instance, name, REFERENCE):
            return dg.SkipReason("A read is queued or running.")
        return dg.SensorResult(run_requests=[dg.RunRequest(tags=tags_of(name, REFERENCE))], cursor=str(now))

    return look
