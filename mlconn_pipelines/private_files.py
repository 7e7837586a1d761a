"""Files that only their owner may read: keys and passwords, complete on disk before they have their name; folders and logs."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from mlconn_pipelines.errors import VaultError


def create_private(path: Path, text: str) -> bool:
    """Write a new 0600 file; False, and nothing changed, when the name is taken already (another program was faster)."""
    written = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a rename, never replaces what is there.
            os.link(written, path)
        except FileExistsError:
            return False
    finally:
        with suppress(FileNotFoundError):
            written.unlink()
    return True


def replace_private(path: Path, text: str) -> None:
    """Write a 0600 file in the place of the one that is there, at once or not at all."""
    written = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    if create_private(written, text):
        written.replace(path)


def read_private(path: Path) -> str:
    """The text without surrounding blanks. FileNotFoundError when absent; VaultError when others may read it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise VaultError(f"{path} may be read by others (mode {mode:04o}, expected 0600)", f"Say: chmod 600 {path}")
    return path.read_text(encoding="ascii").strip()


def private_folder(path: Path) -> Path:
    """Make the folder for its owner alone; one of ours that an earlier release left open to others is closed to them."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close_to_others(path)
    return path


def open_private_log(path: Path) -> IO[bytes]:
    """A log to append to, which only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    _close_to_others(path)
    return os.fdopen(descriptor, "ab")


def _close_to_others(path: Path) -> None:
    status = path.stat()
    if os.name == "posix" and status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
        path.chmod(stat.S_IMODE(status.st_mode) & 0o700)
