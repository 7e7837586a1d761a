"""The demo's agent: a process of its own beside the simulated Sage, which is killed once, and once cut off, while documents flow."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from mlconn_pipelines.agents.enrollment import new_code, secret_of
from mlconn_pipelines.agents.keys import Signer, new_private
from mlconn_pipelines.errors import ConfigurationError, MlconnError
from mlconn_pipelines.wiring.agents import make_job_key
from mlconn_pipelines.wiring.stores import Stores
from mlconn_simulators.demo.description import Described
from mlconn_simulators.demo.reading import answers
from mlconn_simulators.demo.sage_100 import AGENT, INTEGRATION, KIND

KILLED_AFTER_S, CUT_AFTER_S, CUT_FOR_S = 20.0, 35.0, 8.0
"""After the agent began to work."""
_BYTES = 65_536


class Line:
    """The way from the agent to the gateway. Cut, what runs through it breaks off, and nothing gets through until it is mended."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_cut = False
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def cut(self) -> None:
        self._is_cut = True
        for one in self._open:
            _shut(one)
        self._open.clear()

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._to, timeout=5) if not self._is_cut else None
            except OSError:
                far = None
            if far is None:
                _shut(near)
                continue
            far.settimeout(None)
            self._open = [one for one in self._open if one.fileno() >= 0] + [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(_BYTES):
            target.sendall(content)
    _shut(source)
    _shut(target)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@dataclass(slots=True)
class SageAgent:
    """Invited at once, enrolled when the gateway answers; `go_on` is called now and then, until `over`. gateway: its address.

    disturbed: it is killed and cut off.
    """

    folder: Path
    described: Described
    stores: Stores
    gateway: str
    disturbed: bool = True
    killed: int = 0
    cut: int = 0
    over: bool = False
    _root: Signer = field(default_factory=lambda: Signer(new_private()), repr=False)
    _code: str = field(default="", repr=False)
    _line: Line | None = None
    _process: subprocess.Popen[bytes] | None = None
    _began_at: float = 0.0
    _cut_at: float = 0.0

    def __post_init__(self) -> None:
        if find_spec("sage_100_agent") is None:
            raise ConfigurationError(
                "Sage 100 is reached through its agent, which is not installed",
                "Run: pip install mlconn-sage-100-agent, or leave sage_100 out of --systems.",
            )
        self._invite()

    def _invite(self) -> None:
        """The key that its jobs are signed with, and the code by which it is enrolled, as a person would be given it."""
        now = int(self.stores.queue.now().timestamp())
        make_job_key(self.stores, self._root, now - 3_600, now + 86_400)
        self._code = new_code()
        self.stores.agents.invite(secret_of(self._code), AGENT, INTEGRATION, self.described[KIND]["companies"], now)

    def _begin(self) -> None:
        """Settings, enrollment and first start, as they are done beside a Sage server. Errors: MlconnError."""
        said = self.described[KIND]
        self.folder.mkdir(parents=True, exist_ok=True)
        self._line = Line(urlsplit(self.gateway).port or 80)
        worker = [sys.executable, "-m", "mlconn_simulators.demo.sage_100_worker", str(said["port"])]
        (self.folder / "agent.toml").write_text(
            f'[platform]\nurl = "http://127.0.0.1:{self._line.port}"\nroot_key = "{self._root.public.hex()}"\nproxy = "none"\n\n'
            f"[sage]\nhome = '{said['home']}'\nansi = \"cp1252\"\nworker = {worker!r}\n\n"
            + "".join(f'[companies.{company}]\nuser = "{said["user"]}"\n' for company in said["companies"]),
            encoding="utf-8",
        )
        typed = "".join(f"{line}\n" for line in (self._code, *(said["password"] for _ in said["companies"])))
        enrolled = subprocess.run(self._command("enroll"), input=typed, capture_output=True, text=True, timeout=60, check=False)
        if enrolled.returncode:
            raise MlconnError(f"the agent was not enrolled: {enrolled.stderr.strip()[-300:]}", f"See {self.folder}.")
        self._start()
        self._began_at = time.monotonic()

    def go_on(self) -> None:
        """Kill it, and cut it off, when it is time; start it again as Windows' recovery does."""
        if self._process is None or self._line is None:
            if answers(f"{self.gateway}/ready"):
                self._begin()
            return
        if self.disturbed:
            self._disturb()
        if self._process.poll() is not None:
            self._start()

    def _disturb(self) -> None:
        assert self._line is not None
        worked_s = time.monotonic() - self._began_at
        if not self.killed and worked_s > KILLED_AFTER_S:
            self._kill()
            self.killed += 1
            self._start()
        if not self.cut and worked_s > CUT_AFTER_S:
            self._line.cut()
            self.cut, self._cut_at = 1, time.monotonic()
        if self.cut and not self.over and time.monotonic() - self._cut_at > CUT_FOR_S:
            self._line.mend()
            self.over = True

    def peak_megabytes(self) -> float:
        """Of the agent and its worker, together, at their highest."""
        return sum(int(_field(pid, "VmHWM").split()[0]) for pid in self._pids()) / 1024

    def cpu_seconds(self) -> float:
        """That the agent and its worker have taken so far."""
        ticks = os.sysconf("SC_CLK_TCK")
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._pids()]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / ticks

    def _pids(self) -> list[int]:
        """All of its process group."""
        assert self._process is not None
        group = self._process.pid
        return [int(place.name) for place in Path("/proc").glob("[0-9]*") if _group(int(place.name)) == group]

    def words(self) -> str:
        """What was done to it."""
        return f"The agent beside Sage was killed {self.killed} time and cut off {self.cut} time while documents moved."

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._kill()
        if self._line is not None:
            self._line.close()

    def _start(self) -> None:
        with (self.folder / "agent.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("run"), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def _kill(self) -> None:
        """The agent and its worker, without a word to either."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _command(self, *what: str) -> list[str]:
        return [sys.executable, "-m", "sage_100_agent", *what, "--settings", str(self.folder / "agent.toml")]


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _field(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))
