"""`mlconn listen` as a process of its own, between a simulated org's event bus and the ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mlconn_pipelines.definitions import defs as load_definitions
from mlconn_pipelines.defs import warm
from mlconn_pipelines.defs.keys import LIVE, tags_of
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines_tests.command_line import mlconn_here
from mlconn_pipelines_tests.integration.sync_scene import NAME, SyncScene, sync_scene
from mlconn_pipelines_tests.systems.salesforce.pubsub.listening import until
from mlconn_simulators.certificates import Authority
from mlconn_simulators.demo.configuration import yaml_text
from mlconn_simulators.salesforce.bus_server import BusServer, serve_bus

pytestmark = [pytest.mark.database, pytest.mark.slow]
MLCONN = str(Path(sys.executable).with_name("mlconn"))


@contextmanager
def scene_with_bus(folder: Path, database_url: str, **options: Any) -> Iterator[tuple[SyncScene, BusServer]]:
    """options: of `sync_scene`."""
    with sync_scene(folder, database_url, **options) as scene:
        authority = Authority(folder, "authority")
        pair = authority.pair("localhost")
        server = BusServer(scene.org)
        with serve_bus(server, (pair.certificate, pair.key)) as port:
            file = folder / "config" / f"{NAME}.yaml"
            events = {"endpoint": "127.0.0.1", "port": port}
            text = file.read_text().replace("  credential: org\n", f"  credential: org\n  ca_file: {authority.certificate}\n")
            lines = "".join(f"    {line}\n" for line in yaml_text(events).splitlines())
            file.write_text(text.replace("  credential: org\n", f"  credential: org\n  change_events:\n{lines}"))
            yield scene, server


@contextmanager
def listener(scene: SyncScene, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen([MLCONN, "listen"], env=dict(scene.environment), stderr=output, stdout=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_second_listener_takes_over_where_the_first_was_killed(tmp_path: Path, ledger_database: str) -> None:
    with scene_with_bus(tmp_path, ledger_database) as (scene, server), ExitStack() as stack:
        intake = LedgerStores(scene.engine).intake

        def told() -> int:
            return sum(one.count for one in intake.waiting_hints(NAME, "opportunities"))

        logs = [tmp_path / f"listener-{number}.log" for number in (1, 2)]
        first = stack.enter_context(listener(scene, logs[0]))
        scene.org.win(3)
        until(lambda: told() == 3 or first.poll() is not None, 30)
        assert told() == 3, logs[0].read_text()
        second = stack.enter_context(listener(scene, logs[1]))
        until(lambda: "another process listens to it" in logs[1].read_text(), 30)
        assert server.open == 1
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        scene.org.win(2)
        until(lambda: told() == 5, 30)
        second.send_signal(signal.SIGTERM)
        assert second.wait(15) == 0, logs[1].read_text()
        assert told() == 5, "those before were not told again"
        assert intake.streams(NAME)["Opportunity"].position == scene.org.events.events[-1].replay_id
        assert scene.org.tokens.logins == 1, "both used the session in the database"


def test_without_change_events_there_is_nothing_to_listen_to(
    tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with sync_scene(tmp_path, ledger_database) as scene:
        ran = mlconn_here(monkeypatch, capsys, scene.environment, "listen")
    assert ran.returncode == 2
    assert "no integration" in ran.stderr and "change_events" in ran.stderr


def test_an_event_starts_the_run_that_makes_the_order(
    tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the event by the sensor of notifications to the order; what no event tells is kept in mind by the run that reads it."""
    with scene_with_bus(tmp_path, ledger_database) as (scene, _):
        for name, value in scene.environment.items():
            if name.startswith("MLCONN_"):
                monkeypatch.setenv(name, value)
        intake = LedgerStores(scene.engine).intake
        with listener(scene, tmp_path / "listener.log"), dg.DagsterInstance.ephemeral() as instance:
            (won,) = scene.org.win()
            until(lambda: intake.waiting_hints(NAME, "opportunities"), 30)
            definitions = load_definitions()
            reference = definitions.resolve_job_def(f"{NAME}_reference")
            assert reference.execute_in_process(instance=instance, tags=tags_of(NAME, "reference", LIVE)).success
            sensor = f"{NAME}_hint_sensor"
            with dg.build_sensor_context(instance=instance, definitions=definitions, sensor_name=sensor) as context:
                (wanted,) = definitions.resolve_sensor_def(sensor).evaluate_tick(context).run_requests
            assert wanted.job_name == f"{NAME}_opportunities"
            scene.run("opportunities")
            assert len(scene.made()) == 1
            assert not intake.waiting_hints(NAME, "opportunities")
            assert intake.streams(NAME)["Opportunity"].unannounced is None, "it was announced"
            scene.org.events.muted.add("Opportunity")
            time.sleep(1.1)  # stamps are of whole seconds
            scene.org.edit("Opportunity", won["Id"], {"Description": "Nobody tells of this"})
            scene.run("opportunities")
            assert intake.streams(NAME)["Opportunity"].unannounced is not None
        warm.close_cached()
