"""`mlconn audit verify`: whether the audit trail is as it was sealed."""

from __future__ import annotations

from dataclasses import asdict

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, tell


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The audit trail.")
    group.command("verify")(verify)
    group.callback()(_group)
    app.add_typer(group, name="audit")


def _group() -> None:
    """Keeps `verify` a command of its own: typer would make a group of one command that command."""


def verify(config: Config = None, as_json: Json = False) -> None:
    """Compute every sealed block again, and state how many events are not sealed yet. Exit code 1 when a block is broken."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.ledger.audit import verify as verify_trail

    with stores_for(config) as stores:
        found = verify_trail(stores.engine)
    if as_json:
        print_json(asdict(found))
    else:
        tell(found.words)
        tell(f"last seal: {found.last_sha256}")
    raise typer.Exit(FINE if found.ok else FOUND)
