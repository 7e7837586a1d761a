"""Which of our processes live, by locks that end with them: a process id alone might be a stranger's by now."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mlconn_pipelines.errors import ConfigurationError

END_WITHIN_S = 8.0


@contextmanager
def lock_to_inherit(lock_file: Path) -> Iterator[IO[str]]:
    """A locked file to start a process with (`pass_fds`) and to write its id into; the lock then lasts as long as that process."""
    with lock_file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield held


def holder(lock_file: Path) -> int | None:
    """Id of the living process that started with this lock, None when it has ended."""
    try:
        with lock_file.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or 0) or None
    except FileNotFoundError:
        pass
    return None


def end_leftover(lock_file: Path) -> None:
    """End the process group of the lock's process, if it lives: politely, then at once."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if (left := holder(lock_file)) is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(left, number)
        deadline = time.monotonic() + END_WITHIN_S
        while holder(lock_file) is not None and time.monotonic() < deadline:
            time.sleep(0.1)


@contextmanager
def alone_in(home: Path) -> Iterator[None]:
    """Hold a Dagster home for as long as the context lasts. ConfigurationError when another living process does so."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ConfigurationError(
                f"process {lock.read().strip() or 'unknown'} runs webserver and daemon of {home} already",
                "Use that one, or end it first; one home has one daemon.",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
