"""`mlconn link`: which accounts and business partners belong together, as a table to review before go-live; and what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import FOUND, say
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline

FORMATS = (".csv", ".xlsx")


def register(app: typer.Typer) -> None:
    app.command("link")(link)


def link(
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="A sync integration with the flow accounts.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write the proposals: .csv or .xlsx.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="FILE", help="A reviewed table, whose decisions are carried out.")
    ] = None,
    config: Config = None,
) -> None:
    """Propose which accounts are which business partners, and with --apply write the codes that were decided onto the accounts."""
    file = output or apply
    if file is None or (output and apply):
        raise ConfigurationError("Say either where to write the proposals (--output) or which decisions to carry out (--apply)")
    if file.suffix.lower() not in FORMATS:
        raise ConfigurationError(f"{file} is neither .csv nor .xlsx")
    from mlconn_pipelines.cli.acting import configuration_for, pipeline_of_any_kind
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline

    configuration_for(config).sync(integration)
    with pipeline_of_any_kind(integration, config) as pipeline:
        assert isinstance(pipeline, SyncPipeline), "it is the kind of a sync integration"
        if output:
            _propose(pipeline, output)
        else:
            _apply(pipeline, file)


def _propose(pipeline: SyncPipeline, file: Path) -> None:
    from mlconn_pipelines.flows.sync.linking import COLUMNS, LINK
    from mlconn_pipelines.reports.tables import write_table
    from mlconn_pipelines.wiring.sync.linking import proposals

    rows = proposals(pipeline)
    write_table(COLUMNS, [row.row() for row in rows], file)
    pairs = sum(bool(row.account_id and row.customer_code) for row in rows)
    say(
        f"{len(rows)} rows written to {file}, {pairs} of them pairs that may be one customer. Write {LINK} as decision of those that "
        f"are, then run: mlconn link {pipeline.name} --apply {file}"
    )


def _apply(pipeline: SyncPipeline, file: Path) -> None:
    from mlconn_pipelines.flows.sync.linking import decisions
    from mlconn_pipelines.reports.tables import read_table
    from mlconn_pipelines.wiring.sync.linking import make

    links, problems = decisions(read_table(("account_id", "decision"), file))
    if problems:
        for problem in problems:
            say(problem)
        raise ConfigurationError(
            f"{file} has decisions that cannot be carried out, so nothing was written", "Correct these rows, then run it again."
        )
    made, refused = make(pipeline, links)
    for problem in refused:
        say(problem)
    say(f"{made} of {len(links)} accounts have their customer code now")
    if refused:
        raise typer.Exit(FOUND)
