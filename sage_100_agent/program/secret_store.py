"""Keys and passwords on disk: on Windows sealed to the account that runs the agent (DPAPI), elsewhere files that only their owner reads.

Who types them on Windows is an administrator, and not that account: what is typed is sealed to the machine, within a folder that is closed
to others, until the agent takes it over with its next start. Linux, where the agent runs against a simulated Sage, has nothing to seal
them with: whoever is root there can read them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

AGENT_KEY, NEXT_KEY, PROXY = "agent-key", "agent-key-next", "proxy"
_SAGE = "sage-"
_ENTROPY = b"mlconn-sage-agent"
_OWN, _MACHINE = b"A", b"M"
_NO_WINDOW, _OF_MACHINE = 0x1, 0x4  # CRYPTPROTECT_UI_FORBIDDEN, CRYPTPROTECT_LOCAL_MACHINE


class SecretsUnreadable(Exception):
    """Its text says what to do."""


def of_company(code: str) -> str:
    return f"{_SAGE}{code}"


class Secrets:
    """Texts by name. Each method has reached the disk when it returns. Errors: SecretsUnreadable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._to = _MACHINE

    def take_over(self) -> None:
        """By the agent when it starts: from now on everything is sealed to its own account."""
        self._to = _OWN
        for name in self._names():
            if sys.platform == "win32" and (self._folder / name).read_bytes()[:1] == _MACHINE and (text := self.get(name)):
                self.put(name, text)

    def has(self, name: str) -> bool:
        return (self._folder / name).exists()

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
            file.write(_sealed(text.encode(), self._to))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._folder / name)

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self._folder / name).unlink()

    def all(self) -> list[str]:
        """Every text: what no log may hold."""
        return [text for name in self._names() if (text := self.get(name))]

    def _names(self) -> list[str]:
        return sorted(file.name for file in self._folder.glob("[!.]*")) if self._folder.exists() else []


def _sealed(plain: bytes, to: bytes) -> bytes:
    if sys.platform != "win32":
        return plain
    import win32crypt

    flags = _NO_WINDOW | (_OF_MACHINE if to == _MACHINE else 0)
    return to + bytes(win32crypt.CryptProtectData(plain, "mlconn-sage-agent", _ENTROPY, None, None, flags))


def _unsealed(sealed: bytes, file: Path) -> bytes:
    if sys.platform != "win32":
        return sealed
    import pywintypes
    import win32crypt

    try:
        return bytes(win32crypt.CryptUnprotectData(sealed[1:], _ENTROPY, None, None, _NO_WINDOW)[1])
    except pywintypes.error:
        anew = {AGENT_KEY: "enroll", PROXY: "password --proxy"}.get(file.name, f"password {file.name.removeprefix(_SAGE)}")
        raise SecretsUnreadable(
            f"{file} is sealed to the account that ran the agent first. Run this as that account, or have it anew: mlconn-sage-agent {anew}"
        ) from None
