"""The agent as its people meet it: typed at, started as a process of its own, against the gateway as it runs and a simulated Sage."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlconn_pipelines.agents import enrollment, jobs, keys
from mlconn_pipelines.gateway.program import application_of
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_pipelines_tests.sage_100_agent.supervised import ORDER
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.server import SageServer
from mlconn_simulators.world.making import make_world
from sage_100_agent.program.command import main

pytestmark = [pytest.mark.database, pytest.mark.slow]

ROOT, JOBS = keys.Signer(keys.new_private()), keys.Signer(keys.new_private())
WORKER = "mlconn_simulators.demo.sage_100_worker"
NO_EVENTS: Any = SimpleNamespace(integrations={}, syncs={}, folder="config")


def now() -> int:
    return int(time.time())


@dataclass
class Place:
    """A folder with the settings of an agent, its gateway and its Sage."""

    folder: Path
    stores: Stores
    sandbox: Sage100Sandbox
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        return self.folder / "agent.toml"

    def write(self, url: str, port: int) -> None:
        worker = json.dumps([sys.executable, "-m", WORKER, str(port)])
        self.settings.write_text(
            f'[platform]\nurl = "{url}"\nroot_key = "{ROOT.public.hex()}"\n'
            f"[sage]\nhome = '{self.sandbox.site.home}'\nworker = {worker}\n[companies.MER]\nuser = \"EDI\"\n"
        )

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "sage_100_agent", *words, "--settings", str(self.settings)]

    def does(self, *words: str, typed: str = "", code: int = 0) -> dict[str, Any]:
        said, before = io.StringIO(), sys.stdin
        sys.stdin = io.StringIO(typed)
        try:
            with contextlib.redirect_stdout(said):
                assert main([*words, "--json", "--settings", str(self.settings)]) == code, said.getvalue()
        finally:
            sys.stdin = before
        told: dict[str, Any] = json.loads(said.getvalue())
        return told

    def refusal(self) -> str:
        """Why it does not begin to work."""
        done = subprocess.run(self.command("run"), capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stderr
        return done.stderr

    def enroll(self, password: str = "secret") -> dict[str, Any]:
        code = enrollment.new_code()
        self.stores.agents.invite(enrollment.secret_of(code), "warehouse", "acme", ["MER"], now())
        return self.does("enroll", typed=f"{code}\n{password}\n")

    def start(self) -> subprocess.Popen[str]:
        started = subprocess.Popen(self.command("run"), stderr=subprocess.PIPE, text=True)
        self.running.append(started)
        return started

    def job(self, id: str, verb: str = "po.create", params: dict[str, Any] = ORDER) -> None:
        effect = jobs.Effect.WRITE if verb == "po.create" else jobs.Effect.READ
        job = jobs.Job(id, "warehouse", "MER", verb, params, effect, now() + 600, idem_ref=id)
        self.stores.agent_jobs.enqueue("acme", job, lambda asked: jobs.signed_job(asked, JOBS, now()), now())

    def result(self, id: str) -> dict[str, Any]:
        def told() -> Any:
            row = self.stores.agent_jobs.job(id)
            return row and row.result

        return dict(wait_for(told))


def wait_for(what: Callable[[], Any], within_s: float = 30.0) -> Any:
    until = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


@pytest.fixture
def place(ledger_database: str, tmp_path: Path) -> Iterator[Place]:
    sandbox = Sage100Sandbox(make_world(1, 40), orders=3)
    settings = read_settings({"MLCONN_DATABASE_URL": ledger_database, "MLCONN_HOME": str(tmp_path / "home")})
    with SageServer(sandbox) as sage, open_stores(settings, with_vault=False) as stores:
        stores.agents.publish_job_key(keys.certified(ROOT, keys.PublicKey(JOBS.public, now() - 1, now() + 1_000)))
        stores.agents.invite(enrollment.secret_of(enrollment.new_code()), "first", "acme", ["MER"], now())
        with listening(application_of(NO_EVENTS, stores)) as url:
            place = Place(tmp_path, stores, sandbox)
            place.write(url, sage.address[1])
            yield place
            for each in place.running:
                each.kill()
                each.wait()
                assert each.stderr is not None
                each.stderr.close()


def test_it_is_enrolled_works_is_killed_works_on_and_stops(place: Place) -> None:
    assert "not enrolled" in place.refusal()
    assert place.enroll()["agent"] == "warehouse"
    assert place.does("probe")["MER"]["value"]["code_page"] == "cp1252"
    assert place.does("status", code=1)["running"] is False

    first = place.start()
    place.job("acme-1")
    ordered = place.result("acme-1")
    assert ordered["outcome"] == "ok" and place.sandbox.order(ordered["number"])["Comment$"] == "acme-1"
    about = place.stores.agents.agent("warehouse").about
    assert about["version"] == "0.1.0" and "po.create" in about["verbs"] and about["probe"]["MER"]["outcome"] == "ok"
    wait_for(lambda: place.does("status")["results"] == 0)
    status = place.does("status")
    assert status["running"] and status["heard_s"] < 60 and status["open"] == 0
    assert "is running" in place.refusal()

    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert place.does("status", code=1)["running"] is False
    assert place.does("rotate")["running"] is False
    second = place.start()
    place.job("acme-2", "company.list", {})
    assert place.result("acme-2")["outcome"] == "ok"
    wait_for(lambda: len(place.stores.agents.keys("warehouse")) == 2)
    second.terminate()
    _, said = second.communicate(timeout=20)
    assert second.returncode == 0, said
    ended = place.does("status", code=1)["last"]
    assert ended["why"] == "stopped" and ended["pid"] == second.pid
    log = "\n".join(place.does("logs", "--lines", "500")["lines"])
    assert "begins" in log and "secret" not in log


def test_agent_and_worker_need_little_and_idle_they_need_nothing(place: Place) -> None:
    """A server of a customer's is not ours to fill."""
    place.enroll()
    agent = place.start()
    place.job("acme-1")
    place.result("acme-1")
    tasks = Path(f"/proc/{agent.pid}/task").iterdir()
    both = [agent.pid, *(int(child) for task in tasks for child in (task / "children").read_text().split())]
    assert len(both) == 2 and sum(map(resident_mb, both)) <= 120
    time.sleep(1)
    before, began = sum(map(busy_s, both)), time.monotonic()
    time.sleep(5)
    assert (sum(map(busy_s, both)) - before) / (time.monotonic() - began) <= 0.005


