"""`mlconn compare`: both systems of a sync integration held against each other now, as every night."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, tell
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline


def register(app: typer.Typer) -> None:
    app.command("compare")(compare)


def compare(
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="Name of a sync integration.")],
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Look for records that were deleted for good instead, as once a week.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Compare both systems by count and amount, read or write again what differs; exit code 1 when something differs then."""
    from mlconn_pipelines.cli.acting import pipeline_of_any_kind, run_id
    from mlconn_pipelines.flows.sync import pipeline as sync

    with pipeline_of_any_kind(integration, config) as pipeline:
        if not isinstance(pipeline, sync.SyncPipeline):
            raise ConfigurationError(
                f"{integration} is between an ERP and trading partners",
                f"Its nightly comparison is the job {integration}_reconciliation in the Dagster UI.",
            )
        if pipeline.engine.preview:
            raise ConfigurationError(
                f"{integration} is in preview, which makes nothing that could be compared",
                "Write `mode: live` into its file first.",
            )
        if deleted:
            _deleted(pipeline, as_json)
        found = {flow: sync.compare(pipeline, flow, run_id()) for flow in pipeline.comparisons}
        titles = {flow: one.titles for flow, one in pipeline.comparisons.items()}
    if as_json:
        print_json([_as_json(flow, one) for flow, one in found.items()])
    else:
        for flow, one in found.items():
            here, there = titles[flow]
            columns = ("date", f"due in {here}", f"in {there}", f"amount in {here}", f"amount in {there}")
            rows = ((day.day, day.due, day.made, day.due_amount, day.made_amount) for day in one.days)
            print_table(columns, rows, empty="nothing is due")
            tell(one.words())
            if one.remaining:
                tell(
                    "Look at each of them in both systems and correct what is wrong there; the next comparison says what is left."
                )
    raise typer.Exit(FOUND if any(one.remaining for one in found.values()) else FINE)


def _deleted(pipeline: SyncPipeline, as_json: bool) -> NoReturn:
    from mlconn_pipelines.cli.acting import run_id
    from mlconn_pipelines.flows.sync.deleted import in_words
    from mlconn_pipelines.flows.sync.pipeline import look_for_gone

    gone = look_for_gone(pipeline, run_id())
    if as_json:
        print_json(
            [{"flow": flow, "document": row.id, "number": row.business_number} for flow, rows in gone.items() for row in rows]
        )
    else:
        for flow, rows in gone.items():
            tell(f"{flow}: {in_words(rows, pipeline.settings.salesforce.title)}")
    raise typer.Exit(FOUND if any(gone.values()) else FINE)


def _as_json(flow: str, found: Any) -> dict[str, Any]:
    return {
        "flow": flow,
        "days": [asdict(day) for day in found.days],
        "read_again": found.found,
        "written_again": found.written_again,
        "remaining": [asdict(one) for one in found.remaining],
    }
