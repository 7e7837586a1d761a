"""`mlconn up` killed with its daemon and a run that was sending, and started again; then daemon and database killed under it."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mlconn_pipelines.cli.services import free_port
from mlconn_pipelines.database.folder import ServerFolder
from mlconn_pipelines.database.postmaster import is_server, read_postmaster
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.scenario import wait_until
from mlconn_simulators.demo.credentials import store_credentials

pytestmark = [pytest.mark.database, pytest.mark.slow]

SERVICES = {"code server": "dagster code-server", "webserver": "dagster-webserver", "daemon": "dagster-daemon"}
WITHIN_S = 120.0


class Up:
    """The program, in a home of its own with an embedded database."""

    def __init__(self, environment: Mapping[str, str], home: Path) -> None:
        kept = {name: value for name, value in environment.items() if name != "MLCONN_DATABASE_URL"}
        self.environment = kept | {"MLCONN_HOME": str(home)}
        self.settings: Settings = read_settings(self.environment)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        program = [str(Path(sys.executable).with_name("mlconn")), "up", "--port", str(free_port())]
        self.process = subprocess.Popen(
            program, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "Dagster UI" in line:
                return
        raise AssertionError("".join(said))

    def running(self) -> dict[int, str]:
        """Command lines by process id of everything that works for this home, runs among them."""
        mark = f"DAGSTER_HOME={self.settings.dagster_home}\0".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return {pid: command for pid, command in found.items() if command}

    def ids(self, part: str) -> list[int]:
        return [pid for pid, command in self.running().items() if part in command]

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        for pid in self.running():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def home() -> Iterator[Path]:
    """Outside pytest's own folders, which the database's account may not enter."""
    made = Path(tempfile.mkdtemp(prefix="mlconn-up-"))
    made.chmod(0o711)
    yield made / "home"
    EmbeddedServer(made / "home" / "database").remove()
    shutil.rmtree(made, ignore_errors=True)


def open_to_others(home: Path) -> list[str]:
    """What others may enter or read; root's database account has to pass through two folders, and nobody may list them."""
    passed = {home, home / "database"} if os.geteuid() == 0 else set()
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (home, *home.rglob("*")) if not path.is_symlink()}
    return [f"{path} {mode:o}" for path, mode in modes.items() if mode & (0o066 if path in passed else 0o077)]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc")
def test_all_killed_while_sending_and_started_again(stage: Stage, home: Path) -> None:
    scene = stage(only=["northwind"], erp={"timeout_s": 5}, cleo={"timeout_s": 5}, flows={"x12_856": None})
    first = clerks.invoice(scene)
    scene.cleo.faults.arm("slow_after", path="/files", method="POST", seconds=3)
    up = Up(scene.environment, home)
    try:
        up.start()
        with open_stores(up.settings) as stores:
            store_credentials(stores.credentials, scene.described)
        assert wait_until(lambda: bool(scene.cleo.received), WITHIN_S)
        runs = up.ids("multiprocessing.spawn")
        assert runs, up.running()
        assert up.process is not None
        for pid in (*runs, *up.ids("dagster-daemon"), up.process.pid):
            os.kill(pid, signal.SIGKILL)
        up.process.communicate()
        assert up.ids("dagster-webserver"), "what is left of a killed program is what this test is about"
        server = EmbeddedServer(up.settings.database_folder)
        assert server.running and server.abandoned

        up.start()
        for name, part in SERVICES.items():
            assert len(up.ids(part)) == 1, (name, up.running())
        second_up = subprocess.run(
            [str(Path(sys.executable).with_name("mlconn")), "up"],
            env=up.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second_up.returncode == 2 and f"process {up.process.pid}" in second_up.stderr, second_up
        (daemon,) = up.ids("dagster-daemon")
        os.kill(daemon, signal.SIGKILL)
        address, postmaster = server.url(), read_postmaster(ServerFolder(server.folder).data)
        assert postmaster is not None
        os.kill(postmaster.pid, signal.SIGKILL)
        assert wait_until(lambda: not is_server(postmaster.pid, ServerFolder(server.folder).data), 10.0)
        assert wait_until(lambda: server.running, WITHIN_S)
        assert server.url() == address
        second = clerks.invoice(scene)
        assert wait_until(lambda: bool(scene.received("810", second.number)), WITHIN_S)
        assert len(up.ids("dagster-daemon")) == 1
        assert not open_to_others(home)

        with open_stores(up.settings) as stores:

            def states() -> list[str]:
                return [row.state.value for row in stores.queue.documents("acme", "x12_810", tuple(State), due_only=False)]

            assert wait_until(lambda: states() == ["accepted"] * 2, WITHIN_S), states()
        assert [one.business_number for one in scene.received("810")] == [first.number, second.number]

        up.process.terminate()
        up.process.communicate(timeout=60)
        assert up.process.returncode == 0
        assert wait_until(lambda: not up.running(), 10.0), up.running()
        assert not server.running
    finally:
        up.end()
