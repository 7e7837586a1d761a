"""The sensor of hints: what the gateway was told becomes a run within seconds, however seldom the flows poll."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.dagster_private import AssetJob
from mlconn_pipelines.defs.keys import REASON_TAG, Keys, tags_of
from mlconn_pipelines.defs.partitions import DAY, days_of, today_of
from mlconn_pipelines.defs.run_history import held_back, is_under_way, latest_runs
from mlconn_pipelines.defs.sentences import in_one_sentence, skipped
from mlconn_pipelines.defs.warm import refuse_stopped, warm_pipeline
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.notifications import WaitingNotifications
from mlconn_pipelines.wiring.sync.opening import AnyPipeline


def hint_sensor(integration: Integration, keys: Keys, jobs: Sequence[AssetJob]) -> dg.SensorDefinition:
    """One query a tick for all flows; a run of each that has hints and none under way. jobs: those of the integration's flows."""
    name = integration.integration
    every_s = integration.schedules.notification_look_every_s
    started = {job.name for job in jobs}

    @dg.sensor(
        name=f"{keys.integration}_hint_sensor",
        jobs=[*jobs],
        minimum_interval_seconds=every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Looks every {every_s} s whether gateway or listener was told of something, and starts the flow that it is about.",
    )
    @in_one_sentence
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            refuse_stopped(integration)
            pipeline = warm_pipeline(name)
            waiting = [hints for hints in pipeline.engine.intake.waiting_hints(name) if keys.job(hints.flow) in started]
            if not waiting:
                return dg.SkipReason("No notifications.")
            held = {hints.flow: why for hints in waiting if (why := _not_yet(context.instance, integration, pipeline, hints))}
        except MlconnError as wrong:
            return skipped(wrong)
        day = today_of(integration).strftime(DAY)
        requests = [
            dg.RunRequest(
                job_name=keys.job(hints.flow), partition_key=day, tags=tags_of(name, hints.flow) | {REASON_TAG: hints.words()}
            )
            for hints in waiting
            if hints.flow not in held
        ]
        if not requests:
            return skipped("; ".join(f"{flow}: {why}" for flow, why in held.items()))
        return dg.SensorResult(run_requests=requests)

    return look


def _not_yet(instance: dg.DagsterInstance, integration: Integration, pipeline: AnyPipeline, hints: WaitingNotifications) -> str:
    """Why hints wait, in words; empty when a run may start."""
    if is_under_way(instance, pipeline.name, hints.flow):
        return "A run of this flow is queued or running."
    if not pipeline.engine.intake.reference_book(pipeline.name).version:
        return "Waiting for the first read of reference data (partners, items …)."
    if not days_of(integration).has_partition_key(today_of(integration).strftime(DAY)):
        return "Go-live lies too far ahead for today to be a partition."
    return held_back(latest_runs(instance, pipeline.name, hints.flow))
