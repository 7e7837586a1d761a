"""Keys and passwords on disk: on Windows sealed to the account that runs the service (DPAPI), elsewhere files that only their owner reads.

Linux, where the agent runs against a simulated Sage, has nothing to seal them with: whoever is root there can read them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

AGENT_KEY, NEXT_KEY, PROXY = "agent-key", "agent-key-next", "proxy"
_ENTROPY = b"mlconn-sage-agent"


class SecretsUnreadable(Exception):
    """Its text says what to do."""


def of_company(code: str) -> str:
    return f"sage-{code}"


class Secrets:
    """Texts by name. Each method has reached the disk when it returns. Errors: SecretsUnreadable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str | None:
        file = self._folder / name
        try:
            if sys.platform != "win32" and file.stat().st_mode & 0o077:
                raise SecretsUnreadable(f"{file} can be read by others. Run: chmod 600 {file}; and change what it holds")
            sealed = file.read_bytes()
        except FileNotFoundError:
            return None
        except PermissionError:
            raise SecretsUnreadable(f"{file} belongs to another account. Run this as the account of the agent") from None
        return _unsealed(sealed, file).decode()

    def put(self, name: str, text: str) -> None:
        """The file is never seen half written, nor by others."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = self._folder / f".{name}"
        with contextlib.suppress(FileNotFoundError):
            written.unlink()
        handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_sealed(text.encode()))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._folder / name)

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self._folder / name).unlink()

    def all(self) -> list[str]:
        """Every text: what no log may hold."""
        names = sorted(file.name for file in self._folder.glob("*")) if self._folder.exists() else []
        return [text for name in names if not name.startswith(".") and (text := self.get(name))]


def _sealed(plain: bytes) -> bytes:
    if sys.platform != "win32":
        return plain
    import win32crypt

    return bytes(win32crypt.CryptProtectData(plain, "mlconn-sage-agent", _ENTROPY, None, None, 0))


def _unsealed(sealed: bytes, file: Path) -> bytes:
    if sys.platform != "win32":
        return sealed
    import pywintypes
    import win32crypt

    try:
        return bytes(win32crypt.CryptUnprotectData(sealed, _ENTROPY, None, None, 0)[1])
    except pywintypes.error:
        raise SecretsUnreadable(f"{file} was sealed for another account. Run this as the account of the service") from None
