"""Database, schema, Dagster home and services of one home folder: what `mlconn up` and the demo have in common."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from mlconn_pipelines.cli.dagster_home import write_dagster_home
from mlconn_pipelines.cli.output import say
from mlconn_pipelines.cli.process_lock import alone_in
from mlconn_pipelines.cli.service import Deaths
from mlconn_pipelines.cli.services import Services
from mlconn_pipelines.database.databases import check_reachable
from mlconn_pipelines.database.environment import Databases, databases_of, exported, prepare_databases
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.failures import told
from mlconn_pipelines.settings import Settings


class Database:
    """What the services stand on: the embedded server, started again when it dies, or one of the user's own.

    settings, environment: with its present addresses.
    """

    def __init__(self, settings: Settings) -> None:
        self._asked = settings
        databases, self._server = prepare_databases(settings)
        self._deaths, self._said = Deaths(), ""
        self._take(databases)

    def _take(self, databases: Databases) -> None:
        self.settings = replace(self._asked, database_url=databases.ledger, dagster_database_url=databases.dagster)
        self.environment: Mapping[str, str] = {**os.environ, **exported(self._asked, databases)}

    def answers(self) -> bool:
        """Whether it does now; when not, that is said once."""
        try:
            check_reachable(self.environment["MLCONN_DATABASE_URL"])
        except MlconnError as away:
            self._say(f"{away} What ended is started again when it answers.")
            return False
        self._said = ""
        return True

    def keep_running(self, now: Callable[[], float] = time.monotonic) -> bool:
        """Start the embedded server again when it has died; true when it then has another address than before.

        It is tried for as long as it takes, a minute apart in the end: a full disk is emptied one day.
        """
        if self._server is None or self._server.running or not self._deaths.may_start(now()):
            return False
        self._deaths.note(now())
        before = dict(self.environment)
        try:
            self._server.start(keep=self._server.kept)
            self._take(databases_of(self._asked, self._server))
        except Exception as trouble:  # of initdb's folder, of its programs, of the connection to it: tried again all the same
            self._say(str(told(trouble)))
            return False
        self._say("it had ended, and was started again")
        return before != self.environment

    def stop(self) -> None:
        """The embedded server, if this program started it."""
        if self._server is not None:
            self._server.stop()

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            say(f"database: {sentence}")
        self._said = sentence


@contextmanager
def prepared(settings: Settings) -> Iterator[Database]:
    """Database up and migrated, Dagster's home written.

    The embedded server is stopped at the end by whoever started it.
    """
    from mlconn_pipelines.ledger.schema import upgrade

    database = Database(settings)
    try:
        upgrade(database.environment["MLCONN_DATABASE_URL"])
        write_dagster_home(settings.dagster_home)
        yield database
    finally:
        database.stop()


@contextmanager
def running(database: Database, ui_port: int, gateway_port: int | None = None, listens: bool = False) -> Iterator[Services]:
    """Code server, webserver, daemon, the gateway where it has a port and the listener where it is wanted, stopped at the end.

    Those of an earlier process that was killed are ended first.
    """
    home = database.settings.dagster_home
    services = Services(home, database.environment, ui_port, gateway_port=gateway_port, listens=listens)
    with alone_in(home):
        try:
            services.start()
            yield services
        finally:
            services.stop()


def look_after(database: Database, services: Services) -> None:
    """Start again what has died, the database first."""
    if database.keep_running():
        services.move(database.environment)
    services.supervise(database.answers)
