"""The gateway, the agent beside Sage and Sage's hosts as processes of their own, to be killed, and the line between them, to be cut.

The agent dials a line, the line leads to the tunnel that may lie, and that to `mlconn gateway`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from mlconn_pipelines_tests.sage_100_agent import mortal_agent
from mlconn_pipelines_tests.scenario import Scene, wait_until
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from mlconn_pipelines_tests.systems.sage_100.sage_site import ROOT
from mlconn_simulators.demo.agent import Line
from mlconn_simulators.demo.reading import answers

START_S = 60.0
LOOK_EVERY_S = 0.3


class SageMachines:
    """Use it in a `with` block: what worked in this process gives way meanwhile. What ends is started again, as services are.

    struck: kills and cuts by name, and how often a service ended by itself and was started again.
    """

    def __init__(self, scene: Scene, sage: Sage100) -> None:
        self._scene, self._sage = scene, sage
        self.struck: Counter[str] = Counter()
        self._line = Line(_port_of(sage.site.url))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._starting, self._over = threading.Lock(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="services", daemon=True)

    def __enter__(self) -> SageMachines:
        self._sage.go_away()
        self._sage.site.cut()
        self._start("gateway")
        assert wait_until(lambda: answers(f"{self._sage.site.gateway}/ready"), START_S), "the gateway does not answer"
        self._start("agent")
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._watcher.join()
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._line.close()
        self._sage.site.join()
        self._sage.come_back()

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What can be done to them, by the name under which it is counted."""
        return {
            "agent killed": lambda: self.kill("agent"),
            "gateway killed": lambda: self.kill("gateway"),
            "host killed": self.kill_hosts,
            "tunnel cut": lambda: self.cut_for(2.0),
        }

    def kill(self, name: str) -> None:
        """SIGKILL to the agent or the gateway."""
        with self._starting:
            self._processes[name].kill()
            self._processes[name].wait()
        self.struck[f"{name} killed"] += 1

    def kill_hosts(self) -> None:
        """SIGKILL to Sage's processes, whatever they are at."""
        for pid in list(self._sage.sandbox.running):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.struck["host killed"] += 1

    def cut_for(self, seconds: float) -> None:
        self.cut()
        self._over.wait(seconds)
        self.mend()

    def cut(self) -> None:
        self._line.cut()
        self.struck["tunnel cut"] += 1

    def mend(self) -> None:
        self._line.mend()

    def results_kept(self) -> int:
        """Results in the agent's journal that nobody has taken yet."""
        with contextlib.closing(sqlite3.connect(self._folder / "journal.sqlite")) as journal:
            (count,) = journal.execute("SELECT count(*) FROM job WHERE state = 'done' AND acknowledged_at IS NULL").fetchone()
        return int(count)

    @property
    def _folder(self) -> Path:
        return self._sage.site.folder / "agent"

    def _start(self, name: str) -> None:
        with self._starting, (self._sage.site.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._command(name), env=dict(self._scene.environment), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def _command(self, name: str) -> Sequence[str]:
        site = self._sage.site
        if name == "gateway":
            program = str(Path(sys.executable).with_name("mlconn"))
            return [program, "gateway", "--host", "127.0.0.1", "--port", str(_port_of(site.gateway))]
        place = [str(self._folder), f"http://127.0.0.1:{self._line.port}", ROOT.public.hex(), str(site.server.address[1])]
        return [sys.executable, "-m", mortal_agent.__name__, *place, "never", "never"]

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            for name, process in list(self._processes.items()):
                if (code := process.poll()) is not None:
                    self.struck[f"{name} started again"] += code >= 0
                    self._start(name)


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2])
