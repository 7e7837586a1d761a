"""`mlconn up`: beside another one, on a server of one's own, with a gateway, and after everything was killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.processes.programs import (
    END_WITHIN_S,
    Program,
    answers,
    exported,
    free_port,
    graphql,
    kill_family,
    mlconn,
    started,
    wait_for,
)
from mlconn_pipelines_tests.scenario import scene

pytestmark = [pytest.mark.database, pytest.mark.slow]

EVENTS = {"public_url": "https://edi.example.com", "erp": {"credential": "tells"}}
SECRET = "sap-0123456789abcdef0123456"
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


def gateway_of(program: Program) -> str:
    """The address that it printed, once the gateway there lives and reaches the database."""
    found = re.search(r"gateway: (http://127\.0\.0\.1:\d+) ", program.said)
    assert found, program.said
    wait_for(lambda: get(f"{found[1]}/ready") == {"status": "ready"}, UP_WITHIN_S, lambda: program.said)
    assert get(f"{found[1]}/health") == {"status": "ok"}
    return found[1]


def get(url: str) -> Any:
    """The JSON there; None where nobody answers."""
    try:
        return httpx.get(url, timeout=5).json()
    except httpx.HTTPError:
        return None


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
            kill_family(first.process.pid)
        it.cleo.faults.disarm()
        with started(bare(folder, **key), folder / "second.log", "mlconn", "up", "--port", str(free_port())) as second:
            address = ui_of(second)
            assert "gateway:" not in second.said
            invited = mlconn(bare(folder, **key), "agents", "invite", "sage", "--integration", "acme", "--company", "ABC")
            assert invited.returncode == 0, invited.stderr
            it.hours_pass()
            clerks.invoice(it)

            def settled() -> bool:
                states = it.states("x12_810")
                return sum(states.values()) == 4 and set(states) <= {"sent", "accepted", "outcome_unknown"}

            wait_for(settled, DONE_WITHIN_S, lambda: f"{it.states('x12_810')} {second.said}")
            names = [file.name for file in it.uploads("810")]
            assert len(names) == len(set(names))
            assert len(names) >= len(it.documents("x12_810", State.SENT, State.ACCEPTED))
            gateway_of(second)  # an agent may dial in by now
            daemons = graphql(address, "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }")
            assert daemons["instance"]["daemonHealth"]["allDaemonStatuses"]
            assert second.end() == 0, second.said
        assert not it.partner.inbox.business_duplicates


def test_two_at_once_with_homes_of_their_own_and_one_on_a_server_of_ones_own(
    folder: Path, ledger_database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = folder / "other"
    options: dict[str, Any] = {"documents": 0, "initial_orders": 0, "only": ["northwind"], "events": EVENTS}
    with scene(folder, ledger_database, **options) as it, ExitStack() as stack:
        other.mkdir()
        shutil.copytree(folder / "config", other / "config")
        key = it.environment["MLCONN_VAULT_KEY"]
        own = bare(other, MLCONN_DATABASE_URL=ledger_database, MLCONN_VAULT_KEY=key)
        with open_stores(it.settings) as stores:
            stores.credentials.set("tells", {"secret": SECRET})
        ports = ("--port", str(free_port()), "--gateway-port", str(free_port()))  # both want the same ones
        embedded = stack.enter_context(started(bare(folder), folder / "embedded.log", "mlconn", "up", *ports))
        addresses, gateways = [ui_of(embedded)], [gateway_of(embedded)]
        on_own = stack.enter_context(started(own, folder / "own.log", "mlconn", "up", *ports))
        addresses.append(ui_of(on_own))
        gateways.append(gateway_of(on_own))
        assert len({*addresses, *gateways}) == 4
        assert gateways[0].endswith(f":{ports[3]}")
        told = httpx.post(f"{gateways[1]}/hooks/acme/sap-business-one/{SECRET}?flow=x12_810", json={})
        assert (told.status_code, told.json()) == (202, {"hints": 1, "new": 1})
        assert all(answers(address) for address in addresses)
        assert (folder / "home" / "database").is_dir()
        assert not (other / "home" / "database").exists(), "a server of one's own needs no embedded one"
        assert embedded.end() == 0, embedded.said
        assert answers(addresses[1]), "ending one leaves the other alone"
        assert [get(f"{gateway}/health") for gateway in gateways] == [None, {"status": "ok"}]
        on_own.process.send_signal(signal.SIGTERM)
        assert on_own.process.wait(END_WITHIN_S) == 0, on_own.said
        assert get(f"{gateways[1]}/health") is None
    assert "Traceback" not in embedded.said + on_own.said
