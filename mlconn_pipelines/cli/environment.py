"""`eval "$(mlconn env)"`: what plain dagster-webserver, dagster-daemon and every other command need."""

from __future__ import annotations

import sys

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import print_json


def register(app: typer.Typer) -> None:
    app.command("env")(env)


def env(config: Config = None, as_json: Json = False) -> None:
    """Start the database if it does not run, and print lines for `eval`. They hold the databases' passwords."""
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.cli.dagster_home import write_dagster_home
    from mlconn_pipelines.database.environment import exported, prepare_databases, shell_lines
    from mlconn_pipelines.ledger.schema import upgrade

    settings = settings_for(config)
    databases, _ = prepare_databases(settings, keep=True)
    upgrade(databases.ledger)
    write_dagster_home(settings.dagster_home)
    variables = exported(settings, databases)
    if as_json:
        print_json(variables)
    else:
        sys.stdout.write(shell_lines(variables))  # for a shell, which takes every character as it is
