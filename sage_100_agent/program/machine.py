"""This machine and this folder: who we say we are, and that one agent alone works here."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any


class AlreadyRunning(Exception):
    """Another agent works in this folder."""


def server_name() -> str:
    return platform.node()[:100] or "unnamed"


def fingerprint() -> str:
    """64 hexadecimal digits, the same at every start; a copied machine has them too, and is told apart by its boots."""
    return hashlib.sha256(f"mlconn-agent-machine\n{_machine_id()}\n{platform.node()}".encode()).hexdigest()


def _machine_id() -> str:
    if sys.platform == "win32":
        import winreg

        with (
            contextlib.suppress(OSError),
            winreg.OpenKey(
                winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography", 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            ) as key,
        ):
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    with contextlib.suppress(OSError):
        return Path("/etc/machine-id").read_text().strip()
    return ""


@contextlib.contextmanager
def alone_in(folder: Path, tries: int = 10) -> Iterator[None]:
    """Hold the folder for this process; the system gives it back however the process ends. Errors: AlreadyRunning.

    tries: a tenth of a second apart, since somebody who asks whether it is held holds it for a moment.
    """
    with (folder / "agent.lock").open("ab") as file:
        while not _locked(file):
            if (tries := tries - 1) <= 0:
                raise AlreadyRunning(f"an agent is running in {folder} already. Stop it first")
            time.sleep(0.1)
        yield


def is_held(folder: Path) -> bool:
    try:
        with alone_in(folder, tries=1):
            return False
    except FileNotFoundError:
        return False
    except (AlreadyRunning, PermissionError):
        return True


def _locked(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_json(file: Path, told: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    written = file.with_name(f".{file.name}")
    with written.open("w", encoding="utf-8") as out:
        json.dump(told, out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    written.replace(file)


def read_json(file: Path) -> dict[str, Any]:
    """Empty where there is none, or none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(told, dict):
            return told
    return {}