def resident_mb(pid: int) -> float:
    [told] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(told.split()[1]) / 1024


def busy_s(pid: int) -> float:
    """Time on a processor, of all its threads, those that ended too."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def test_a_code_is_good_once_and_what_sage_refuses_is_told(place: Place) -> None:
    assert "does not know this code" in place.does("enroll", typed=f"{enrollment.new_code()}\nwrong\n", code=1)["error"]
    place.enroll()
    refused = place.does("probe", code=1)["MER"]
    assert (refused["outcome"], refused["category"]) == ("refused", "sign_in")
    place.does("password", "MER", typed="secret\n")
    assert place.does("probe")["MER"]["outcome"] == "ok"
    place.stores.agents.revoke("warehouse")
    stopped = place.start()
    stopped.communicate(timeout=30)
    assert stopped.returncode == 0 and place.does("status", code=1)["last"]["why"] == "revoked"


def test_an_allow_file_narrows_and_one_that_is_not_understood_stops_everything(place: Place) -> None:
    place.enroll()
    (place.folder / "allow.toml").write_text('verbs = ["company.list", "po.chnaged"]\n')
    assert "there is no verb po.chnaged" in place.refusal()
    (place.folder / "allow.toml").write_text('posting = "yes"\n')
    assert "posting is true or false" in place.refusal()
    (place.folder / "allow.toml").write_text('verbs = ["company.list"]\n')
    place.start()
    place.job("acme-1")
    told = place.result("acme-1")
    assert (told["outcome"], told["category"]) == ("refused", "not_allowed")
