"""SIGTERM ends a run of tests as Ctrl-C does: fixtures and context managers stop what they started.

Without it the program dies at once, and its workers, servers and databases live on. `pytest.exit` would not do: it is an
`Exception`, which flows that go on with the next document rightly catch.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import NoReturn

END_WITHIN_S = 60.0
"""So long a worker may take to stop what its test started, until it is killed."""

_workers: list[int] = []


def end_on_sigterm() -> None:
    """From now on; each process of the run says it for itself."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)


def end_worker_too(pid: int) -> None:
    """That process of the run is told at once: by itself it would notice after a while that nobody reads what it reports."""
    _workers.append(pid)


def _end(number: int, frame: object) -> NoReturn:
    # Once only: what is being stopped must not be interrupted by a second signal, or by execnet's own impatience.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for pid in _workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    raise KeyboardInterrupt("terminated")
