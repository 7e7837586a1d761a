"""Backup, loss and restore by the very lines of docs/operations.md, for both kinds of server; and backups that are not whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

import mlconn_pipelines
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import in_database, psycopg_conninfo

pytestmark = [pytest.mark.database, pytest.mark.slow]

PAGE = (Path(mlconn_pipelines.__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
BACKUP, OWN, EMBEDDED = re.findall(r"```\n(.*?)```", PAGE.split("## Backup and restore")[1].split("\n## ")[0], re.DOTALL)
(ROLL_BACK,) = re.findall(r"```\n(.*?)```", PAGE.split("### Going back to the release before")[1].split("\n## ")[0], re.DOTALL)
FILE = "/backup/mlconn-2026-01-31.tar"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mlconn-restore-"))
    made.chmod(0o711)
    yield made
    for home in ("home", "restored"):
        EmbeddedServer(made / home / "database").remove()
    shutil.rmtree(made, ignore_errors=True)


def shell(lines: str, folder: Path, changes: Mapping[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """The page's lines as a person pastes them, with other places in them."""
    for written, ours in {
        FILE: str(folder / "backup.tar"),
        "/srv/mlconn-restored": str(folder / "restored"),
        **changes,
    }.items():
        lines = lines.replace(written, ours)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))}
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    return subprocess.run(
        ["bash", "-ec", lines],
        env={**kept, "PATH": path, "MLCONN_CONFIG": str(folder / "config"), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def one(url: str, query: str) -> object:
    with psycopg.connect(psycopg_conninfo(url), autocommit=True) as connection:
        found = connection.execute(query)
        row = found.fetchone() if found.description else None
    return row[0] if row else None


def test_the_embedded_database_is_lost_and_restored_by_the_page(folder: Path) -> None:
    home = {"MLCONN_HOME": str(folder / "home")}
    started = shell("mlconn db start", folder, {}, **home)
    assert started.returncode == 0, started.stderr
    server = EmbeddedServer(folder / "home" / "database")
    one(server.url(), "CREATE TABLE kept AS SELECT 42 AS n")
    saved = shell(BACKUP, folder, {}, **home)
    assert saved.returncode == 0, saved.stderr
    server.remove()
    restored = shell(EMBEDDED, folder, {}, **home)
    assert restored.returncode == 0, restored.stderr
    again = EmbeddedServer(folder / "restored" / "database")
    assert one(again.url(), "SELECT n FROM kept") == 42

    whole = (folder / "backup.tar").read_bytes()
    for length in (0, 100, len(whole) // 3, len(whole) * 9 // 10):
        (folder / "cut.tar").write_bytes(whole[:length])
        ran = shell(f"mlconn db restore {folder / 'cut.tar'}", folder, {}, MLCONN_HOME=str(folder / "home"))
        assert (ran.returncode, ran.stderr.count("\n")) == (2, 1) and "Traceback" not in ran.stderr, ran.stderr


def test_an_upgrade_is_rolled_back_by_the_page(folder: Path) -> None:
    """The ledger of before is there again, and the upgraded one beside it."""
    home = {"MLCONN_HOME": str(folder / "home")}
    assert shell("mlconn db start", folder, {}, **home).returncode == 0
    server = EmbeddedServer(folder / "home" / "database")
    one(server.url(), "CREATE TABLE before AS SELECT 1 AS n")
    assert shell(BACKUP, folder, {}, **home).returncode == 0
    one(server.url(), "DROP TABLE before")
    one(server.url(), "UPDATE alembic_version SET version_num = '9999'")
    refused = shell("mlconn db upgrade", folder, {}, **home)
    assert refused.returncode == 2 and "upgraded by a newer release" in refused.stderr
    back = shell(ROLL_BACK, folder, {"/srv/mlconn-before": str(folder / "restored")}, **home)
    assert back.returncode == 0, back.stderr
    assert not server.running and (folder / "home" / "database").is_dir()
    assert one(EmbeddedServer(folder / "restored" / "database").url(), "SELECT n FROM before") == 1


def test_a_server_of_ones_own_is_restored_by_the_page(folder: Path, ledger_database: str) -> None:
    conninfo = psycopg_conninfo(ledger_database)
    one(ledger_database, "CREATE TABLE kept AS SELECT 42 AS n")
    admin, name = in_database(ledger_database, "postgres"), "restored_ledger"
    dagster = {"DAGSTER_DATABASE_URL": psycopg_conninfo(in_database(ledger_database, "restored_dagster"))}
    for made in ("restored_dagster", name):
        one(admin, f'CREATE DATABASE "{made}"')
    try:
        saved = shell(BACKUP, folder, {}, MLCONN_DATABASE_URL=conninfo, **dagster)
        assert saved.returncode == 0, saved.stderr
        target = psycopg_conninfo(in_database(ledger_database, name))
        restored = shell(OWN, folder, {"postgresql://mlconn:PASSWORD@HOST/mlconn": target}, **dagster)
        assert restored.returncode == 0, restored.stderr
        assert one(in_database(ledger_database, name), "SELECT n FROM kept") == 42
    finally:
        for made in ("restored_dagster", name):
            one(admin, f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')
