"""A PostgreSQL server of our own: made on first use, on loopback with a password, stopped by whoever started it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from mlconn_pipelines.database.account import Account, server_account
from mlconn_pipelines.database.databases import DATABASES, create_missing
from mlconn_pipelines.database.folder import ServerFolder
from mlconn_pipelines.database.port import free_port
from mlconn_pipelines.database.postmaster import forget_stranger, is_server, read_postmaster
from mlconn_pipelines.database.programs import Programs, installed_programs, run_program
from mlconn_pipelines.database.urls import database_url
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.private_files import create_private

ROLE = "mlconn"
START_TRIES = 20
PORT_PATIENCE_S = 5.0
LOG_BYTES_MAX = 10_000_000
PARAMETERS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_checkpoints": "off",
    "timezone": "UTC",
}
"""Everything else is PostgreSQL's default; fsync and synchronous_commit stay on."""


class EmbeddedServer:
    """One server in one folder, shared by all programs that name the same folder.

    folder: ours alone; holds `data`, `password` (0600), `port`, and the lock files. Made when missing.
    parameters: PostgreSQL settings on top of PARAMETERS, used when this object starts the server.

    Several programs may call `start` at once: one starts the server, the others find it running. The one that started it
    owns it and holds a lock for as long as it lives, so that a killed owner's server is noticed and taken over by the next
    `start`. Run by root, the server runs as an account of ACCOUNTS, its data in a folder which that account may enter.
    """

    def __init__(self, folder: Path, parameters: Mapping[str, str] | None = None) -> None:
        self._files = ServerFolder(folder)
        self.folder = self._files.path
        self._parameters = dict(PARAMETERS) | dict(parameters or {})
        self._owner_lock: int | None = None

    def __repr__(self) -> str:
        return f"EmbeddedServer({str(self.folder)!r})"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def started_by_us(self) -> bool:
        """Whether `stop` will stop it: this object started it, or took it over from an owner that was killed."""
        return self._owner_lock is not None

    @property
    def running(self) -> bool:
        return self.folder.exists() and self._port() is not None

    @property
    def kept(self) -> bool:
        """Whether it is to outlive whoever started it (`mlconn db start`)."""
        return self._files.kept.exists()

    @property
    def abandoned(self) -> bool:
        """Whether it runs and nobody will stop it: its owner was killed. The next `start` takes it over."""
        if not self.running or self.started_by_us or self.kept:
            return False
        owner = self._files.lock_of_owner()
        if owner is not None:
            os.close(owner)
        return owner is not None

    def url(self, database: str = "mlconn") -> str:
        """SQLAlchemy URL for psycopg, password included. Raises ConfigurationError while the server is not running."""
        port = self._port()
        if port is None:
            raise ConfigurationError(f"the embedded database in {self.folder} is not running", "Run: mlconn db start")
        return database_url("127.0.0.1", port, ROLE, self._files.password(), database)

    def start(self, *, keep: bool = False, timeout_s: float = 120.0) -> None:
        """Make the server when it is not there, start it when it is not running, and see that both databases exist.

        keep: it outlives this program (`mlconn db start`, `mlconn env`) until someone says `stop(whoever=True)`.
        timeout_s: for recovery after a crash as well. Raises ConfigurationError with the reason out of the server's log.
        """
        self._files.make()
        with self._files.locked():
            account = server_account(self._files.lock_file)
            data = self._files.settle_data(account)
            programs = self._usable(_programs_of(data), data.parent, account)
            self._make_data(programs, data, account)
            found = self._wait_until_ready(data, timeout_s)
            if not found:
                self._launch(programs, data, account, timeout_s)
            self._take_ownership(found, keep)
            try:
                create_missing(self.url("postgres"), DATABASES)
            except BaseException:
                if not found:
                    self._stop_now(programs, data, account)
                raise

    def stop(self, *, whoever: bool = False) -> None:
        """Stop it if we own it; `whoever`: also when another program does. Open connections are cut, nothing committed is lost."""
        if not self.folder.exists() or not (self.started_by_us or whoever):
            return
        with self._files.locked():
            account = server_account(self._files.lock_file)
            data = self._files.settle_data(account)
            if (data / "PG_VERSION").exists():
                self._stop_now(self._usable(_programs_of(data), data.parent, account), data, account)

    def remove(self) -> None:
        """Stop the server, whoever owns it, and delete its data wherever it lies. For demonstrations and tests."""
        self.stop(whoever=True)
        if self.folder.exists():
            self._files.remove()

    def _usable(self, programs: Programs, folder: Path, account: Account | None) -> Programs:
        if account is None or account.may_run(programs.path("postgres")):
            return programs
        return programs.copied_to(folder / f"programs-{programs.version}")

    def _make_data(self, programs: Programs, data: Path, account: Account | None) -> None:
        """initdb beside the final name, so that one which was killed half-way is never taken for a database."""
        if (data / "PG_VERSION").exists():
            self._files.password()
            return
        create_private(self._files.password_file, secrets.token_urlsafe(24))
        unfinished = data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        # The account cannot read our password file; it gets a copy in a folder of its own for as long as initdb runs.
        handed = data.with_name("password.handed")
        handed.unlink(missing_ok=True)
        create_private(handed, self._files.password())
        try:
            if account is not None:
                os.chown(unfinished, *account.ids)
                os.chown(handed, *account.ids)
            made = run_program(
                programs,
                "initdb",
                [
                    *("-D", str(unfinished), "-U", ROLE, "--auth=scram-sha-256", f"--pwfile={handed}", "--encoding=UTF8"),
                    # The order of texts is PostgreSQL's own from 17 on, and so the same on every machine.
                    *(("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if int(programs.version) >= 17 else ()),
                    *("--locale=C", "--data-checksums"),
                    *(("--no-sync",) if self._parameters.get("fsync") == "off" else ()),
                ],
                account=account,
                folder=unfinished,
            )
        finally:
            handed.unlink(missing_ok=True)
        if made.returncode != 0:
            raise ConfigurationError(
                f"PostgreSQL could not make a database in {data}: {_last_line(made.stderr or made.stdout)}",
                "Check free space and rights of that folder.",
            )
        unfinished.rename(data)

    # -- running ----------------------------------------------------------------------------------------------------
    def _port(self) -> int | None:
        data = self._files.data
        postmaster = read_postmaster(data)
        return postmaster.port if postmaster is not None and is_server(postmaster.pid, data) else None

    def _wait_until_ready(self, data: Path, timeout_s: float) -> bool:
        """True when a server of this folder runs and accepts connections; false when there is none."""
        deadline = time.monotonic() + timeout_s
        while (postmaster := read_postmaster(data)) is not None and is_server(postmaster.pid, data):
            if postmaster.ready:
                return True
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"the embedded database is running but not ready after {timeout_s:.0f} s",
                    f"Its log is {data / 'server.log'}",
                )
            time.sleep(0.1)
        return False

    def _launch(self, programs: Programs, data: Path, account: Account | None, timeout_s: float) -> None:
        log = data / "server.log"
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_name("server.log.1"))
        reason = ""
        # What a killed server leaves behind holds the port for a moment longer.
        patient_until = time.monotonic() + (PORT_PATIENCE_S if (data / "postmaster.pid").exists() else 0.0)
        for _ in range(START_TRIES):
            forget_stranger(data)
            port = free_port(self._files.last_port, patient_until)
            options = " ".join(f"-c {name}='{value}'" for name, value in (self._parameters | {"port": str(port)}).items())
            logged = log.stat().st_size if log.exists() else 0
            started = run_program(
                programs,
                "pg_ctl",
                ["start", "-w", "-s", "-t", str(int(timeout_s)), "-D", str(data), "-l", str(log), "-o", options],
                account=account,
                folder=data,
                timeout_s=timeout_s + 30,
            )
            if started.returncode == 0:
                self._files.remember_port(port)
                return
            said = log.read_bytes()[logged:].decode(errors="replace") if log.exists() else ""
            reason = _reason(said) or _last_line(started.stderr or started.stdout)
            # Backends of a killed server take a moment to notice; and a port found free may be taken a moment later.
            if not re.search("pre-existing shared memory|could not (bind|create any)|Address already in use", said):
                break
            time.sleep(0.5)
        raise ConfigurationError(f"the embedded database did not start: {reason}", f"Its log is {log}")

    def _take_ownership(self, found_running: bool, keep: bool) -> None:
        kept = self._files.kept
        if not found_running:
            kept.unlink(missing_ok=True)
        if self._owner_lock is not None or kept.exists():
            return
        owner = self._files.lock_of_owner()
        if owner is None:
            return
        if keep:
            kept.touch()
            os.close(owner)
        else:
            self._owner_lock = owner

    def _stop_now(self, programs: Programs, data: Path, account: Account | None) -> None:
        postmaster = read_postmaster(data)
        if postmaster is not None and is_server(postmaster.pid, data):
            for manner in ("fast", "immediate"):
                stopped = run_program(
                    programs,
                    "pg_ctl",
                    ["stop", "-w", "-s", "-t", "60", "-m", manner, "-D", str(data)],
                    account=account,
                    folder=data,
                )
                if stopped.returncode == 0:
                    break
        self._files.kept.unlink(missing_ok=True)
        if self._owner_lock is not None:
            os.close(self._owner_lock)
            self._owner_lock = None


def _programs_of(data: Path) -> Programs:
    """Those of the version that made the data, the newest when there is none yet."""
    try:
        return installed_programs((data / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        return installed_programs()


def _reason(log: str) -> str:
    """The first thing that went wrong, as the server's log has it."""
    said = re.search(r"(?:FATAL|PANIC|ERROR):\s+(.*)", log)
    return said.group(1).strip() if said else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
