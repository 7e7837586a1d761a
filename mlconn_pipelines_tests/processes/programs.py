"""The real programs as a person starts them: `mlconn` and Dagster's own, each a process group that ends with the test."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import mlconn_pipelines

PROJECT = Path(mlconn_pipelines.__file__).parent.parent
END_WITHIN_S = 40.0


def program(name: str) -> str:
    """A program of the virtual environment that runs these tests."""
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mlconn(environment: Mapping[str, str], *arguments: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [program("mlconn"), *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def exported(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment after `eval "$(mlconn env)"`."""
    said = mlconn(environment, "env", "--json")
    assert said.returncode == 0, said.stderr
    variables: dict[str, str] = json.loads(said.stdout)
    return {**environment, **variables}


@dataclass
class Program:
    """A long-lived program. log: what it writes."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self) -> int:
        """As Ctrl-C does it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(END_WITHIN_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to it and what is left of its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(environment: Mapping[str, str], log: Path, *command: str) -> Iterator[Program]:
    """The program while the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program(command[0]), *command[1:]],
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    running = Program(process, log)
    try:
        yield running
    finally:
        running.end()


def wait_for(true: Callable[[], Any], seconds: float, why: Callable[[], str] = lambda: "") -> Any:
    """What the call gives once that is true; fails with `why` when it does not come in time."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {why()}"
        time.sleep(0.25)
    return found


def answers(url: str) -> bool:
    """Whether a Dagster UI answers there."""
    try:
        with urlopen(f"{url}/server_info", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def graphql(url: str, query: str) -> Any:
    """The data of a GraphQL answer."""
    request = Request(f"{url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        body = json.load(answer)
    assert "errors" not in body, body
    return body["data"]


def descendants(pid: int) -> list[int]:
    """All processes below that one, by /proc; an empty list where there is no /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, left = [], [pid]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def kill_family(pid: int) -> None:
    """SIGKILL to a process and all below it, as a power cut would do it: each is frozen first, so that none starts another."""
    frozen: set[int] = set()
    while new := {pid, *descendants(pid)} - frozen:
        _signal(new, signal.SIGSTOP)
        frozen |= new
    _signal(frozen, signal.SIGKILL)


def _signal(pids: Collection[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
