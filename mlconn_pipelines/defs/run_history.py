"""What Dagster's own record of runs says: whether one is under way, whether the last ones failed, and when to try again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunRecord, RunsFilter

from mlconn_pipelines.defs.keys import FLOW_TAG, INTEGRATION_TAG, LIVE, MODE_TAG
from mlconn_pipelines.errors import DatabaseUnavailable

UNDER_WAY = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]

DATABASE, WORKER = "database", "worker"
"""Causes of failure that the runs of all lanes share."""

BACK_OFF_FIRST_S, BACK_OFF_MAX_S = 15.0, 900.0
RUNS_LOOKED_AT = 8
RUNS_AT_ONCE_MAX = 100
SHOWS_LIFE_WITHIN_S = 30.0
"""A run that has started shows within this time that its worker lives."""


def is_under_way(instance: DagsterInstance, integration: str, flow: str) -> bool:
    """Whether a live run of that flow is queued or running; backfills do not count."""
    return bool(instance.get_runs(_live(integration, flow, UNDER_WAY), limit=1))


def end_lost_runs(instance: DagsterInstance, integration: str, is_alive: Callable[[str], bool]) -> int:
    """Mark runs of the integration, live or not, as failed whose worker is gone; returns how many.

    Dagster notices a lost worker through the code server that started it; when that is lost too (a restart, a power cut), it
    would wait for the longest run time. is_alive: tells by run id whether a worker lives.
    """
    running = RunsFilter(statuses=[DagsterRunStatus.STARTED], tags={INTEGRATION_TAG: integration})
    lost = 0
    for record in instance.get_run_records(running, limit=RUNS_AT_ONCE_MAX):
        run = record.dagster_run
        if time.time() - (record.start_time or time.time()) > SHOWS_LIFE_WITHIN_S and not is_alive(run.run_id):
            instance.report_run_failed(
                run, "The run's worker is gone without a word; what it left open is settled by the next run."
            )
            lost += 1
    return lost


def latest_runs(instance: DagsterInstance, integration: str, flow: str) -> Sequence[RunRecord]:
    """The newest live runs of that flow, newest first."""
    return instance.get_run_records(_live(integration, flow), limit=RUNS_LOOKED_AT)


def waits_until(runs: Sequence[RunRecord]) -> float:
    """Seconds since 1970 before which no further run is started: after failures in a row the wait doubles, up to 15 minutes.

    runs: newest first. 0 where the newest did not fail.
    """
    failures = 0
    for record in runs:
        if record.dagster_run.status is not DagsterRunStatus.FAILURE:
            break
        failures += 1
    if not failures:
        return 0.0
    wait = min(BACK_OFF_FIRST_S * 2.0 ** (failures - 1), BACK_OFF_MAX_S)
    return ended_at(runs[0]) + wait


def ended_at(record: RunRecord) -> float:
    """Seconds since 1970."""
    return float(record.end_time or record.update_timestamp.timestamp())


def held_back(runs: Sequence[RunRecord]) -> str:
    """Why no run is started yet, in words; empty when one may be."""
    left = left_of(waits_until(runs), BACK_OFF_MAX_S)
    if left <= 0:
        return ""
    return f"The last run failed ({runs[0].dagster_run.run_id[:8]}); the next one is tried in {left:.0f} s."


def left_of(until: float, at_most_s: float) -> float:
    """Seconds left until a moment that was set at most so far ahead; 0 where it is past.

    Where more is left, the clock was put back since: then it is not waited for. Dagster records runs by the clocks of the machines
    that run them.
    """
    left = until - time.time()
    return left if 0 < left <= at_most_s else 0.0


@dataclass(frozen=True, slots=True)
class WhatFailed:
    """words: what went wrong. cause: whose alert it is, when it concerns more than its own lane: `database`, `worker`; else empty."""

    words: str
    cause: str = ""


def what_failed(instance: DagsterInstance, run_id: str) -> WhatFailed:
    """From the run's own events: the first step that failed, or what Dagster says of a lost worker."""
    for kind in (DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE):
        for record in instance.get_records_for_run(run_id, of_type=kind, limit=1).records:
            event = record.event_log_entry.dagster_event
            if event is None:
                continue
            if event.is_step_failure:
                error = event.step_failure_data.error
                cause = error.cause if error and error.cause else error
                if cause is not None:
                    shared = DATABASE if cause.cls_name == DatabaseUnavailable.__name__ else ""
                    return WhatFailed(f"{event.step_key}: {' '.join(cause.message.split())}", shared)
            elif event.message:
                return WhatFailed(event.message, WORKER)
    return WhatFailed("it gave no reason")


def _live(integration: str, flow: str, statuses: Sequence[DagsterRunStatus] = ()) -> RunsFilter:
    return RunsFilter(statuses=list(statuses) or None, tags={INTEGRATION_TAG: integration, FLOW_TAG: flow, MODE_TAG: LIVE})
