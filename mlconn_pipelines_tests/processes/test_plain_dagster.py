"""`eval "$(mlconn env)"`, then plain `dagster-webserver` and `dagster-daemon`: documents flow, and no secret is left anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.test_secrets import secrets_of
from mlconn_pipelines_tests.processes.programs import (
    PROJECT,
    Program,
    answers,
    exported,
    free_port,
    graphql,
    mlconn,
    started,
    wait_for,
)
from mlconn_pipelines_tests.scenario import Scene, scene

pytestmark = [pytest.mark.database, pytest.mark.slow]

DONE_WITHIN_S = 150.0


@dataclass
class Installation:
    """A scene in which Dagster runs. environment: what `mlconn env` gave."""

    scene: Scene
    environment: dict[str, str]
    ui: str
    programs: list[Program]

    def trouble(self) -> str:
        return "\n".join(program.said[-3000:] for program in self.programs)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("plain")
    if os.geteuid() == 0:  # the embedded server runs as another account, which passes through
        for place in (folder, *folder.parents[:2]):
            place.chmod(0o711)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))}
    bare |= {"MLCONN_HOME": str(folder / "home"), "MLCONN_CONFIG": str(folder / "config")}
    environment = exported(bare)
    try:
        with scene(
            folder,
            environment["MLCONN_DATABASE_URL"],
            documents=0,
            initial_orders=0,
            only=["northwind", "bluepeak", "ferrolux"],
        ) as opened:
            environment |= {"MLCONN_VAULT_KEY": opened.environment["MLCONN_VAULT_KEY"]}
            port, workspace = free_port(), str(PROJECT / "workspace.yaml")
            web = ("dagster-webserver", "-w", workspace, "-h", "127.0.0.1", "-p", str(port))
            with (
                started(environment, folder / "webserver.log", *web) as webserver,
                started(environment, folder / "daemon.log", "dagster-daemon", "run", "-w", workspace) as daemon,
            ):
                yield Installation(opened, environment, f"http://127.0.0.1:{port}", [webserver, daemon])
    finally:
        mlconn(bare, "db", "stop")


def documents_move(installation: Installation) -> None:
    """Both ways, by the sensors, once: whichever test is the first that a worker has of this module."""
    it = installation.scene

    def done() -> bool:
        return (
            len(it.documents("x12_810", State.ACCEPTED)) == 2
            and len(it.documents("x12_850", State.ACCEPTED)) == 1
            and len(it.documents("inbound", State.POSTED, set_ids=("850",))) == 1
        )

    if not done():
        clerks.invoice(it, "northwind")
        clerks.invoice(it, "bluepeak")
        clerks.purchase_order(it, "ferrolux")
        it.partner.send_orders(1, partner="northwind")
        wait_for(done, DONE_WITHIN_S, installation.trouble)


def test_the_sensors_take_documents_both_ways(installation: Installation) -> None:
    documents_move(installation)
    assert not installation.scene.partner.inbox.business_duplicates


def test_the_ui_knows_it_all(installation: Installation) -> None:
    documents_move(installation)
    wait_for(lambda: answers(installation.ui), DONE_WITHIN_S, installation.trouble)
    wanted = {"acme/outbound/x12_810", "acme/cleo/inbox", "acme/sap_business_one/orders_received"}

    def shown() -> Any:
        nodes = graphql(installation.ui, "{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } } }")
        return wanted <= {"/".join(node["assetKey"]["path"]) for node in nodes["assetNodes"] if node["assetMaterializations"]}

    wait_for(shown, DONE_WITHIN_S, installation.trouble)
    data = graphql(
        installation.ui,
        """{ instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } }
             runsOrError { ... on Runs { results { jobName status tags { key value } } } } }""",
    )
    statuses = data["instance"]["daemonHealth"]["allDaemonStatuses"]
    assert all(daemon["healthy"] for daemon in statuses if daemon["required"] and daemon["daemonType"] == "SENSOR")
    runs = data["runsOrError"]["results"]
    assert {run["status"] for run in runs} <= {"SUCCESS", "STARTED", "STARTING", "QUEUED"}
    assert "acme_x12_810" in {run["jobName"] for run in runs}


def test_mlconn_run_goes_through_the_daemons_queue(installation: Installation) -> None:
    said = mlconn(installation.environment, "run", "acme", "--flow", "x12_856", "--json", timeout_s=DONE_WITHIN_S)
    assert said.returncode == 0, said.stderr
    (run,) = json.loads(said.stdout)["runs"]
    assert run["status"] == "SUCCESS"
    shown = graphql(installation.ui, f'{{ runOrError(runId: "{run["run_id"]}") {{ ... on Run {{ jobName status }} }} }}')
    assert shown["runOrError"] == {"jobName": "acme_x12_856", "status": "SUCCESS"}


def test_no_secret_is_left_in_dagsters_database_files_or_logs(installation: Installation) -> None:
    documents_move(installation)
    it = installation.scene
    secrets = secrets_of(it)
    for variable in ("MLCONN_DATABASE_URL", "DAGSTER_DATABASE_URL"):
        password = psycopg.conninfo.conninfo_to_dict(psycopg_conninfo(installation.environment[variable]))["password"]
        secrets.append(str(password))
    places = dump_of(installation.environment["DAGSTER_DATABASE_URL"])
    for root in (Path(installation.environment["DAGSTER_HOME"]), it.folder):
        for file in root.rglob("*"):
            if file.is_file() and "database" not in file.relative_to(it.folder).parts:
                places[str(file.relative_to(it.folder))] = file.read_bytes()
    assert "database table event_logs" in places and len(places["database table event_logs"]) > 10_000
    assert any(place.endswith((".out", ".err", ".log")) for place in places)
    found = [(place, secret[:4]) for place, content in places.items() for secret in secrets if secret.encode() in content]
    assert found == []


def dump_of(url: str) -> dict[str, bytes]:
    """Every table of a database as COPY writes it."""
    shown: dict[str, bytes] = {}
    with psycopg.connect(psycopg_conninfo(url)) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT'.encode()) as rows:
                shown[f"database table {table}"] = b"".join(bytes(row) for row in rows)
    return shown
