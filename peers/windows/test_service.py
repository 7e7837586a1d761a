"""The agent as a service of Windows: enrolled by TLS through a proxy that wants a sign-in, installed, at work through COM, taken away."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlconn_pipelines.agents import enrollment, jobs, keys
from mlconn_pipelines.gateway.program import Listening, application_of
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines_tests.conftest import ledger_database, ledger_template, postgres_server  # noqa: F401
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_simulators.certificates import Authority
from peers.windows import environment
from peers.windows.conftest import Sage
from peers.windows.environment import windows_path
from peers.windows.freeze import freeze
from peers.windows.proxy import Proxy
from peers.windows.test_com import ORDER
from sage_100_agent.program.settings import EXAMPLE

ROOT, JOBS = keys.Signer(keys.new_private()), keys.Signer(keys.new_private())
NO_EVENTS: Any = SimpleNamespace(integrations={}, syncs={}, folder="config")


def now() -> int:
    return int(time.time())


def wait_for(what: Callable[[], Any], within_s: float = 60.0) -> Any:
    until = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


class Place:
    """The agent's folder, typed at. program: what is typed."""

    def __init__(self, folder: Path, program: Sequence[str], stores: Stores, sage: Sage, proxy: Proxy) -> None:
        self.folder, self.stores, self.sage, self.proxy = folder, stores, sage, proxy
        self.program = program

    def does(self, *words: str, typed: str = "", code: int = 0) -> dict[str, Any]:
        command = [*self.program, *words, "--json", "--settings", windows_path(self.folder / "agent.toml")]
        done = environment.ran(command, 180, check=False, stdin=typed)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def enroll(self) -> None:
        code = enrollment.new_code()
        self.stores.agents.invite(enrollment.secret_of(code), "warehouse", "acme", ["MER"], now())
        assert self.does("enroll", typed=f"{code}\nsecret\n")["agent"] == "warehouse"

    def enroll_through_proxy(self) -> None:
        self.does("password", "--proxy", typed="pässwörd\n")
        self.enroll()

    def enqueue(self, id: str) -> None:
        job = jobs.Job(id, "warehouse", "MER", "po.create", ORDER, jobs.Effect.WRITE, now() + 600, idem_ref=id)
        self.stores.agent_jobs.enqueue("acme", job, lambda asked: jobs.signed_job(asked, JOBS, now()), now())

    def orders(self, id: str) -> str:
        """An order entered by the agent; its number."""
        self.enqueue(id)

        def told() -> Any:
            row = self.stores.agent_jobs.job(id)
            return row and row.result

        result = wait_for(told)
        assert result["outcome"] == "ok", result
        assert self.sage.ours(id) == [result["number"]]
        return str(result["number"])


def figures() -> tuple[float, float]:
    """Memory of the agent and its worker, and what they need of a core while nothing happens."""
    both = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_text(errors="replace")
            if (
                "service\0--settings" in words
                or "sage_100_agent.worker" in words
                or words.rstrip("\0").endswith("mlconn-sage-agent.exe\0worker")
            ):
                both.append(process)
    assert len(both) == 2, both
    resident = sum(int((each / "statm").read_text().split()[1]) * 4096 for each in both) / 2**20
    before, began = sum(map(_busy_s, both)), time.monotonic()
    time.sleep(10)
    return resident, (sum(map(_busy_s, both)) - before) / (time.monotonic() - began)


def _busy_s(process: Path) -> float:
    """Time on a processor, of all its threads, those that ended too."""
    after_name = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="session")
def frozen(windows: None) -> list[str]:
    """The program of a folder, made for one platform."""
    return [str(environment.WINE), str(freeze(ROOT.public.hex()))]


@pytest.fixture(params=["python", "frozen"])
def place(request: pytest.FixtureRequest, ledger_database: str, sage: Sage, tmp_path: Path) -> Iterator[Place]:  # noqa: F811
    program = environment.python_command("-m", "sage_100_agent")
    if request.param != "python":
        program = request.getfixturevalue("frozen")
    if request.param == "with a starter":
        program = [program[0], str(with_starter(tmp_path / "installed", Path(program[1])))]
    yield from place_of(program, request.param != "python", ledger_database, sage, tmp_path)


def with_starter(folder: Path, program: Path) -> Path:
    """An installation that can be updated, in which the newest version is on trial and damaged. Gives the starter."""
    for name in ("starter", "app-0.1.0"):
        shutil.copytree(program.parent, folder / name)
    (folder / "app-0.1.1").mkdir()
    (folder / "app-0.1.1" / program.name).write_text("damaged")
    (folder / "current.json").write_text(json.dumps({"version": "0.1.1", "before": "0.1.0", "failed": {}}))
    return folder / "starter" / program.name


def place_of(program: Sequence[str], has_key: bool, database: str, sage: Sage, folder: Path) -> Iterator[Place]:
    authority = Authority(folder, "authority")
    pair = authority.pair("localhost")
    proxy = Proxy("svc", "pässwörd")
    settings = read_settings({"MLCONN_DATABASE_URL": database, "MLCONN_HOME": str(folder / "home")})
    tls = Listening(certificate=pair.certificate, key=pair.key)
    with open_stores(settings, with_vault=False) as stores:
        stores.agents.publish_job_key(keys.certified(ROOT, keys.PublicKey(JOBS.public, now() - 1, now() + 1_000)))
        stores.agents.invite(enrollment.secret_of(enrollment.new_code()), "first", "acme", ["MER"], now())
        with listening(application_of(NO_EVENTS, stores), tls=tls) as url:
            agent = folder / "agent"
            agent.mkdir()
            (agent / "agent.toml").write_text(
                f'[platform]\nurl = "{url.replace("127.0.0.1", "localhost")}"\n'
                + ("" if has_key else f'root_key = "{ROOT.public.hex()}"\n')
                + f'proxy = "http://127.0.0.1:{proxy.port}"\nproxy_user = "svc"\n'
                f"ca_file = '{windows_path(authority.certificate)}'\n"
                f"[sage]\nhome = '{sage.sandbox.site.home}'\n[companies.MER]\nuser = \"EDI\"\n"
            )
            place = Place(agent, program, stores, sage, proxy)
            environment.ran([*program, "uninstall"], 180, check=False)  # what a run that was killed left behind
            try:
                yield place
            finally:
                environment.ran([*program, "uninstall"], 180, check=False)
                proxy.close()


