"""`mlconn up`: beside another one, on a server of one's own, and after everything was killed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.processes.programs import (
    Program,
    answers,
    descendants,
    exported,
    free_port,
    graphql,
    kill_all,
    mlconn,
    started,
    wait_for,
)
from mlconn_pipelines_tests.scenario import scene

pytestmark = [pytest.mark.database, pytest.mark.slow]

UP_WITHIN_S = 120.0
DONE_WITHIN_S = 150.0


def bare(folder: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who has set nothing but the folders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))}
    return kept | {"MLCONN_HOME": str(folder / "home"), "MLCONN_CONFIG": str(folder / "config")} | more


def ui_of(program: Program) -> str:
    """The address that `mlconn up` prints once everything answers."""

    def printed() -> str:
        assert program.process.poll() is None, program.said
        found = re.search(r"Dagster UI: (http://\S+)", program.said)
        return found[1] if found else ""

    address = wait_for(printed, UP_WITHIN_S, lambda: program.said)
    assert answers(address)
    return str(address)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the embedded server's account may pass through."""
    if os.geteuid() == 0:
        for place in (tmp_path, *tmp_path.parents[:2]):
            place.chmod(0o711)
    yield tmp_path
    mlconn(bare(tmp_path), "db", "stop")


def test_after_everything_was_killed_up_goes_on_and_nothing_is_sent_twice(folder: Path) -> None:
    prepared = exported(bare(folder))
    options: dict[str, Any] = {"documents": 0, "initial_orders": 0, "only": ["northwind", "ferrolux"], "late_max_s": 3600.0}
    with scene(folder, prepared["MLCONN_DATABASE_URL"], **options) as it:
        key = {"MLCONN_VAULT_KEY": it.environment["MLCONN_VAULT_KEY"]}
        assert mlconn(bare(folder), "db", "stop").returncode == 0
        for _ in range(3):
            clerks.invoice(it)
        it.cleo.faults.arm("slow", "/files", count=None, slow=4.0)  # so that a worker is in the middle of it
        with started(bare(folder, **key), folder / "first.log", "mlconn", "up", "--port", str(free_port())) as first:
            ui_of(first)
            wait_for(lambda: it.states("x12_810").get("ready"), DONE_WITHIN_S, lambda: first.said)
            # Daemon, code server, worker, webserver, the database and whoever owns them, all at once.
            kill_all([first.process.pid, *descendants(first.process.pid)])
        it.cleo.faults.disarm()
        with started(bare(folder, **key), folder / "second.log", "mlconn", "up", "--port", str(free_port())) as second:
            address = ui_of(second)
            it.hours_pass()
            clerks.invoice(it)

            def settled() -> bool:
                states = it.states("x12_810")
                return sum(states.values()) == 4 and set(states) <= {"sent", "unknown"}

            wait_for(settled, DONE_WITHIN_S, lambda: f"{it.states('x12_810')} {second.said}")
            names = [file.name for file in it.uploads("810")]
            assert len(names) == len(set(names))
            assert len(names) >= len(it.documents("x12_810", State.SENT))
            daemons = graphql(address, "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }")
            assert daemons["instance"]["daemonHealth"]["allDaemonStatuses"]
            assert second.end() == 0, second.said
        assert not it.partner.inbox.business_duplicates


def test_two_at_once_with_homes_of_their_own_and_one_on_a_server_of_ones_own(
    folder: Path, ledger_database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = folder / "other"
    with scene(folder, ledger_database, documents=0, initial_orders=0, only=["northwind"]), ExitStack() as stack:
        other.mkdir()
        shutil.copytree(folder / "config", other / "config")
        own = bare(other, MLCONN_DATABASE_URL=ledger_database)
        port = str(free_port())  # both want the same one
        embedded = stack.enter_context(started(bare(folder), folder / "embedded.log", "mlconn", "up", "--port", port))
        addresses = [ui_of(embedded)]
        on_own = stack.enter_context(started(own, folder / "own.log", "mlconn", "up", "--port", port))
        addresses.append(ui_of(on_own))
        assert len(set(addresses)) == 2
        assert all(answers(address) for address in addresses)
        assert (folder / "home" / "database").is_dir()
        assert not (other / "home" / "database").exists(), "a server of one's own needs no embedded one"
        assert embedded.end() == 0, embedded.said
        assert answers(addresses[1]), "ending one leaves the other alone"
        assert on_own.end() == 0, on_own.said
    assert "Traceback" not in embedded.said + on_own.said
