"""Backup of both databases into one file, and back. pg_dump and pg_restore come out of the wheel, else off the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from mlconn_pipelines.database.databases import create_missing
from mlconn_pipelines.database.programs import installed_programs
from mlconn_pipelines.database.urls import database_of, in_database, password_of, psycopg_conninfo, shown, without_password
from mlconn_pipelines.errors import ConfigurationError


def backup(urls: Mapping[str, str], file: Path) -> None:
    """Write both databases into one file (a tar of `mlconn.dump` and `dagster.dump`), readable by its owner only.

    urls: {"mlconn": …, "dagster": …}, any spelling. Each dump is consistent in itself and is taken while everything runs.
    The vault's key is not in it. Raises ConfigurationError; an existing file is never overwritten, a failure leaves none.
    """
    if file.exists():
        raise ConfigurationError(f"{file} exists already", "Name a new file; a backup never overwrites another.")
    program = _program("pg_dump")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".mlconn-backup-") as folder:
        for name, url in urls.items():
            _run(program, ["--format=custom", "--no-owner", "--no-acl", f"--file={folder}/{name}.dump"], url)
        written = Path(folder) / "backup.tar"
        with tarfile.open(written, "w") as archive:
            for name in urls:
                archive.add(Path(folder) / f"{name}.dump", f"{name}.dump")
        written.chmod(0o600)
        try:
            os.link(written, file)  # as complete as it ever gets, or not there
        except FileExistsError:
            raise ConfigurationError(f"{file} exists already", "Name a new file.") from None


def restore(urls: Mapping[str, str], file: Path) -> None:
    """Fill both databases from a backup, each in one transaction. They must be empty; those missing are created.

    Raises ConfigurationError when a database holds tables: removing them is a person's decision.
    """
    try:
        archive = tarfile.open(file, "r:")  # noqa: SIM115 - closed below
    except (OSError, tarfile.TarError) as error:
        raise ConfigurationError(
            f"{file} is no backup of ours: {error}", "Expected a file that `mlconn db backup` wrote."
        ) from None
    with archive, tempfile.TemporaryDirectory(prefix="mlconn-restore-") as folder:
        try:
            there = archive.getnames()
        except (OSError, EOFError, tarfile.TarError) as cut:
            raise _cut_off(file, cut) from None
        missing = [name for name in urls if f"{name}.dump" not in there]
        if missing:
            raise ConfigurationError(f"{file} holds no {missing[0]}.dump", "Expected a file that `mlconn db backup` wrote.")
        try:
            for name in urls:
                archive.extract(f"{name}.dump", folder, filter="data")
        except (OSError, EOFError, tarfile.TarError) as cut:
            raise _cut_off(file, cut) from None
        for name, url in urls.items():
            _complete(Path(folder) / f"{name}.dump", file)
            _make_ready(url)
        for name, url in urls.items():
            arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"]
            _run(_program("pg_restore"), [*arguments, f"{folder}/{name}.dump"], url)


def _complete(dump: Path, file: Path) -> None:
    """Whether pg_restore can read all of a dump, before anything is written anywhere."""
    path, environment = _program("pg_restore")
    read = subprocess.run(
        [str(path), "--file=-", str(dump)],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if read.returncode != 0:
        lines = [line for line in read.stderr.splitlines() if line.strip()]
        raise _cut_off(file, lines[0] if lines else read.returncode)


def _cut_off(file: Path, why: object) -> ConfigurationError:
    return ConfigurationError(
        f"{file} is damaged or not whole ({why})", "Nothing was restored. Take another backup, or copy this one again."
    )


def _make_ready(url: str) -> None:
    try:
        connection = psycopg.connect(psycopg_conninfo(url), connect_timeout=10)
    except psycopg.OperationalError:
        # Either it does not exist yet, or the server is not there, which is what comes out of this.
        create_missing(in_database(url, "postgres"), [database_of(url)])
        connection = psycopg.connect(psycopg_conninfo(url), connect_timeout=10)
    with connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    if row is not None and row[0]:
        raise ConfigurationError(
            f"{shown(url)} holds {row[0]} tables already, and a restore wants it empty",
            "Restore into a new MLCONN_HOME, or let an administrator drop and create the database.",
        )


def _program(name: str) -> tuple[Path, Mapping[str, str]]:
    """The wheel's, newest version, since pg_dump reads every older server; else the one on the PATH."""
    try:
        programs = installed_programs()
        return programs.path(name), programs.environment()
    except ConfigurationError:
        found = shutil.which(name)
        if found is None:
            raise ConfigurationError(
                f"{name} is not installed",
                "Install PostgreSQL's client programs, or mlconn-pipelines[embedded-database], or back up with your own tools.",
            ) from None
        return Path(found), {"PATH": os.defpath, "LC_ALL": "C"}


def _run(program: tuple[Path, Mapping[str, str]], arguments: Sequence[str], url: str) -> None:
    path, environment = program
    # The password goes by environment: a command line is seen by everyone on the machine.
    password = password_of(url)
    done = subprocess.run(
        [str(path), *arguments, "--no-password", f"--dbname={without_password(url)}"],
        env={**environment, **({"PGPASSWORD": password} if password is not None else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise ConfigurationError(
            f"{path.name} of {shown(url)} failed: {lines[0] if lines else done.returncode}",
            "The server may be newer than the program, or the role may not read every table.",
        )
