"""What is looked after without a run: overdue acknowledgments, failed runs, checks that time alone changes, alerts, the seal."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Sequence

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunRecord, RunsFilter

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.defs.checks import FRESH, SET_ASIDE, UNKNOWN, FlowChecks, Outcome
from mlconn_pipelines.defs.keys import FLOW_TAG, INTEGRATION_TAG, LANE_TAG, Keys
from mlconn_pipelines.defs.resources import remembered
from mlconn_pipelines.defs.run_history import DATABASE, WORKER, end_lost_runs, what_failed
from mlconn_pipelines.defs.sentences import in_one_sentence, skipped
from mlconn_pipelines.defs.stopped import tell_of_stopped
from mlconn_pipelines.defs.warm import warm_pipeline, within, works_on
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.flows.watching import watch
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

LOOKS_BACK_S = 300.0
"""Runs that ended up to this long before the last look are looked at again, since they are recorded a little later than they end."""

ALERTING = (SET_ASIDE, UNKNOWN)
"""Checks that people are told of, beside the freshness where records wait unread; overdue acknowledgments and silent systems have
alerts of their own."""


_told_of: dict[str, Configuration] = {}
"""By integration the configuration whose stopped files people were last told of."""


def watch_sensor(integration: Integration, keys: Keys, checks: Sequence[FlowChecks]) -> dg.SensorDefinition:
    """Every 30 s: lost and failed runs, alerts, the audit's seal; every 15 minutes: overdue acknowledgments and the flows' checks.

    These are the defaults of `schedules`.
    """
    name, every_s = integration.integration, integration.schedules.overdue_every_s

    @dg.sensor(
        name=f"{keys.integration}_watch_sensor",
        minimum_interval_seconds=integration.schedules.watch_every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            f"Terminates orphaned runs, delivers alerts and seals the audit; every {every_s} s works out which 997s are overdue and "
            "evaluates the checks that change without a run. Starts no run."
        ),
    )
    @in_one_sentence
    def look_after(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now, last, last_due = time.time(), *_times(context.cursor)
        due = not 0 <= now - last_due < every_s  # also where the clock was put back since
        try:
            pipeline = warm_pipeline(name)
            lost = end_lost_runs(context.instance, name, works_on)
            said = [f"{lost} runs ended whose worker is gone"] if lost else []
            said += note_failed_runs(context.instance, pipeline, min(last, now) - LOOKS_BACK_S)
            outcomes = within(f"{name} checks", lambda: check_all(pipeline, checks)) if due else []
            read = remembered(read_settings().config)
            if read is not None and (due or _told_of.get(name) is not read):
                said += tell_of_stopped(pipeline, read)
                _told_of[name] = read
            said += [words] if (words := watch(pipeline.engine, pipeline.routes(), overdue=due)) else []
        except MlconnError as wrong:
            return skipped(wrong)
        return dg.SensorResult(
            skip_reason="; ".join(said) or "Nothing to say.",
            cursor=f"{int(now)} {int(now if due else last_due)}",  # rounded up, they would lie ahead of the clock
            asset_events=[outcome.evaluation() for outcome in outcomes if is_news(context.instance, outcome)],
        )

    return look_after


def check_all(pipeline: AnyPipeline, checks: Iterable[FlowChecks]) -> list[Outcome]:
    """How all flows stand; alerts of what waits for a person are opened and resolved on the way."""
    outcomes = []
    for flow in checks:
        for outcome in flow.outcomes(pipeline):
            outcomes.append(outcome)
            if outcome.asset in flow.sets:  # their documents count among the flow's
                continue
            if outcome.check in ALERTING or (outcome.check == FRESH and (outcome.passed or outcome.count)):
                tell(pipeline, f"{outcome.check}:{pipeline.name}/{flow.flow}", f"{flow.flow}: {outcome.words}", outcome.passed)
    return outcomes


def tell(pipeline: AnyPipeline, cause: str, text: str, well: bool) -> None:
    """One alert a cause while it lasts, resolved when all is well again."""
    if well:
        pipeline.watch.resolve_alert(cause)
    else:
        pipeline.watch.raise_alert(pipeline.name, cause, text)


def is_news(instance: DagsterInstance, outcome: Outcome) -> bool:
    """Whether Dagster's last evaluation of that check says something else, so that an idle night writes no events.

    Or is older than what is checked: the page would call the check not evaluated.
    """
    latest = instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(outcome.asset, outcome.check))
    event = latest.event.dagster_event if latest is not None and latest.event is not None else None
    if latest is None or event is None or event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return True
    made = instance.get_latest_materialization_event(outcome.asset)
    if made is not None and made.run_id != latest.run_id and made.timestamp >= latest.create_timestamp:
        return True
    known = event.asset_check_evaluation_data
    return (known.passed, known.description) != (outcome.passed, outcome.description)


def note_failed_runs(instance: DagsterInstance, pipeline: AnyPipeline, since: float) -> list[str]:
    """Of each lane the newest run that ended lately: a failure opens an alert, a success resolves it. Returns what was new.

    What fails runs of all lanes (the database, a machine that took the workers with it) is one alert.
    """
    ended = instance.get_run_records(
        RunsFilter(
            statuses=[DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS],
            tags={INTEGRATION_TAG: pipeline.name},
            updated_after=dt.datetime.fromtimestamp(max(since, 0.0), dt.UTC),
        ),
        limit=200,
    )
    newest: dict[str, RunRecord] = {}
    for record in sorted(ended, key=lambda record: record.update_timestamp):
        newest[_lane(record)] = record
    said, failed = [], {DATABASE: "", WORKER: ""}
    for lane, record in newest.items():
        cause, run_id = f"run_failed:{lane}", record.dagster_run.run_id
        if record.dagster_run.is_success:
            said += [f"{lane} works again"] if pipeline.watch.resolve_alert(cause) else []
            continue
        found = what_failed(instance, run_id)
        text = f"Run {run_id[:8]} of {record.dagster_run.job_name} failed in {found.words}"
        if found.cause:
            failed[found.cause] = failed[found.cause] or text
        else:
            said += [text] if pipeline.watch.raise_alert(pipeline.name, cause, text) else []
    for shared, text in failed.items():  # one alert, however many lanes it stops
        cause = f"run_failed:{pipeline.name}/{shared}"
        if text:
            said += [text] if pipeline.watch.raise_alert(pipeline.name, cause, text) else []
        elif newest and pipeline.watch.resolve_alert(cause):
            said += [f"the {shared} works again"]
    return said


def _lane(record: RunRecord) -> str:
    tags = record.dagster_run.tags
    return tags.get(LANE_TAG) or f"{tags[INTEGRATION_TAG]}/{tags.get(FLOW_TAG, record.dagster_run.job_name)}"


def _times(cursor: str | None) -> tuple[float, float]:
    """Of the last look, and of the last evaluation; both 0 at the first tick."""
    try:
        last, last_due = map(float, (cursor or "").split())
    except ValueError:
        return 0.0, 0.0
    return last, last_due
