"""`mlconn db`: the embedded PostgreSQL, its schema, and backups of both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import tell
from mlconn_pipelines.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The database: start, stop, upgrade, backup, restore.")
    for command in (start, stop, upgrade, backup, restore):
        group.command(command.__name__)(command)
    app.add_typer(group, name="db")


def start(config: Config = None) -> None:
    """Start the embedded server, which then runs until `db stop`, and bring the schema up to date."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.database.environment import prepare_databases
    from mlconn_pipelines.database.urls import shown
    from mlconn_pipelines.ledger.schema import upgrade as upgrade_schema

    databases, server = prepare_databases(settings_for(config), keep=True)
    upgrade_schema(databases.ledger)
    if server is None:
        tell(f"MLCONN_DATABASE_URL names a server of your own, which answers: {shown(databases.ledger)}")
    else:
        tell(f"The embedded database is running: {shown(databases.ledger)}")


def stop(config: Config = None) -> None:
    """Stop the embedded server, whoever started it."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.database.server import EmbeddedServer

    settings = settings_for(config)
    if settings.database_url is not None:
        raise ConfigurationError(
            "MLCONN_DATABASE_URL names a server of your own, which is not ours to stop", "Unset it to stop the embedded one."
        )
    server = EmbeddedServer(settings.database_folder)
    if not server.running:
        tell(f"No embedded database is running in {settings.database_folder}.")
        return
    server.stop(whoever=True)
    tell("The embedded database is stopped.")


def upgrade(config: Config = None) -> None:
    """Bring the ledger's schema up to date; safe to say twice, and while others do."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.ledger.schema import upgrade as upgrade_schema
    from mlconn_pipelines.wiring.stores import database_url_of

    upgrade_schema(database_url_of(settings_for(config)))
    tell("The schema is up to date.")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    config: Config = None,
) -> None:
    """Write both databases into one file, while everything runs. The vault's key is not in it: keep that apart."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.database.backup import backup as write_backup
    from mlconn_pipelines.database.environment import databases_of

    settings = settings_for(config)
    if not file.absolute().parent.is_dir():
        raise ConfigurationError(f"there is no folder {file.absolute().parent}", "Make it, or name another.")
    databases = databases_of(settings)
    write_backup({"mlconn": databases.ledger, "dagster": databases.dagster}, file)
    key = "MLCONN_VAULT_KEY" if settings.vault_keys else str(settings.vault_key_file)
    tell(f"Both databases are in {file}. The vault's key ({key}) is not: keep it in another place.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `mlconn db backup` wrote.")],
    config: Config = None,
) -> None:
    """Fill both databases, which must be empty, from a backup, and bring the schema up to date."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.database.backup import restore as read_backup
    from mlconn_pipelines.database.environment import prepare_databases
    from mlconn_pipelines.ledger.schema import upgrade as upgrade_schema

    if not file.is_file():
        raise ConfigurationError(f"there is no file {file}")
    databases, _ = prepare_databases(settings_for(config), keep=True)  # not `db start`, which would make tables
    read_backup({"mlconn": databases.ledger, "dagster": databases.dagster}, file)
    upgrade_schema(databases.ledger)
    tell(
        f"Both databases are restored from {file}. Before anything runs, make sure that the vault's key is that of the backup."
    )
