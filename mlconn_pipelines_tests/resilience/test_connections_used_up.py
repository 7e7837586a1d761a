"""The database gives out no more connections, in whatever step a run is: what it was at is done by a later run, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.ledger import limiter
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines_tests.resilience.conftest import Stage, after_time_out
from mlconn_pipelines_tests.resilience.once_each import assert_once_each
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import LATER_SYSTEMS, SAP, name_of
from mlconn_pipelines_tests.systems.system import System

pytestmark = [pytest.mark.database, pytest.mark.slow]

ROLE = "of_few_connections"


@contextmanager
def few_connections(scene: Scene, limit: int) -> Iterator[Scene]:
    """The scene by a role that may hold so many connections, as a server does whose max_connections are taken by others."""
    with psycopg.connect(psycopg_conninfo(scene.database_url), autocommit=True) as admin:
        role = sql.Identifier(ROLE)
        with suppress(psycopg.errors.DuplicateObject):
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'few'").format(role))
        admin.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(role, sql.Literal(limit)))
        for what in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            admin.execute(sql.SQL("GRANT ALL ON ALL {} IN SCHEMA public TO {}").format(sql.SQL(what), role))
        url = sa.make_url(scene.database_url).set(username=ROLE, password="few")
        environment = {**scene.environment, "MLCONN_DATABASE_URL": url.render_as_string(hide_password=False)}
        yield replace(scene, environment=environment, settings=read_settings(environment), engine=None)
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [ROLE])


@pytest.mark.parametrize(
    "system", [SAP, *(pytest.param(system, marks=pytest.mark.nightly) for system in LATER_SYSTEMS)], ids=name_of
)
def test_connections_are_used_up_in_any_step(stage: Stage, monkeypatch: pytest.MonkeyPatch, system: type[System]) -> None:
    monkeypatch.setattr(limiter, "WAIT_MAX_S", 0.5)  # a run waits a minute for its turn before it ends
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    scene.refresh_reference()
    sent = scene.system.send(scene, 4)
    written = [scene.system.write(scene) for _ in range(4)]
    ended = 0
    for limit in (1, 3, 4, 5):
        with few_connections(scene, limit) as few:
            for flow in (INBOUND, system.flow):
                try:
                    few.run(flow)
                except MlconnError as told:  # and nothing else: it is a sentence
                    ended += bool(told.hint)
        after_time_out()
        scene.hours_pass()
    assert ended, "the role had connections enough all the time"
    scene.settle()
    assert_once_each(scene, written, sent)
