"""`mlconn export`: documents, acknowledgments and the partners' scorecard for Excel, a warehouse or a program."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import say
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

DAYS = 31
"""How far back an export goes where nothing is said."""

FORMATS = ("csv", "xlsx", "parquet")

Which = Annotated[str, typer.Argument(metavar="[INTEGRATION]", help="Of this one only; all when left out.")]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="D", formats=["%Y-%m-%d"], help=f"Filed that day or later; {DAYS} days back if left out."),
]
Until = Annotated[
    datetime | None, typer.Option("--until", metavar="D", formats=["%Y-%m-%d"], help="Filed that day or earlier.")
]
Format = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help="csv, xlsx or parquet; else what the file's name ends in, else csv.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; CSV goes to standard output without it.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Documents, acknowledgments and the partners' scorecard as files.")
    group.command("documents")(documents)
    group.command("acknowledgments")(acknowledgments)
    group.command("scorecard")(scorecard)
    app.add_typer(group, name="export")


def documents(
    integration: Which = "",
    since: Since = None,
    until: Until = None,
    form: Format = "",
    output: Output = None,
    config: Config = None,
) -> None:
    """One row a document: state, reason, amount, file, control number, when its 997 came."""
    from mlconn_pipelines.ledger.exports import document_rows
    from mlconn_pipelines.reports import frames

    _export("documents", document_rows, frames.documents, integration, since, until, form, output, config)


def acknowledgments(
    integration: Which = "",
    since: Since = None,
    until: Until = None,
    form: Format = "",
    output: Output = None,
    config: Config = None,
) -> None:
    """One row an acknowledgment that a partner owes or has sent: due when, decided when, after how many hours."""
    from mlconn_pipelines.ledger.exports import acknowledgment_rows
    from mlconn_pipelines.reports import frames

    _export("acknowledgments", acknowledgment_rows, frames.acknowledgments, integration, since, until, form, output, config)


def scorecard(
    integration: Which = "",
    since: Since = None,
    until: Until = None,
    form: Format = "",
    output: Output = None,
    config: Config = None,
) -> None:
    """Partner by day and set: volumes, on hold, rejected, duplicates, and how long their 997s took."""
    from mlconn_pipelines.ledger.exports import document_rows
    from mlconn_pipelines.reports import frames

    _export("scorecard", document_rows, frames.scorecard, integration, since, until, form, output, config)


def _export(
    name: str,
    read: Callable[..., Sequence[dict[str, Any]]],
    frame_of: Callable[[Sequence[dict[str, Any]]], pd.DataFrame],
    integration: str,
    since: datetime | None,
    until: datetime | None,
    form: str,
    output: Path | None,
    config: Path | None,
) -> None:
    form = _format(form, output)
    last = until.date() if until else dt.date.today() + dt.timedelta(days=1)  # the day may be ahead in the integration's zone
    first = since.date() if since else last - dt.timedelta(days=DAYS)
    if first > last:
        raise ConfigurationError(f"--since {first} lies after --until {last}", "Write the earlier day after --since.")
    from mlconn_pipelines.cli.acting import configuration_for, stores_for
    from mlconn_pipelines.reports.files import WRITERS, write_csv

    if integration:
        configuration_for(config).integration(integration)
    with stores_for(config) as stores:
        frame = frame_of(read(stores.engine, integration, first, last))
    if output is None:
        write_csv(frame, sys.stdout)
        return
    WRITERS[form](frame, output)
    say(f"{len(frame)} rows of {first} to {last} written to {output}")


def _format(form: str, output: Path | None) -> str:
    suffix = output.suffix.removeprefix(".").lower() if output else ""
    chosen = form or (suffix if suffix in FORMATS else "csv")
    if chosen not in FORMATS:
        raise ConfigurationError(f"there is no format {form!r}", f"Write one of {', '.join(FORMATS)} after --format.")
    if output is None and chosen != "csv":
        raise ConfigurationError(f"{chosen} is not for a terminal or a pipe", "Name a file: --output FILE.")
    return chosen
