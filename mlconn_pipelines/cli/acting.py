"""Who acts when a person types a command, and with what."""

from __future__ import annotations

import datetime as dt
import getpass
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlconn_pipelines.cli.output import say
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.config.integration import Integration
    from mlconn_pipelines.config.loading import Configuration
    from mlconn_pipelines.flows.pipeline import Pipeline
    from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
    from mlconn_pipelines.flows.ports.queue import Queue
    from mlconn_pipelines.settings import Settings
    from mlconn_pipelines.wiring.stores import Stores
    from mlconn_pipelines.wiring.sync.opening import AnyPipeline


def run_id() -> str:
    """A made-up run id that says who typed the command."""
    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        who = "someone"
    return f"cli-{who}-{uuid.uuid4().hex[:12]}"


def settings_for(config: Path | None) -> Settings:
    """The settings, with the configuration folder of the command line where one was given."""
    from dataclasses import replace

    from mlconn_pipelines.settings import read_settings

    settings = read_settings()
    if config is None:
        return settings
    # Unless MLCONN_HOME says otherwise, what programs write lies beside the configuration, wherever that is.
    beside = settings.home == settings.config.parent / settings.home.name
    named = replace(settings, config=config.absolute())
    return replace(named, home=named.config.parent / settings.home.name) if beside else named


def configuration_for(config: Path | None) -> Configuration:
    """The configuration; what is stopped for a mistake in its file, and what new rules say, is told on standard error."""
    from mlconn_pipelines.config.loading import load_configuration

    configuration = load_configuration(settings_for(config).config)
    for sentence in configuration.told():
        say(sentence)
    return configuration


@contextmanager
def stores_for(config: Path | None = None, with_vault: bool = False) -> Iterator[Stores]:
    """Ledger and the other stores of the database that MLCONN_DATABASE_URL names."""
    from mlconn_pipelines.wiring.stores import open_stores

    with open_stores(settings_for(config), with_vault) as stores:
        yield stores


@contextmanager
def pipeline_for(integration: str, config: Path | None) -> Iterator[Pipeline]:
    """The integration's pipeline."""
    from mlconn_pipelines.wiring.pipeline import open_pipeline

    with open_pipeline(integration, configuration_for(config), settings_for(config)) as pipeline:
        yield pipeline


@contextmanager
def pipeline_of_any_kind(integration: str, config: Path | None) -> Iterator[AnyPipeline]:
    """The integration's pipeline, whichever two systems it is between."""
    from mlconn_pipelines.wiring.sync.opening import open_of_any_kind

    with open_of_any_kind(integration, configuration_for(config), settings_for(config), None) as pipeline:
        yield pipeline


def run_of(pipeline: AnyPipeline, flow: str, partition: dt.date | None = None, preview: bool = False) -> Run:
    """A run of this command; filed under today in the integration's time zone where no day is given."""
    return pipeline.run(flow, run_id(), partition or pipeline.engine.today(), preview)


def run_about(row: DocumentRow) -> Run:
    """A run of this command about one document."""
    from mlconn_pipelines.flows.ports.entries import Run

    return Run(integration=row.integration, flow=row.flow, run_id=run_id(), partition=row.partition, preview=row.preview)


def documents_named(queue: Queue, ids: Iterable[str]) -> list[DocumentRow]:
    """The documents of these ids. ConfigurationError names those that there are not."""
    found, missing = [], []
    for document_id in dict.fromkeys(ids):
        row = queue.document(document_id)
        if row is None:
            missing.append(document_id)
        else:
            found.append(row)
    if missing:
        raise ConfigurationError(
            f"there is no document {', '.join(missing)}", "`mlconn documents list --number NUMBER` shows the ids of documents."
        )
    return found


def needs_reason(reason: str) -> str:
    """The reason, which must say something."""
    if not reason.strip():
        raise ConfigurationError("--reason is empty", "Say why; it is kept in the audit.")
    return reason.strip()


def flows_named(integration: Integration, flow: str | None) -> Sequence[str]:
    """The flow asked for, or all that are on. ConfigurationError lists them."""
    there = integration.flow_names
    if flow is None:
        return there
    if flow not in there:
        raise ConfigurationError(f"{integration.integration} has no flow {flow!r}", f"Those that are on: {', '.join(there)}.")
    return (flow,)
