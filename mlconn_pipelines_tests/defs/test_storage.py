"""Dagster's storage as `dagster.yaml` names it: a few connections for many questions, and others when the server cut them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from dagster import DagsterInstance

from mlconn_pipelines.cli.dagster_home import write_dagster_home
from mlconn_pipelines.database.urls import dagster_url, psycopg_conninfo
from mlconn_pipelines.defs.storage import KEPT_MAX, KeptOpenPostgresStorage

pytestmark = pytest.mark.database

OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def test_instances_of_one_process_share_a_few_connections_that_are_replaced_when_cut(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dagster_home(tmp_path)
    monkeypatch.setenv("DAGSTER_DATABASE_URL", dagster_url(database_url))
    instances = [DagsterInstance.from_config(str(tmp_path)) for _ in range(3)]
    assert isinstance(instances[0].get_ref().storage, KeptOpenPostgresStorage)
    with psycopg.connect(psycopg_conninfo(database_url), autocommit=True) as look:

        def sessions() -> set[int]:
            return {row[0] for row in look.execute(f"SELECT pid {OTHERS}".encode()).fetchall()}

        def ask() -> None:
            for instance in instances:
                instance.get_runs_count()
                instance.get_daemon_heartbeats()
                instance.all_instigator_state()
                instance.all_asset_keys()

        ask()
        first = sessions()
        for _ in range(10):
            ask()
        assert 0 < len(first) <= KEPT_MAX and sessions() == first, "asking again opens none"
        look.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}".encode())
        ask()
        assert sessions() and not sessions() & first
        look.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}".encode())
