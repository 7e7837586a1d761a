"""`mlconn files`: received files of which nothing became a document, and what to do with them."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconn_pipelines.cli.explain import cures_in_words, cures_of
from mlconn_pipelines.cli.options import Config, Json, Reason, formerly
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, tell

Files = Annotated[list[str], typer.Argument(metavar="FILE…", help="File ids, as `mlconn files list` shows them: F12.")]
Integration = Annotated[str, typer.Argument(metavar="INTEGRATION", help="Name of the integration.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Received files that were put on hold as a whole.")
    group.command("list")(list_)
    group.command("reprocess")(reprocess)
    formerly(group, "retake", "files reprocess", reprocess)
    group.command("dismiss")(dismiss)
    app.add_typer(group, name="files")


def list_(integration: Integration, config: Config = None, as_json: Json = False) -> None:
    """Files that are on hold, each with its reason; exit code 1 when there are any."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        rows = [
            {
                "file": f"F{row.row_id}",
                "folder": row.file.folder,
                "name": row.file.name,
                "size": row.file.size,
                "code": row.reason_code,
                "cures": cures_of(row.reason_code),
                "reason": row.reason,
            }
            for row in stores.intake.files_on_hold(integration)
        ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("file", "folder", "name", "bytes", "code", "cured by", "reason"),
            ((*list(row.values())[:5], cures_in_words(str(row["code"])), row["reason"]) for row in rows),
            empty="no file is on hold",
        )
    raise typer.Exit(FOUND if rows else FINE)


def reprocess(integration: Integration, files: Files, config: Config = None, as_json: Json = False) -> None:
    """Read files again from their kept bytes, with today's configuration; what is in order goes on at the next run."""
    from mlconn_pipelines.cli.acting import pipeline_for, run_of
    from mlconn_pipelines.flows.receiving import retake_files
    from mlconn_pipelines.flows.route import INBOUND

    with pipeline_for(integration, config) as pipeline:
        tally = retake_files(pipeline.inbound, run_of(pipeline, INBOUND), named=_numbers(files))
    if as_json:
        print_json({"counts": dict(tally.counts), "problems": tally.problems})
    else:
        counts = (
            ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in tally.counts.items()) or "none of them is on hold"
        )
        tell(counts)
        for problem in tally.problems:
            tell(problem)
    raise typer.Exit(FOUND if tally.problems or not tally.counts else FINE)


def dismiss(integration: Integration, files: Files, reason: Reason, config: Config = None) -> None:
    """Leave files for good; their bytes stay in the database."""
    from mlconn_pipelines.cli.acting import needs_reason, pipeline_for, run_of
    from mlconn_pipelines.flows.route import INBOUND

    why = needs_reason(reason)
    with pipeline_for(integration, config) as pipeline:
        for number in _numbers(files):
            pipeline.engine.intake.dismiss_file(run_of(pipeline, INBOUND), number, why)
            tell(f"F{number} dismissed")


def _numbers(files: list[str]) -> list[str]:
    from mlconn_pipelines.errors import ConfigurationError

    numbers = [text.upper().removeprefix("F") for text in files]
    for text, number in zip(files, numbers, strict=True):
        if not number.isdigit():
            raise ConfigurationError(f"{text!r} is no file id", "`mlconn files list INTEGRATION` shows them, such as F12.")
    return numbers
