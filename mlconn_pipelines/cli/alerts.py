"""`mlconn alerts`: what is open now and waits for somebody."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("alerts")(alerts)


def alerts(
    integration: Annotated[str, typer.Argument(metavar="[INTEGRATION]", help="Of this one only; all when left out.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Open alerts, oldest first, one a cause; each closes by itself when its cause is gone. Exit code 1 when one is open."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.ledger.alerts import open_alerts

    with stores_for(config) as stores:
        rows = open_alerts(stores.engine, integration)
    if as_json:
        print_json([{"id": row.id, "cause": row.cause, "text": row.text, "opened": row.opened_at} for row in rows])
    else:
        print_table(("opened", "cause", "text"), ((row.opened_at, row.cause, row.text) for row in rows), empty="no open alerts")
    raise typer.Exit(FOUND if rows else FINE)