def test_it_is_enrolled_installed_at_work_and_taken_away(place: Place) -> None:
    place.does("password", "--proxy", typed="wrong\n")
    refused = place.does("enroll", typed=f"{enrollment.new_code()}\nsecret\n", code=1)["error"]
    assert "NTLM and Negotiate are not supported" in refused
    place.enroll_through_proxy()
    assert place.does("probe")["MER"]["outcome"] == "ok"
    settings = place.folder / "agent.toml"
    settings.write_text((was := settings.read_text()).replace("MAS90", "MAS91"))
    refused = place.does("probe", code=1)["MER"]
    assert "Error: 12" in refused["text"] and "Home folder below MAS90" in refused["checks"][0], refused
    assert "pvxcom.exe.config is missing" in refused["checks"][1]
    settings.write_text(was)
    sealed = [file.read_bytes() for file in (place.folder / "secrets").iterdir()]
    assert len(sealed) == 3 and all(each[:1] == b"M" and b"secret" not in each for each in sealed)

    place.does("start", code=1)
    place.does("install", "--account", "LocalSystem")
    assert place.does("start") == {"service": "running"}
    place.orders("acme-1")
    status = place.does("status")
    assert status["running"] and status["service"] == "running"
    memory_mb, share = figures()
    print(f"agent and worker under wine: {memory_mb:.0f} MB, idle {share:.2%} of a core")
    assert memory_mb <= 200 and share <= 0.02
    assert [file.read_bytes()[:1] for file in (place.folder / "secrets").iterdir()] == [b"A"] * 3
    place.does("rotate")
    time.sleep(2)  # the agent looks each second; its poll ends with the job
    place.orders("acme-2")
    wait_for(lambda: len(place.stores.agents.keys("warehouse")) > 1)
    assert place.does("stop") == {"service": "stopped"}
    assert place.does("status", code=1)["service"] == "stopped"

    place.does("start")
    place.orders("acme-3")
    place.does("uninstall")
    assert place.does("status", code=1)["service"] == "not installed"
    log = "\n".join(place.does("logs", "--lines", "500")["lines"])
    assert "begins" in log and "secret" not in log and "pässwörd" not in log
    assert set(place.proxy.seen) == {"", "svc"}


@pytest.mark.parametrize("place", ["with a starter"], indirect=True)
def test_the_service_starts_the_version_that_works_and_ends_it_with_itself(place: Place) -> None:
    place.enroll_through_proxy()
    place.does("install", "--account", "LocalSystem")
    place.does("start")
    place.orders("acme-1")
    current = json.loads((Path(place.program[1]).parents[1] / "current.json").read_text())
    assert current["version"] == "0.1.0" and "cannot be started" in current["failed"]["0.1.1"]
    assert place.does("stop") == {"service": "stopped"}
    assert not alive() and place.does("status", code=1)["last"]["why"] == "stopped"


@pytest.mark.parametrize("place", ["frozen"], indirect=True)
def test_a_service_whose_sessions_fail_again_and_again_ends_so_that_windows_begins_it_anew(place: Place) -> None:
    """wine begins nothing anew; that the process ends by itself is what Windows goes by."""
    place.enroll_through_proxy()
    settings = place.folder / "agent.toml"
    failing = r"worker = ['C:\windows\system32\cmd.exe', '/c', 'exit 3']"
    settings.write_text(settings.read_text().replace("[companies", f"{failing}\n[companies"))
    place.does("install", "--account", "LocalSystem")
    place.does("start")
    for n in range(2):
        place.enqueue(f"acme-{n}")
    assert alive()
    wait_for(lambda: not alive(), 180)
    assert "6 sessions failed one after another" in place.does("status", code=1)["last"]["why"]


def alive() -> bool:
    return any(
        b"\0--settings" in words and b"mlconn-sage-agent.exe" in words for words in map(_words, Path("/proc").glob("[0-9]*"))
    )


def _words(process: Path) -> bytes:
    with contextlib.suppress(OSError):
        return (process / "cmdline").read_bytes()
    return b""


def test_the_program_bears_its_version_and_takes_no_other_platforms_key(frozen: list[str], tmp_path: Path) -> None:
    assert environment.ran([*frozen, "--version"]).stdout.strip() == "0.1.0"
    (tmp_path / "agent.toml").write_text(EXAMPLE)
    refused = environment.ran([*frozen, "status", "--settings", windows_path(tmp_path / "agent.toml")], check=False)
    assert refused.returncode == 2 and "line 3: platform.root_key: this build has the key" in refused.stderr
    asked = (
        "import sys, win32api; print(win32api.GetFileVersionInfo(sys.argv[1], r'\\StringFileInfo\\040904B0\\ProductVersion'))"
    )
    assert environment.ran(environment.python_command("-c", asked, windows_path(Path(frozen[1])))).stdout.strip() == "0.1.0"
