"""Everything a use case needs of one sync integration, put together once by whoever starts it; and its flows, step after step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.fetching import fetch_changes, fetch_days, look_for_changes
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.flows.reading_records import Listed
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.reprocessing import Reprocessed, Reprocessor, go_on, reprocess_documents, reprocess_selected
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.streams import note_poll
from mlconn_pipelines.flows.sync.both_sides import BothSides, Compares
from mlconn_pipelines.flows.sync.collecting import look_for_rows, read_rows
from mlconn_pipelines.flows.sync.deleted import look_for_deleted
from mlconn_pipelines.flows.sync.edited import look_at_edited
from mlconn_pipelines.flows.sync.route import Collects, SyncRoute
from mlconn_pipelines.flows.sync.translating import translate_records
from mlconn_pipelines.flows.sync.unfinished import read_unfinished
from mlconn_pipelines.flows.sync.writing import recover, write_ready
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import Connector


@dataclass(frozen=True, slots=True)
class SyncPipeline:
    """One integration between the records of two systems. connectors: to both, by the names that the ends have in the file.

    system: the one whose reference data documents are checked against. by_flow: the routes of the flows that are on. comparisons: of
    those whose both sides are compared every night.
    """

    engine: Engine
    settings: SyncIntegration
    operator: Operator
    system: System
    connectors: Mapping[str, Connector]
    by_flow: Mapping[str, SyncRoute]
    comparisons: Mapping[str, Compares] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def watch(self) -> Watch:
        return self.engine.watch

    def route(self, flow: str) -> SyncRoute:
        """ConfigurationError when the flow is off."""
        if (found := self.by_flow.get(flow)) is None:
            raise ConfigurationError(f"{self.name} has no flow {flow!r}; those that are on: {', '.join(self.by_flow)}")
        return found

    def routes(self) -> Iterator[SyncRoute]:
        return iter(self.by_flow.values())

    def run(self, flow: str, run_id: str, partition: dt.date, preview: bool = False) -> Run:
        """A run of one of the flows, with the systems that it reads and writes."""
        source, target = (self.settings.ends[name].kind for name in self.route(flow).between)
        return Run(self.name, flow, run_id, partition, preview or self.engine.preview, self.engine.config_hash, source, target)

    def reprocessor(self, flow: str) -> Reprocessor:
        return Reprocessor(self.engine, self.operator, self.route(flow))

    @property
    def calls(self) -> tuple[int, int]:
        """Requests made so far: to the system whose reference data counts, and to the other one."""
        to_system = self.system.connector.calls
        return to_system, sum(connector.calls for connector in self.connectors.values()) - to_system


def look_at(route: SyncRoute) -> int:
    """How much the source has that the ledger does not know yet; as `look_for_changes`."""
    return look_for_rows(route, route.act) if isinstance(route.act, Collects) else look_for_changes(route)


@dataclass(frozen=True, slots=True)
class SyncStep:
    """One step of a flow."""

    name: str
    perform: Callable[[SyncPipeline, Run, Selection], Tally]


def _recover(pipeline: SyncPipeline, run: Run, _: Selection) -> Tally:
    return recover(pipeline.route(run.flow), run)


def bring_back(pipeline: SyncPipeline, run: Run, selection: Selection, reason: str = "") -> Tally:
    """What is on hold of the selection, to be read and checked again."""
    return reprocess_selected(pipeline.reprocessor(run.flow), run, selection, reason)


def _look_back(pipeline: SyncPipeline, run: Run, selection: Selection) -> Tally:
    """What people edited of what the flow wrote, to be written again or held."""
    route = pipeline.route(run.flow)
    if selection != EVERYTHING or not route.edited:
        return Tally()
    return look_at_edited(route, pipeline.operator, run)


def _fetch(pipeline: SyncPipeline, run: Run, selection: Selection) -> Tally:
    """What changed, or for a backfill what its days hold, each filed under its day; nothing where documents are named."""
    route = pipeline.route(run.flow)
    if isinstance(route.act, Collects):
        return read_rows(route, route.act, run, selection)
    if selection.documents:
        return Tally()
    if not selection.days:
        listed = Listed()
        tally = Tally.of([read_unfinished(route, run), fetch_changes(route, run, listed)])
        if not run.preview:
            note_poll(route.engine, route.declared.entity, listed.stamps.values())
        return tally
    return Tally.of([fetch_days(route, replace(run, partition=day), day, day) for day in selection.days])


def _wake(pipeline: SyncPipeline, run: Run, selection: Selection) -> Tally:
    """What is on hold and waited for something that is there now, to be read and checked again."""
    tally, route = Tally(), pipeline.route(run.flow)
    if route.waits is None or run.preview or selection != EVERYTHING:
        return tally
    if rows := route.waits.over(route.engine, run.flow, at_once=True):
        for outcome in reprocess_documents(pipeline.reprocessor(run.flow), run, rows, "what it waited for is there", False):
            tally.add("not_revived" if outcome.refused else "revived")
    return tally


def _translate(pipeline: SyncPipeline, run: Run, selection: Selection) -> Tally:
    return translate_records(pipeline.route(run.flow), run, selection)


def _write(pipeline: SyncPipeline, run: Run, selection: Selection) -> Tally:
    return write_ready(pipeline.route(run.flow), run, selection)


READ_STEPS = (
    SyncStep("recover", _recover),
    SyncStep("revive", bring_back),
    SyncStep("look_back", _look_back),
    SyncStep("fetch", _fetch),
    SyncStep("wake", _wake),
)
WRITE_STEPS = (SyncStep("translate", _translate), SyncStep("write", _write))
"""The order of a flow's steps: what Dagster shows as reading the source, and what it shows as writing the target."""


def run_flow(
    pipeline: SyncPipeline,
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
    for step in (*READ_STEPS, *WRITE_STEPS):
        if step.name != "revive" or selection.days:
            done[step.name] = step.perform(pipeline, run, selection)
            progress(step.name, done[step.name])
    return done


def compare(pipeline: SyncPipeline, flow: str, run_id: str) -> BothSides:
    """Both sides of a flow over the days that the settings name, before and after today: deals may close in weeks to come."""
    today, days = pipeline.engine.today(), dt.timedelta(days=pipeline.settings.reconcile_days_back)
    run = pipeline.run(flow, run_id, today)
    return pipeline.comparisons[flow].compare(pipeline.operator, run, today - days, today + days)


def look_for_gone(pipeline: SyncPipeline, run_id: str) -> Mapping[str, Sequence[DocumentRow]]:
    """By flow, the documents whose records were deleted for good, of sources that can be asked for what there still is."""
    found: dict[str, Sequence[DocumentRow]] = {}
    for route in pipeline.routes():
        deletions = pipeline.connectors[route.between[0]].deletions
        if deletions is not None and not isinstance(route.act, Collects):
            found[route.flow] = look_for_deleted(route, deletions, pipeline.run(route.flow, run_id, pipeline.engine.today()))
    return found


def reprocess(
    pipeline: SyncPipeline, run: Run, documents: Sequence[DocumentRow], reason: str, redeliver: bool = False
) -> list[Reprocessed]:
    """As `running.reprocess`: these documents of the run's flow once more, read again and checked with today's data."""
    revived = reprocess_documents(pipeline.reprocessor(run.flow), run, documents, reason, redeliver)
    return go_on(pipeline.engine, revived, lambda going: run_flow(pipeline, run, going))
