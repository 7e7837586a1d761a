"""`mlconn export`: documents, acknowledgments and the partners' scorecard for Excel, a warehouse or a program."""

from __future__ import annotations

import datetime as dt
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import say
from mlconn_pipelines.errors import ConfigurationError

DAYS = 31
"""How far back an export goes where nothing is said."""

FORMATS = ("csv", "xlsx", "parquet")


class Table(StrEnum):
    DOCUMENTS = "documents"
    ACKNOWLEDGMENTS = "acknowledgments"
    SCORECARD = "scorecard"


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    table: Annotated[Table, typer.Argument(metavar="TABLE", help="documents, acknowledgments or scorecard.")],
    integration: Annotated[str, typer.Argument(metavar="[INTEGRATION]", help="Of this one only; all when left out.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", metavar="D", formats=["%Y-%m-%d"], help=f"Filed that day or later; {DAYS} days back if left out."
        ),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="D", formats=["%Y-%m-%d"], help="Filed that day or earlier.")
    ] = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="csv, xlsx or parquet; what the file's name ends in if left out."),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write; CSV goes to standard output without it."),
    ] = None,
    config: Config = None,
) -> None:
    """Write documents, the acknowledgments that partners owe or have sent, or the partner scorecard, as CSV, workbook or Parquet."""
    form = _format(form, output)
    last = until.date() if until else dt.date.today() + dt.timedelta(days=1)  # the day may be ahead in the integration's zone
    first = since.date() if since else last - dt.timedelta(days=DAYS)
    if first > last:
        raise ConfigurationError(f"--since {first} lies after --until {last}", "Write the earlier day after --since.")
    from mlconn_pipelines.cli.acting import configuration_for, stores_for
    from mlconn_pipelines.ledger.exports import acknowledgment_rows, document_rows
    from mlconn_pipelines.reports import frames
    from mlconn_pipelines.reports.files import WRITERS, write_csv

    if integration:
        configuration_for(config).of_any_kind(integration)
    read = acknowledgment_rows if table is Table.ACKNOWLEDGMENTS else document_rows
    frame_of = {
        Table.DOCUMENTS: frames.documents,
        Table.ACKNOWLEDGMENTS: frames.acknowledgments,
        Table.SCORECARD: frames.scorecard,
    }
    with stores_for(config) as stores:
        frame = frame_of[table](read(stores.engine, integration, first, last))
    if output is None:
        write_csv(frame, sys.stdout)
        return
    try:
        WRITERS[form](frame, output)
    except OSError as refused:
        raise ConfigurationError(
            f"{output} cannot be written ({refused.strerror or refused})", "Name a file in a folder that is there and yours."
        ) from refused
    say(f"{len(frame)} rows of {first} to {last} written to {output}")


def _format(form: str, output: Path | None) -> str:
    suffix = output.suffix.removeprefix(".").lower() if output else ""
    chosen = form or suffix or "csv"
    if chosen not in FORMATS:
        raise ConfigurationError(f"there is no format {chosen!r}", f"Write one of {', '.join(FORMATS)} after --format.")
    if output is None and chosen != "csv":
        raise ConfigurationError(f"{chosen} is not for a terminal or a pipe", "Name a file: --output FILE.")
    return chosen
