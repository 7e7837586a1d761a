"""Sensors: ask the ledger first, then look outside cheaply, and start one run when there is work and none is under way."""

from __future__ import annotations

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.keys import tags_of as tags_of
from mlconn_pipelines.defs.outages import note_answer, note_unreachable
from mlconn_pipelines.defs.partitions import DAY, days_of, today_of
from mlconn_pipelines.defs.reference import REFERENCE
from mlconn_pipelines.defs.run_history import UNDER_WAY, ended_at, held_back, is_under_way, latest_runs, left_of
from mlconn_pipelines.defs.sentences import in_one_sentence, skipped
from mlconn_pipelines.defs.warm import refuse_stopped, warm_pipeline, within
from mlconn_pipelines.errors import ConnectionStopped, ConnectorError, MlconnError
from mlconn_pipelines.flows.fetching import look_for_changes
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.receiving import look_for_files
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.sync.edited import are_edited
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline, look_at
from mlconn_pipelines.flows.sync.route import SyncRoute
from mlconn_pipelines.printable import printable
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

LEAVES_HINTS_UP_TO_S = 60
"""A flow that polls at least so often leaves hints to the sensor of hints, lest both start a run of the flow at the same moment."""

LEFT = "hints left to the sensor of hints"
"""The cursor of a flow's sensor that did so at its last tick. If they still wait at this one, somebody switched that sensor off."""


def flow_sensor(integration: Integration, keys: Keys, flow: str, every_s: int) -> dg.SensorDefinition:
    """One tick: a run of the flow under way? work in the ledger? something new outside? One run at most."""
    name = integration.integration
    leaves_hints = integration.is_told and every_s <= LEAVES_HINTS_UP_TO_S

    @dg.sensor(
        name=f"{keys.job(flow)}_sensor",
        job_name=keys.job(flow),
        minimum_interval_seconds=every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Looks every {every_s} s for documents that are due and for what is new, and starts one run when there is work.",
    )
    @in_one_sentence
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        left_before = context.cursor == LEFT
        context.update_cursor("")
        if is_under_way(context.instance, name, flow):
            return dg.SkipReason("A run of this flow is queued or running.")
        try:
            refuse_stopped(integration)
            pipeline = warm_pipeline(name)
            if not pipeline.engine.intake.reference_book(name).version:
                return dg.SkipReason("Waiting for the first read of reference data (partners, items …).")
            if leaves_hints and not left_before and (hints := hinted(pipeline, flow)) is not None:
                context.update_cursor(LEFT)
                return skipped(f"{hints} The sensor of hints starts the run.")
            at_hand = reason_at_hand(pipeline, flow)
            why = at_hand or within(keys.job(flow), lambda: reason_outside(pipeline, flow))
            if why is not None:
                refuse_while_paused(pipeline)
        except ConnectionStopped as stopped:  # its alert is raised by whoever was refused
            return skipped(stopped)
        except ConnectorError as trouble:  # a system that is down is looked at again at the next tick
            note_unreachable(pipeline, flow, trouble)
            return skipped(f"Could not look: {trouble}")
        except MlconnError as wrong:  # no credential, an older schema: a person has to act, and then it goes on by itself
            return skipped(wrong)
        note_answer(pipeline, flow, asked=at_hand is None)
        if why is None:
            return dg.SkipReason("Nothing is due and nothing is new.")
        day = today_of(integration).strftime(DAY)
        if not days_of(integration).has_partition_key(day):
            return skipped(f"{why} But go-live lies too far ahead for today to be a partition.")
        if wait := held_back(latest_runs(context.instance, name, flow)):
            return skipped(f"{why} {wait}")
        context.log.info(printable(why))
        return dg.SensorResult(run_requests=[dg.RunRequest(partition_key=day, tags=tags_of(name, flow))])

    return look


def reason_to_run(pipeline: AnyPipeline, flow: str) -> str | None:
    """Why a run is wanted, in words; None when there is no work. The ledger is asked first, the outside only when it has none."""
    return reason_at_hand(pipeline, flow) or reason_outside(pipeline, flow)


def reason_at_hand(pipeline: AnyPipeline, flow: str) -> str | None:
    """What the ledger knows of. A hint is a reason by itself: the run looks where it points, and finds out whether there is anything."""
    if (hints := hinted(pipeline, flow)) is not None:
        return hints
    if due := pipeline.engine.queue.work(pipeline.name, flow):
        return f"{due} documents are due."
    return None


def refuse_while_paused(pipeline: AnyPipeline) -> None:
    """Every run of a sync integration asks the org, and would fail. Errors: TryLater while our share of its quota is used up."""
    if isinstance(pipeline, SyncPipeline):
        pipeline.connectors["salesforce"].target.reserve()


def reason_outside(pipeline: AnyPipeline, flow: str) -> str | None:
    """What the other side has that the ledger does not know of."""
    if flow == INBOUND and isinstance(pipeline, Pipeline):
        return f"{files} files to take." if (files := look_for_files(pipeline.inbound)) else None
    route = pipeline.route(flow)
    if changed := look_at(route) if isinstance(route, SyncRoute) else look_for_changes(route):
        return f"{changed} or more changed records."
    if isinstance(route, SyncRoute) and route.waits and (waited := len(route.waits.over(route.engine, flow, at_once=False))):
        return f"What {waited} documents on hold waited for is there."
    if isinstance(route, SyncRoute) and (edits := are_edited(route)):
        return f"People edited {edits} or more records that are written to."
    return None


def hinted(pipeline: AnyPipeline, flow: str) -> str | None:
    """What hints of the flow say, in words; None while none waits."""
    waiting = pipeline.engine.intake.waiting_hints(pipeline.name, flow)
    return waiting[0].words() if waiting else None


def reference_sensor(integration: Integration, keys: Keys) -> dg.SensorDefinition:
    """Reads reference data every `reference_every_s` after the last good read, at once when there was none."""
    name = integration.integration

    @dg.sensor(
        name=f"{keys.job(REFERENCE)}_sensor",
        job_name=keys.job(REFERENCE),
        minimum_interval_seconds=integration.schedules.reference_look_every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Reads partners, items and the like at once when there are none, then every {integration.reference_every_s} s.",
    )
    @in_one_sentence
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        runs = latest_runs(context.instance, name, REFERENCE)
        if any(record.dagster_run.status in UNDER_WAY for record in runs):
            return dg.SkipReason("A read is queued or running.")
        if wait := held_back(runs):
            return skipped(wait)
        done = [record for record in runs if record.dagster_run.is_success]
        every_s = float(integration.reference_every_s)
        if done and (left := left_of(ended_at(done[0]) + every_s, every_s)):
            return skipped(f"Read recently; the next read is in {left:.0f} s.")
        try:
            refuse_stopped(integration)
        except MlconnError as wrong:
            return skipped(wrong)
        return dg.SensorResult(run_requests=[dg.RunRequest(tags=tags_of(name, REFERENCE))])

    return look
