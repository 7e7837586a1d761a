"""A whole flow, step after step, as the command line runs it and as a Dagster run shows it op by op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mlconn_pipelines.flows.checking import render_on_trial, validate_records
from mlconn_pipelines.flows.fetching import fetch_changes, fetch_days
from mlconn_pipelines.flows.pipeline import INBOUND, Pipeline
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.posting import post_ready
from mlconn_pipelines.flows.receiving import receive_files
from mlconn_pipelines.flows.reconciling import reconcile
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.resolving import resolve_received
from mlconn_pipelines.flows.reviving import revive
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.flows.tally import Tally

Step = tuple[str, Callable[[], Tally]]


def steps(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Iterator[Step]:
    """The steps of the run's flow in order, each a name and what to call."""
    yield "reconcile", lambda: reconcile(pipeline, run)
    if selection.days:
        yield "revive", lambda: revive(pipeline, run, selection)
    if run.flow == INBOUND:
        yield "receive", lambda: receive_files(pipeline, run) if not selection.days else Tally()
        yield "resolve", lambda: Tally.of(resolve_received(pipeline, run, selection).values())
        yield "post", lambda: post_ready(pipeline, run, selection)
        yield "answer", lambda: send_ready(pipeline.engine, pipeline.outlet, run, selection)
        return
    yield "fetch", lambda: fetch(pipeline, run, selection)
    yield "validate", lambda: validate_records(pipeline, run, selection)
    yield "render", lambda: render_on_trial(pipeline, run, selection)
    yield "send", lambda: send_ready(pipeline.engine, pipeline.outlet, run, selection)


def fetch(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """What changed, or for a backfill what its days hold; nothing where documents are named."""
    if selection.documents:
        return Tally()
    if selection.days:
        return fetch_days(pipeline.route(run.flow), run, min(selection.days), max(selection.days))
    return fetch_changes(pipeline.route(run.flow), run)


def run_flow(
    pipeline: Pipeline,
    run: Run,
    selection: Selection = EVERYTHING,
    progress: Callable[[str, Tally], None] = lambda step, tally: None,
) -> Mapping[str, Tally]:
    """All steps in this process. Reference data is read first where the ledger has none yet."""
    done: dict[str, Tally] = {}
    if not pipeline.ledger.reference_book(pipeline.name).version:
        done["reference"] = Tally.of(refresh_reference(pipeline, run).values())
        progress("reference", done["reference"])
    pipeline.ledger.configuration_changed(pipeline.name, pipeline.engine.config_hash)
    for name, step in steps(pipeline, run, selection):
        done[name] = step()
        progress(name, done[name])
    return done
