"""Database, schema, Dagster home and services of one home folder: what `mlconn up` and the demo have in common."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from mlconn_pipelines.cli.dagster_home import write_dagster_home
from mlconn_pipelines.cli.living import alone_in
from mlconn_pipelines.cli.services import Services
from mlconn_pipelines.database.environment import exported, prepare_databases
from mlconn_pipelines.settings import Settings


@contextmanager
def prepared(settings: Settings) -> Iterator[tuple[Settings, Mapping[str, str]]]:
    """Database up and migrated, Dagster's home written. Gives settings with addresses, and what other programs need to know.

    The embedded server is stopped at the end by whoever started it.
    """
    from mlconn_pipelines.ledger.schema import upgrade

    databases, server = prepare_databases(settings)
    try:
        upgrade(databases.ledger)
        write_dagster_home(settings.dagster_home)
        environment = {**os.environ, **exported(settings, databases)}
        yield replace(settings, database_url=databases.ledger, dagster_database_url=databases.dagster), environment
    finally:
        if server is not None:
            server.stop()


@contextmanager
def running(
    settings: Settings, environment: Mapping[str, str], ui_port: int, gateway_port: int | None = None
) -> Iterator[Services]:
    """Code server, webserver, daemon and, where it has a port, the gateway, stopped at the end.

    Those of an earlier process that was killed are ended first.
    """
    services = Services(settings.dagster_home, environment, ui_port, gateway_port=gateway_port)
    with alone_in(settings.dagster_home):
        try:
            services.start()
            yield services
        finally:
            services.stop()
