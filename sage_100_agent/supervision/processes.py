"""Processes by id and birth: an id alone may be another's by the time it is used."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

GONE_WITHIN_S = 10.0


@dataclass(frozen=True)
class Process:
    """born: when it started, as the system counts it."""

    pid: int
    born: str


def process_of(pid: int) -> Process | None:
    """None where there is none of this id, or only one that has ended and waits to be collected."""
    born = _born_on_windows(pid) if sys.platform == "win32" else _born(pid)
    return Process(pid, born) if born else None


def end(process: Process) -> bool:
    """End this very process, and come back when it is gone: what it was doing is over by then. False: it was gone already, or stays."""
    if process_of(process.pid) != process:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # TerminateProcess on Windows
    return is_gone(process, GONE_WITHIN_S)


def is_gone(process: Process, within_s: float) -> bool:
    """Wait for it to be gone."""
    until = time.monotonic() + within_s
    while (there := process_of(process.pid) == process) and time.monotonic() < until:
        time.sleep(0.02)
    return not there


def _born(pid: int) -> str:
    with contextlib.suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if after_name[0] in "ZX" else after_name[19]
    return ""


def _born_on_windows(pid: int) -> str:
    import pywintypes
    import win32api
    import win32process

    with contextlib.suppress(pywintypes.error):
        handle = win32api.OpenProcess(0x1000, 0, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if win32process.GetExitCodeProcess(handle) == 259:  # STILL_ACTIVE
            return str(win32process.GetProcessTimes(handle)["CreationTime"])
    return ""
