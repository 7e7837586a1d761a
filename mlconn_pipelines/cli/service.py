"""One process behind the Dagster UI: started with a lock that it holds for life, and started again when it dies, up to a bound."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mlconn_pipelines.cli.process_lock import end_leftover, lock_to_inherit
from mlconn_pipelines.private_files import open_private_log, private_folder

DEATHS_MAX = 5
DEATHS_WITHIN_S = 600.0
"""More deaths than that in so short a time are a fault that starting again does not mend; spread over weeks they are not."""

WAIT_MAX_S = 60.0


@dataclass(slots=True)
class Deaths:
    """When a service died; those of long ago are forgotten. Times are of one clock, in seconds."""

    at: deque[float] = field(default_factory=deque)

    def note(self, now: float) -> None:
        self.at.append(now)
        self._forget(now)

    def too_many(self, now: float) -> bool:
        self._forget(now)
        return len(self.at) > DEATHS_MAX

    def may_start(self, now: float) -> bool:
        """At once after the first death; then after 2, 4, 8 … seconds, so that what it needs has time to come back."""
        wait_s = min(WAIT_MAX_S, 2.0 ** (len(self.at) - 1)) if len(self.at) > 1 else 0.0
        return not self.at or now - self.at[-1] >= wait_s

    def _forget(self, now: float) -> None:
        while self.at and now - self.at[0] > DEATHS_WITHIN_S:
            self.at.popleft()


@dataclass(slots=True)
class Service:
    """One child process with its own process group and log file.

    Beside the log lies a lock that it holds for as long as it lives, whatever becomes of its parent.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: Deaths = field(default_factory=Deaths)

    def start(self) -> None:
        private_folder(self.log.parent)
        self.end_leftover()
        with open_private_log(self.log) as output, lock_to_inherit(self._lock_file) as held:
            self.process = _spawn(self.command, self.environment, output, held.fileno())
            held.write(str(self.process.pid))

    def end_leftover(self) -> None:
        """End the process of an earlier `up` that was killed; two daemons on one Dagster home would start everything twice."""
        end_leftover(self._lock_file)

    @property
    def _lock_file(self) -> Path:
        return self.log.with_suffix(".lock")

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def note_death(self, now: float) -> None:
        """Count a death once: the process is forgotten with it."""
        if self.process is not None and not self.alive:
            self.process = None
            self.deaths.note(now)

    def signal(self, number: int) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


def _spawn(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes], lock: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdout=output,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(lock,),
    )
