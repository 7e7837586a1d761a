"""What `postmaster.pid` says of a server, and whether it is true: the file outlives a crash, and process ids come back."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NO_PROCESS = 4_194_305
"""One above the largest process id that Linux gives; macOS stays below 100,000."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """pid: of the server's first process. port: on 127.0.0.1. ready: it accepts connections."""

    pid: int
    port: int
    ready: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """None without the file, or while it is only half written. Lines: pid, folder, start, port, socket folder, address, memory, state."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Postmaster(abs(int(lines[0])), int(lines[3]), len(lines) > 7 and lines[7].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return None


def is_server(pid: int, data: Path) -> bool:
    """Whether that process is a PostgreSQL server of this data folder, and not a stranger with the same number."""
    command = _command(pid)
    return command is not None and "postgres" in Path(command[0]).name and str(data) in " ".join(command)


def _command(pid: int) -> list[str] | None:
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        return [os.fsdecode(word) for word in words if word] or None
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.split() or None


def forget_stranger(data: Path) -> None:
    """Make a stale postmaster.pid name no process, when the process that has its number now is no server of this folder.

    PostgreSQL itself clears the file of a dead process, and looks at the shared memory that the file names before it does;
    so the file stays, and only the number in it changes.
    """
    path = data / "postmaster.pid"
    try:
        lines = path.read_text().splitlines(keepends=True)
        pid = abs(int(lines[0]))
    except (OSError, ValueError, IndexError):
        return
    if not is_server(pid, data):
        path.write_text("".join([f"{NO_PROCESS}\n", *lines[1:]]))
