"""Scenes whose flows run in processes of their own, which may be killed, frozen and let go on."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import stamina

from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.command_line import mlconn_here
from mlconn_pipelines_tests.resilience.worker import Errand, work
from mlconn_pipelines_tests.scenario import ABSENCE_S, Scene, scene, wait_until

TIME_OUT_S = 0.3
"""Of an act, margin included: what a killed process left may be taken over so soon."""


class Stage(Protocol):
    def __call__(self, **options: Any) -> Scene: ...


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    """Opens a scene with the options of `scenario.scene`; no documents and no orders but those asked for."""
    with ExitStack() as stack:

        def open_scene(**options: Any) -> Scene:
            wanted = {"documents": 0, "initial_orders": 0, "act_time_out_s": TIME_OUT_S, **options}
            return stack.enter_context(scene(tmp_path, ledger_database, **wanted))

        yield open_scene


@pytest.fixture
def eager() -> Iterator[None]:
    """Reads are tried again as often as always, without the waits in between: half the time of a scene full of lies."""
    with stamina.set_testing(True, attempts=RetryPolicy().attempts, cap=True):
        yield


class Process:
    """A process on an errand."""

    def __init__(self, errand: Errand) -> None:
        # Forked from a server that has read our modules already and holds no thread or connection of this test.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([work.__module__])
        self._said, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(errand, theirs), daemon=True)
        self._process.start()
        theirs.close()
        assert self._heard(60.0) == "ready"

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def go(self) -> Process:
        self._said.send("go")
        return self

    def done(self, within_s: float = 120.0) -> Any:
        """What it did: a list of counts by step, one for each run."""
        said = self._heard(within_s)
        self._process.join(within_s)
        assert self._process.exitcode == 0, self._process.exitcode
        assert isinstance(said, list), said
        return said

    def died(self, within_s: float = 60.0) -> None:
        """Waits until a SIGKILL has ended it."""
        self._process.join(within_s)
        assert self._process.exitcode == -signal.SIGKILL, self._process.exitcode

    def ended(self, within_s: float = 60.0) -> bool:
        """Whether it ended in time, by SIGKILL or because there was nothing more to do."""
        self._process.join(within_s)
        return self._process.exitcode in (0, -signal.SIGKILL)

    @property
    def was_killed(self) -> bool:
        """Of one that has ended: by SIGKILL."""
        return self._process.exitcode == -signal.SIGKILL

    def kill(self) -> None:
        self._process.kill()
        self.died()

    def froze(self, within_s: float = 60.0) -> None:
        """Waits until SIGSTOP has stopped it."""
        stat = Path(f"/proc/{self.pid}/stat")
        assert wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", within_s)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        """Whatever it is at."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._said.close()

    def _heard(self, within_s: float) -> Any:
        assert self._said.poll(within_s), "the process says nothing"
        return self._said.recv()


class InAProcess(Protocol):
    """A scene, of an integration of either kind."""

    @property
    def environment(self) -> Mapping[str, str]: ...


class Start(Protocol):
    def __call__(self, scene: InAProcess, *flows: str, **options: Any) -> Process: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """A process that is ready to run these flows of a scene. options: of Errand."""
    processes: list[Process] = []

    def started(scene: InAProcess, *flows: str, **options: Any) -> Process:
        errand = Errand(dict(scene.environment), flows, **{"act_time_out_s": TIME_OUT_S, **options})
        processes.append(Process(errand))
        return processes[-1]

    yield started
    for process in processes:
        process.end()


Mlconn = Callable[..., Any]


@pytest.fixture
def mlconn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mlconn:
    """The command line in a scene's environment, always with --json; gives (exit code, what it printed as JSON)."""

    def run(scene: Scene, *arguments: str) -> tuple[int, Any]:
        ran = mlconn_here(monkeypatch, capsys, scene.environment, *arguments, "--json")
        return ran.returncode, json.loads(ran.stdout) if ran.stdout else ran.stderr

    return run


def after_time_out() -> None:
    """Long enough for what a dead process left to be taken over, and for absence to prove something."""
    time.sleep(TIME_OUT_S + ABSENCE_S + 0.06)
