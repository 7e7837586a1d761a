"""What assets are given: the integrations' pipelines, opened once a run, and what a person chose in the launchpad."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.defs.keys import LIVE, MODE_TAG
from mlconn_pipelines.defs.partitions import day_of, today_of
from mlconn_pipelines.defs.sentences import one_sentence
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.running import Step, bring_back
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ledger.run_heartbeat import living_run
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines.wiring.sync.opening import AnyPipeline, open_of_any_kind

_read: dict[Path, Configuration] = {}


def remember(configuration: Configuration) -> None:
    """The configuration that this process built its definitions of: what its runs and sensors work by, read only once."""
    _read[configuration.folder] = configuration


def remembered(folder: Path) -> Configuration | None:
    """What `remember` was told of that folder."""
    return _read.get(folder)


class PipelinesResource(dg.ConfigurableResource):
    """Opens an integration's connections when first asked for, and closes them when the run ends.

    While it is open, the ledger shows that the run's worker lives.
    """

    _stores: Stores | None = PrivateAttr(default=None)
    _open: dict[str, AnyPipeline] = PrivateAttr(default_factory=dict)
    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[PipelinesResource]:
        with ExitStack() as stack:
            self._stack, self._open = stack, {}
            with one_sentence():
                self._stores = stack.enter_context(open_stores(read_settings()))
                if context.run is not None:
                    stack.enter_context(living_run(self._stores.engine, context.run.run_id))
            yield self

    def of(self, integration: str) -> Pipeline:
        """The pipeline of an integration that exchanges X12; the same object for all steps of a run."""
        pipeline = self.of_any_kind(integration)
        assert isinstance(pipeline, Pipeline)
        return pipeline

    def sync(self, integration: str) -> SyncPipeline:
        """The pipeline of a sync integration; the same object for all steps of a run."""
        pipeline = self.of_any_kind(integration)
        assert isinstance(pipeline, SyncPipeline)
        return pipeline

    def of_any_kind(self, integration: str) -> AnyPipeline:
        if integration not in self._open:
            settings = read_settings()
            opened = open_of_any_kind(integration, remembered(settings.config), settings, self._stores)
            self._open[integration] = self._stack.enter_context(opened)
        return self._open[integration]


class RunOptions(dg.ConfigurableResource):
    """Which documents a run is about. Left empty, a run takes everything of its partition that is due."""

    documents: list[str] = Field(
        default=[], description="document ids as the tables show them, whatever their day; empty for all"
    )
    partner: str = Field(default="", description="only this trading partner's documents (its short name)")
    redeliver: bool = Field(default=False, description="also documents that were delivered; needs documents and reason")
    reason: str = Field(default="", description="why they are delivered again; kept in the audit")


def run_of(context: dg.AssetExecutionContext, pipeline: AnyPipeline, flow: str) -> Run:
    """Who acts: the Dagster run, filed under its (last) partition, or under today when it has none."""
    days = days_in(context)
    return pipeline.run(flow, context.run.run_id, days[-1] if days else today_of(pipeline.settings))


def selection_of(context: dg.AssetExecutionContext, choice: RunOptions) -> Selection:
    """A live run is about all that is due; one with named documents about these; any other about its partitions.

    Fails the run where documents are to be delivered again without being named, or without a reason.
    """
    if choice.redeliver and not (choice.documents and choice.reason.strip()):
        raise dg.Failure(
            "redeliver: true needs documents (by id) and a reason: only what somebody names is delivered twice.",
            allow_retries=False,
        )
    live = context.run.tags.get(MODE_TAG) == LIVE
    days = () if live or choice.documents else tuple(days_in(context))
    return Selection(documents=tuple(choice.documents), partner=choice.partner, days=days)


def partition_keys_in(context: Any) -> Sequence[str]:
    """The run's partition keys in order, none for a run without."""
    return sorted(context.partition_keys) if context.has_partition_key_range or context.has_partition_key else ()


def days_in(context: Any) -> Sequence[dt.date]:
    """The run's partitions in order, none for a run without."""
    return [day_of(key) for key in partition_keys_in(context)]


def performed(steps: Iterable[Step], pipeline: Pipeline, run: Run, selection: Selection, choice: RunOptions) -> Iterator[Tally]:
    """What each of the steps came to. What a person chose is revived as they said: why, and whether to deliver it again."""
    for step in steps:
        if step.name == "revive":
            yield bring_back(pipeline, run, selection, choice.reason, choice.redeliver)
        else:
            yield step.perform(pipeline, run, selection)
