"""`mlconn run` and `mlconn recover`. Where a daemon lives, runs go through its queue; else, and for previews, they run here.

Either way claims keep runs apart, whoever started them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from mlconn_pipelines.cli.options import Config, Json, formerly
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, say

if TYPE_CHECKING:
    from mlconn_pipelines.cli.daemon_queue import DaemonQueue
    from mlconn_pipelines.flows.tally import Tally

REFUSALS = (
    "on_hold",
    "syntax_rejected",
    "refused",
    "rejected_by_partner",
    "outcome_unknown",
    "conflicts",
    "files_set_aside",
    "folders_gone",
    "overdue",
)
"""Counts that make the exit code 1."""

Integration = Annotated[str, typer.Argument(metavar="INTEGRATION", help="Name of the integration.")]
Flow = Annotated[
    str | None, typer.Option("--flow", metavar="F", help="x12_810, x12_850, x12_856, vendors or inbound; all if left out.")
]


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("recover")(recover)
    formerly(app, "reconcile", "recover", recover)


def run(
    integration: Integration,
    flow: Flow = None,
    partition: Annotated[
        dt.datetime | None,
        typer.Option("--partition", metavar="D", formats=["%Y-%m-%d"], help="Backfill this day instead of what is new."),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Fetch, check and render; send nothing.")] = False,
    here: Annotated[bool, typer.Option("--here", help="In this process, also where a daemon could run it.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Run an integration's flows now, once: fetch or receive, check, send or post."""
    from mlconn_pipelines.cli.acting import flows_named, pipeline_of_any_kind, run_of, settings_for
    from mlconn_pipelines.cli.daemon_queue import open_queue
    from mlconn_pipelines.flows.running import run_flow
    from mlconn_pipelines.flows.selection import EVERYTHING, Selection
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
    from mlconn_pipelines.flows.sync.pipeline import run_flow as run_sync_flow

    day = partition.date() if partition else None
    if not here and not preview and (queue := open_queue(settings_for(config))) is not None:
        _run_queued(queue, integration, flow, day, config, as_json)
    selection = Selection(days=(day,)) if day else EVERYTHING
    done: dict[str, Mapping[str, Tally]] = {}
    with pipeline_of_any_kind(integration, config) as pipeline:
        chosen = flows_named(pipeline.settings, flow)
        if pipeline.engine.preview and not preview:
            say(f"{integration} is in preview mode: nothing is sent or posted.")
        for name in chosen:
            progress = _progress(name) if not as_json else _silent
            run = run_of(pipeline, name, day, preview)
            if isinstance(pipeline, SyncPipeline):
                done[name] = run_sync_flow(pipeline, run, selection, progress)
            else:
                done[name] = run_flow(pipeline, run, selection, progress)
    _show(integration, done, as_json)


def _run_queued(
    queue: DaemonQueue, integration: str, flow: str | None, day: dt.date | None, config: Path | None, as_json: bool
) -> NoReturn:
    from mlconn_pipelines.cli.acting import configuration_for, flows_named

    settings = configuration_for(config).of_any_kind(integration)
    today = dt.datetime.now(ZoneInfo(settings.time_zone)).date()
    runs = [
        queue.run(integration, name, day or today, day is not None, lambda flow, status: say(f"{flow}: {status}"))
        for name in flows_named(settings, flow)
    ]
    if as_json:
        print_json({"integration": integration, "runs": [asdict(run) for run in runs]})
    else:
        print_table(("flow", "run", "status"), ((run.flow, run.run_id, run.status) for run in runs), integration)
    raise typer.Exit(FINE if all(run.succeeded for run in runs) else FOUND)


def recover(
    integration: Annotated[str | None, typer.Argument(metavar="[INTEGRATION]", help="All integrations if left out.")] = None,
    flow: Flow = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Settle what lost processes and lost answers left open; say whose outcome stays unknown and why."""
    from mlconn_pipelines.cli.acting import configuration_for, flows_named, pipeline_of_any_kind, run_of
    from mlconn_pipelines.flows.running import recover as settle
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
    from mlconn_pipelines.flows.sync.writing import recover as settle_sync

    found: dict[str, Mapping[str, Tally]] = {}
    configuration = configuration_for(config)
    for name in [integration] if integration else [one.integration for one in configuration.every()]:
        with pipeline_of_any_kind(name, config) as pipeline:
            for one in flows_named(pipeline.settings, flow):
                run = run_of(pipeline, one)
                settled = settle_sync(pipeline.route(one), run) if isinstance(pipeline, SyncPipeline) else settle(pipeline, run)
                found[f"{name}/{one}"] = {"recover": settled}
    _show(integration or "all", found, as_json)


def _progress(flow: str) -> Any:
    def show(step: str, tally: Tally) -> None:
        say(f"{flow} {step}: {_counts(tally) or 'nothing to do'}")

    return show


def _silent(step: str, tally: Tally) -> None:
    """JSON output has no progress."""


def _counts(tally: Tally) -> str:
    return ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in tally.counts.items() if count)


def _show(integration: str, done: Mapping[str, Mapping[str, Tally]], as_json: bool) -> None:
    steps = [(flow, step, tally) for flow, tallies in done.items() for step, tally in tallies.items()]
    if as_json:
        print_json(
            {
                "integration": integration,
                "steps": [
                    {
                        "flow": flow,
                        "step": step,
                        "counts": dict(tally.counts),
                        "bytes": tally.bytes,
                        "problems": tally.problems,
                        "stopped": tally.stopped,
                    }
                    for flow, step, tally in steps
                ],
            }
        )
    else:
        print_table(
            ("flow", "step", "what happened"),
            ((flow, step, _counts(tally) or "nothing to do") for flow, step, tally in steps),
            integration,
        )
        for flow, step, tally in steps:
            for problem in [*tally.problems, *([f"ended early: {tally.stopped}"] if tally.stopped else [])]:
                say(f"{flow} {step}: {problem}")
    troubled = any(tally.problems or tally.stopped or any(tally.counts[what] for what in REFUSALS) for _, _, tally in steps)
    raise typer.Exit(FOUND if troubled else FINE)
