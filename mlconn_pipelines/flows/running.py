"""A whole flow, step after step, as the command line runs it and as a Dagster run shows it op by op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mlconn_pipelines.flows.checking import render_on_trial, validate_records
from mlconn_pipelines.flows.fetching import fetch_changes, fetch_days
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.posting import post_ready
from mlconn_pipelines.flows.receiving import receive_files
from mlconn_pipelines.flows.recovering import recover_outcomes
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.reprocessing import Reprocessed, go_on, reprocess_documents, reprocess_selected
from mlconn_pipelines.flows.resolving import resolve_received
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.flows.tally import Tally


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow. words: what it does. says: what came of it, filled in from its tally."""

    name: str
    perform: Callable[[Pipeline, Run, Selection], Tally]
    words: str = ""
    says: str = ""


def fetch(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """What changed, or for a backfill what its days hold, each filed under its day; nothing where documents are named."""
    if selection.documents:
        return Tally()
    route = pipeline.route(run.flow)
    if not selection.days:
        return fetch_changes(route, run)
    if route.declared.is_master_data:  # of no day: what there is of it is read by its stamps
        return Tally()
    return Tally.of([fetch_days(route, replace(run, partition=day), day, day) for day in selection.days])


def _receive(pipeline: Pipeline, run: Run, selection: Selection) -> Tally:
    return Tally() if selection.days else receive_files(pipeline.inbound, run)


def resolve(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Each received document against what it answers, what the ERP holds and what people configured."""
    return Tally.of(resolve_received(pipeline.inbound, run, selection).values())


def post(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Records of the ERP for what is ready."""
    return post_ready(pipeline.inbound, run, selection)


def _send(pipeline: Pipeline, run: Run, selection: Selection) -> Tally:
    return send_ready(pipeline.engine, pipeline.outlet, run, selection)


def recover(pipeline: Pipeline, run: Run, _: Selection = EVERYTHING) -> Tally:
    """What a lost process or a lost answer of the run's flow left open."""
    return recover_outcomes(pipeline.system, pipeline.outlet, run, pipeline.resends_identical(run.flow))


def validate(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Each fetched record to its document, checked against what people configured."""
    return validate_records(pipeline.route(run.flow), pipeline.partners, run, selection)


def render(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Each validated document rendered with control numbers 1."""
    return render_on_trial(pipeline.route(run.flow), pipeline.partners, run, selection)


def bring_back(pipeline: Pipeline, run: Run, selection: Selection, reason: str = "", redeliver: bool = False) -> Tally:
    """What is on hold of the selection, to be checked again."""
    return reprocess_selected(pipeline.reprocessor(run.flow), run, selection, reason, redeliver)


_BEGIN = (Step("reconcile", recover), Step("revive", bring_back))
OUTBOUND_STEPS = (
    *_BEGIN,
    Step("fetch", fetch),
    Step(
        "validate",
        validate,
        "Map each record to its document and check it against partners, items, cost assignments and accounts.",
        "validated {validated} documents, {on_hold} on hold",
    ),
    Step(
        "render",
        render,
        "Render each document on trial with control numbers 1 and check the partner's guide.",
        "rendered {rendered} documents, {ready} ready, {on_hold} on hold",
    ),
    Step("send", _send),
)
INBOUND_STEPS = (
    *_BEGIN,
    Step("receive", _receive),
    Step("resolve", resolve),
    Step("post", post),
    Step("answer", _send),
)
"""The order of a flow's steps. The command line performs them one after another; Dagster's assets and ops are made of them."""


def through(steps: Sequence[Step], last: str) -> Sequence[Step]:
    """The steps from the first to the named one."""
    return steps[: [step.name for step in steps].index(last) + 1]


def between(steps: Sequence[Step], first: str, last: str) -> Sequence[Step]:
    """The steps that stand between the two."""
    return through(steps, last)[len(through(steps, first)) : -1]


def steps(pipeline: Pipeline, run: Run, selection: Selection = EVERYTHING) -> Iterator[tuple[str, Callable[[], Tally]]]:
    """The steps of the run's flow in order, each a name and what to call. Documents that are named have been revived before."""
    for step in INBOUND_STEPS if run.flow == INBOUND else OUTBOUND_STEPS:
        if step.name != "revive" or selection.days:
            yield step.name, partial(step.perform, pipeline, run, selection)


def run_flow(
    pipeline: Pipeline,
    run: Run,
    selection: Selection = EVERYTHING,
    progress: Callable[[str, Tally], None] = lambda step, tally: None,
) -> Mapping[str, Tally]:
    """All steps in this process. Reference data is read first where the ledger has none yet."""
    done: dict[str, Tally] = {}
    if not pipeline.engine.intake.reference_book(pipeline.name).version:
        done["reference"] = Tally.of(refresh_reference(pipeline.system, run).values())
        progress("reference", done["reference"])
    pipeline.engine.queue.configuration_changed(pipeline.name, pipeline.engine.config_hash)
    for name, step in steps(pipeline, run, selection):
        done[name] = step()
        progress(name, done[name])
    return done


def reprocess(
    pipeline: Pipeline, run: Run, documents: Sequence[DocumentRow], reason: str, redeliver: bool = False
) -> list[Reprocessed]:
    """These documents of the run's flow once more, and no others, with today's reference data and configuration.

    What became of each; sent only if it never was. reason: may be empty, except for documents dated before go-live and for
    redelivery.
    """
    revived = reprocess_documents(pipeline.reprocessor(run.flow), run, documents, reason, redeliver)
    return go_on(pipeline.engine, revived, lambda going: run_flow(pipeline, run, going))
