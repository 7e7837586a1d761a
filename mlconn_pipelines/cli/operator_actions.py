"""What people decide about single documents: reprocess, approve, dismiss, release, resend. Every decision needs a reason."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json, Reason, formerly
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table
from mlconn_pipelines.errors import ConfigurationError, LedgerError

if TYPE_CHECKING:
    from mlconn_pipelines.documents.lifecycle import State
    from mlconn_pipelines.flows.ports.entries import Run
    from mlconn_pipelines.flows.ports.operator import Operator
    from mlconn_pipelines.flows.reprocessing import Reprocessed

Documents = Annotated[list[str], typer.Argument(metavar="DOC…", help="Document ids, as `mlconn documents list` shows them.")]


def register(app: typer.Typer) -> None:
    for command in (reprocess, approve, dismiss, release, resend):
        app.command(command.__name__)(command)
    formerly(app, "replay", "reprocess", reprocess)


def reprocess(
    documents: Documents,
    redeliver: Annotated[
        bool, typer.Option("--redeliver", help="Also what was delivered: a new claim with new control numbers; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Fetch and check documents again with today's data and configuration; what was never delivered is sent."""
    from mlconn_pipelines.cli.acting import documents_named, needs_reason, run_of, settings_for
    from mlconn_pipelines.flows.running import reprocess as replay_documents
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
    from mlconn_pipelines.flows.sync.pipeline import reprocess as replay_records
    from mlconn_pipelines.wiring.stores import open_stores
    from mlconn_pipelines.wiring.sync.opening import open_of_any_kind

    if redeliver:
        needs_reason(reason)
    outcomes: list[Reprocessed] = []
    settings = settings_for(config)
    with open_stores(settings) as stores:
        rows = sorted(documents_named(stores.queue, documents), key=lambda row: (row.integration, row.flow))
        for (integration, flow), chosen in groupby(rows, key=lambda row: (row.integration, row.flow)):
            with open_of_any_kind(integration, None, settings, stores) as pipeline:
                run, named = run_of(pipeline, flow), list(chosen)
                if isinstance(pipeline, SyncPipeline):
                    outcomes += replay_records(pipeline, run, named, reason, redeliver)
                else:
                    outcomes += replay_documents(pipeline, run, named, reason, redeliver)
    if as_json:
        print_json(
            [
                {
                    "document": o.document_id,
                    "before": o.before,
                    "goes_on_as": o.goes_on_as,
                    "after": o.after,
                    "refused": o.refused,
                }
                for o in outcomes
            ]
        )
    else:
        print_table(
            ("document", "before", "goes on as", "after", "not reprocessed because"),
            ((o.document_id, o.before, o.goes_on_as, o.after, o.refused) for o in outcomes),
        )
    stuck = any(
        o.refused or o.after in ("on_hold", "outcome_unknown", "pending_validation", "syntax_rejected") for o in outcomes
    )
    raise typer.Exit(FOUND if stuck else FINE)


def approve(documents: Documents, reason: Reason, config: Config = None, as_json: Json = False) -> None:
    """Let documents on hold go on with their findings; the next run sends or posts them."""
    _decide(documents, reason, config, as_json, lambda operator, run, document, why: operator.approve(run, document, why))


def dismiss(documents: Documents, reason: Reason, config: Config = None, as_json: Json = False) -> None:
    """Leave documents on hold for good; they are skipped."""
    _decide(documents, reason, config, as_json, lambda operator, run, document, why: operator.dismiss(run, document, why))


def release(
    documents: Documents,
    reason: Reason,
    delivered: Annotated[
        bool | None,
        typer.Option("--delivered/--not-delivered", help="What you found out at the other side; one must be given."),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Settle an unknown outcome by what you know: it arrived, or it did not and is sent again."""
    if delivered is None:
        raise ConfigurationError("neither --delivered nor --not-delivered is given", "Look at the other side, then say which.")
    _decide(
        documents, reason, config, as_json, lambda operator, run, document, why: operator.release(run, document, delivered, why)
    )


def resend(documents: Documents, reason: Reason, config: Config = None, as_json: Json = False) -> None:
    """Send an unknown document's bytes once more, under the same name and control numbers."""
    _decide(documents, reason, config, as_json, lambda operator, run, document, why: operator.resend(run, document, why))


def _decide(
    documents: list[str],
    reason: str,
    config: Path | None,
    as_json: bool,
    decision: Callable[[Operator, Run, str, str], State],
) -> None:
    from mlconn_pipelines.cli.acting import documents_named, needs_reason, run_about, stores_for

    why = needs_reason(reason)
    outcomes: list[dict[str, str]] = []
    with stores_for(config) as stores:
        for row in documents_named(stores.queue, documents):
            after, refused = row.state, ""
            try:
                after = decision(stores.operator, run_about(row), row.id, why)
            except LedgerError as no:
                refused = str(no)
            outcomes.append({"document": row.id, "before": row.state.value, "after": after.value, "refused": refused})
    if as_json:
        print_json(outcomes)
    else:
        print_table(("document", "before", "after", "refused because"), (tuple(outcome.values()) for outcome in outcomes))
    raise typer.Exit(FOUND if any(outcome["refused"] for outcome in outcomes) else FINE)
