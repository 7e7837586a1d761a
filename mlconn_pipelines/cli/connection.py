"""`mlconn connection`: which connections are stopped, and letting one be used again."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, tell


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Connections that a refused password has stopped.")
    group.command("list")(list_)
    group.command("resume")(resume)
    app.add_typer(group, name="connection")


def list_(config: Config = None, as_json: Json = False) -> None:
    """Every credential's connection, those that are stopped first; exit code 1 when one is."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.ledger.connection_states import connections

    with stores_for(config) as stores:
        refused = {state.name: state for state in connections(stores.engine)}
        names = [*refused, *(row.name for row in stores.credentials.list() if row.name not in refused)]
    rows = []
    for name in names:
        state = refused.get(name)
        stopped_at = state.stopped_at if state else None
        rows.append(
            {
                "name": name,
                "state": "stopped" if stopped_at else "refused once" if state else "in use",
                "since": stopped_at,
                "refusals": state.refusals if state else 0,
                "reason": state.reason if state else "",
            }
        )
    if as_json:
        print_json(rows)
    else:
        print_table(("name", "state", "since", "refusals", "reason"), (row.values() for row in rows), empty="no connections")
    raise typer.Exit(FOUND if any(row["state"] == "stopped" for row in rows) else FINE)


def resume(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the credential.")],
    config: Config = None,
) -> None:
    """Let a stopped connection be used again with the credential that it has; `credentials set` does so with a new one."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.ledger.connection_states import resume as resume_connection

    with stores_for(config) as stores:
        resume_connection(stores.engine, name)
    tell(f"Connection {name} may be used again.")
