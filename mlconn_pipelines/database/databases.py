"""The two databases on the server: `mlconn` for ledger, vault, sessions and limiter; `dagster` with migrations of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from mlconn_pipelines.database.urls import in_database, psycopg_conninfo, shown
from mlconn_pipelines.errors import ConfigurationError, DatabaseUnavailable, MlconnError
from mlconn_pipelines.failures import unavailable

DATABASES = ("mlconn", "dagster")


def create_missing(url: str, names: Sequence[str]) -> list[str]:
    """Create those of the databases that the server does not have; returns the created ones.

    url: any database on that server. Raises DatabaseUnavailable when the server does not answer, ConfigurationError when the
    role may not create.
    """
    created = []
    try:
        with psycopg.connect(psycopg_conninfo(url), autocommit=True, connect_timeout=10) as connection:
            there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for name in names:
                if name in there:
                    continue
                try:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                except psycopg.errors.DuplicateDatabase:  # another program was faster
                    continue
                except psycopg.errors.InsufficientPrivilege as refused:
                    raise ConfigurationError(
                        f"the role of MLCONN_DATABASE_URL may not create the database {name!r} on that server",
                        f'Let an administrator say: CREATE DATABASE "{name}" OWNER "{connection.info.user}";',
                    ) from refused
                created.append(name)
    except psycopg.OperationalError as unreachable:
        raise cannot_connect(url, unreachable) from None
    return created


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """An empty database on that server, dropped afterwards. Errors: as of `create_missing`."""
    name = f"mlconn_rehearsal_{os.getpid()}"
    create_missing(url, [name])
    try:
        yield in_database(url, name)
    finally:
        with psycopg.connect(psycopg_conninfo(url), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def ensure_dagster_database(url: str, name: str = "dagster") -> str:
    """On a server of the user's own: create Dagster's database beside ours if it is missing; returns its URL, in our spelling.

    Raises ConfigurationError, with the statement for an administrator, when the role of the URL may not create it.
    """
    dagster = in_database(url, name)
    try:
        with psycopg.connect(psycopg_conninfo(dagster), connect_timeout=10):
            return dagster
    except psycopg.OperationalError:
        create_missing(url, [name])
    return dagster


def check_reachable(url: str) -> None:
    """Raises DatabaseUnavailable when nobody answers at that URL, ConfigurationError when it refuses us; the password left out."""
    try:
        with psycopg.connect(psycopg_conninfo(url), connect_timeout=10):
            pass
    except psycopg.OperationalError as unreachable:
        raise cannot_connect(url, unreachable) from None


def cannot_connect(url: str, error: psycopg.OperationalError) -> MlconnError:
    """DatabaseUnavailable for what passes or may pass; ConfigurationError for a wrong password or name."""
    lines = str(error).strip().splitlines()
    what = f"no connection to the database {shown(url)}: {lines[-1].strip() if lines else 'no answer'}"
    check = "Check host, port, user, password and database name of MLCONN_DATABASE_URL, and that the server is running."
    trouble = unavailable(error)
    state = trouble.sqlstate if trouble is not None else ""
    if state.startswith(("28", "3D")):
        return ConfigurationError(what, check)
    return DatabaseUnavailable(what, trouble.hint if trouble is not None and state else check, state)
