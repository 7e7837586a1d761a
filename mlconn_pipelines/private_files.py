"""Files that only their owner may read: keys and passwords. Complete on disk before they have their name."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

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
