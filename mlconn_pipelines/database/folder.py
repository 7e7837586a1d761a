"""The folder of an embedded server: where its data lies, its password, and the locks by which programs agree on who does what."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlconn_pipelines.database.account import STATE_FOLDERS, Account
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.private_files import read_private


class ServerFolder:
    """`data` or `location` (a file that names where the data lies instead), `password` (0600), `port`, `kept`, and two lock files."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.kept = self.path / "kept"
        self.password_file = self.path / "password"
        self.lock_file = self.path / "lock"
        self._port_file = self.path / "port"

    @property
    def data(self) -> Path:
        """The data folder as it is now; it need not exist."""
        return (self._elsewhere() or self.path) / "data"

    @property
    def last_port(self) -> int | None:
        try:
            return int(self._port_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def remember_port(self, port: int) -> None:
        self._port_file.write_text(f"{port}\n")

    def make(self) -> None:
        # Root's folder must let the server's account through; what is secret in it is 0600 or 0700 by itself.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        if not self.path.exists():
            self.path.mkdir(mode=mode, parents=True, exist_ok=True)
            self.path.chmod(mode)

    def remove(self) -> None:
        elsewhere = self._elsewhere()
        if elsewhere is not None:
            shutil.rmtree(elsewhere, ignore_errors=True)
            with suppress(OSError):  # others' databases are still in it
                elsewhere.parent.rmdir()
        shutil.rmtree(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One program at a time makes, starts or stops the server."""
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def lock_of_owner(self) -> int | None:
        """An open file that holds the owner's lock; None when a living program holds it. The kernel frees it at any death."""
        descriptor = os.open(self.path / "owner", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def settle_data(self, account: Account | None) -> Path:
        """Decide where the data lies: here, or for root below STATE_FOLDERS when the account may not enter this folder.

        Raises ConfigurationError when there is no such place.
        """
        if self._elsewhere() is not None or account is None or self.data.exists() or account.may_enter(self.path):
            return self.data
        for state in STATE_FOLDERS:
            if state.is_dir() and account.may_enter(state) and os.access(state, os.W_OK):
                elsewhere = state / "mlconn_pipelines" / f"{self.path.parent.name}-{secrets.token_hex(4)}"
                for made in (elsewhere.parent, elsewhere):
                    made.mkdir(mode=0o711, exist_ok=True)
                    made.chmod(0o711)
                (self.path / "location").write_text(f"{elsewhere}\n")
                return self.data
        raise ConfigurationError(
            f"PostgreSQL runs as {account.name}, which may not enter {self.path}",
            "Set MLCONN_HOME to a folder that other users may pass through, or MLCONN_DATABASE_URL to a server of yours.",
        )

    def password(self) -> str:
        try:
            return read_private(self.password_file)
        except FileNotFoundError as missing:
            raise ConfigurationError(
                f"{self.password_file} is missing, and the embedded database asks for it",
                "Put the file back from your backup, or remove the whole folder to begin with an empty database.",
            ) from missing

    def _elsewhere(self) -> Path | None:
        try:
            return Path((self.path / "location").read_text().strip())
        except FileNotFoundError:
            return None
