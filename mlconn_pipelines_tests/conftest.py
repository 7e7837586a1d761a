"""Shared fixtures: one embedded PostgreSQL a test run, and a database of its own for every test that asks."""

from __future__ import annotations

import functools
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from hypothesis import settings
from psycopg import sql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.util import LRUCache

from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines_tests.terminating import END_WITHIN_S, end_on_sigterm, end_worker_too

PREFIX = "mlconn-tests-"
IN_MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30
STATEMENTS_KEPT = 5_000
_numbers = itertools.count(1)
_statements: LRUCache[Any] = LRUCache(STATEMENTS_KEPT)

# How long an example takes says how busy the machine is: four tests run at once on two cores.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    end_on_sigterm()
    _compile_statements_once()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays: no collection of garbage has to look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def _compile_statements_once() -> None:
    """A statement's text is kept from test to test. An engine keeps it for itself alone, and most tests open some of their own.

    It is found again by dialect: those that write and read JSON alike make the same of a statement.
    """
    make = sqlalchemy.create_engine

    @functools.wraps(make)
    def create_engine(*values: Any, **options: Any) -> sqlalchemy.Engine:
        engine = make(*values, **options)
        if isinstance(engine.dialect, PGDialect_psycopg):
            engine._compiled_cache = _statements
        return engine

    def alike(dialect: Any) -> tuple[Any, ...]:
        return type(dialect), dialect._json_serializer, dialect._json_deserializer

    dialect: Any = PGDialect_psycopg
    dialect.__eq__ = lambda one, other: isinstance(other, PGDialect_psycopg) and alike(one) == alike(other)
    dialect.__hash__ = lambda one: hash(alike(one))
    sqlalchemy.create_engine = create_engine


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Any) -> None:
    from xdist.workermanage import NodeManager

    NodeManager.EXIT_TIMEOUT = END_WITHIN_S  # ten seconds by default, after which a worker is killed with its servers running


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_newgateway(gateway: Any) -> None:
    end_worker_too(gateway._io.popen.pid)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedServer]:
    """One server for the whole run, stopped and removed at its end. It need not survive a power cut, so it does not sync."""
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_place()))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # the server's account passes through
    server = EmbeddedServer(
        folder / "postgres",
        {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "400", "max_wal_size": "256MB"},
    )
    server.start()
    _sign_in_quickly(server)
    try:
        yield server
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _sign_in_quickly(server: EmbeddedServer) -> None:
    """Nobody guesses this password: without the thousands of hashes against that, a connection takes a third of the time."""
    with psycopg.connect(psycopg_conninfo(server.url("postgres")), autocommit=True) as connection:
        connection.execute("SET scram_iterations = 1")
        password = sql.Literal(sqlalchemy.make_url(server.url()).password)
        connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(password))


def _place() -> Path:
    """Where the server keeps its files: in memory where there is room for all workers, else with other temporary files."""
    roomy = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES
    return IN_MEMORY if roomy else Path(tempfile.gettempdir())


def _remove_leftovers() -> None:
    """Servers of earlier runs that were killed outright; the number in a folder's name is the process that made it."""
    for folder in (*IN_MEMORY.glob(f"{PREFIX}*"), *Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            EmbeddedServer(folder / "postgres").remove()
            shutil.rmtree(folder, ignore_errors=True)


def _create(server: EmbeddedServer, name: str, template: str) -> None:
    with psycopg.connect(psycopg_conninfo(server.url("postgres")), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')


def _drop(server: EmbeddedServer, name: str) -> None:
    with psycopg.connect(psycopg_conninfo(server.url("postgres")), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def database_url(postgres_server: EmbeddedServer) -> Iterator[str]:
    """A fresh, empty database; dropped afterwards, open connections or not."""
    name = f"empty_{next(_numbers)}"
    _create(postgres_server, name, "template0")
    yield postgres_server.url(name)
    _drop(postgres_server, name)


@pytest.fixture(scope="session")
def ledger_template(postgres_server: EmbeddedServer) -> str:
    """Name of a database with all our tables, which `ledger_database` copies. Nobody may stay connected to it."""
    from mlconn_pipelines.ledger.schema import upgrade

    name = "ledger_template"
    _create(postgres_server, name, "template0")
    upgrade(postgres_server.url(name))
    with psycopg.connect(psycopg_conninfo(postgres_server.url("postgres")), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        # A connection that an engine's pool still keeps would forbid every copy.
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    return name


@pytest.fixture
def ledger_database(postgres_server: EmbeddedServer, ledger_template: str) -> Iterator[str]:
    """URL of a fresh database upgraded to the newest schema; dropped afterwards."""
    name = f"ledger_{next(_numbers)}"
    _create(postgres_server, name, ledger_template)
    yield postgres_server.url(name)
    _drop(postgres_server, name)
