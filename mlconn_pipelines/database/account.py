"""Whom the server runs as. PostgreSQL refuses to run as root, so root hands it to an account that can do nothing else."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from mlconn_pipelines.errors import ConfigurationError

ACCOUNTS = ("postgres", "nobody", "daemon")
"""Tried in this order. None is created: a set-up command has no business adding users to a machine."""

STATE_FOLDERS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - a folder of our own is made in it, owned by root
"""Where root keeps the data when the account may not enter the folder that was asked for (below /root, say)."""


@dataclass(frozen=True, slots=True)
class Account:
    """user, group: ids. None in the place of an Account means: run as whoever we are."""

    name: str
    user: int
    group: int

    @property
    def ids(self) -> tuple[int, int]:
        return self.user, self.group

    def may_enter(self, folder: Path) -> bool:
        """Whether every folder from the root down to this one lets the account through."""
        folder = folder.resolve()
        return all(self._allowed(part.stat(), stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH) for part in (folder, *folder.parents))

    def may_run(self, program: Path) -> bool:
        program = program.resolve()
        readable = self._allowed(program.stat(), stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH)
        return readable and self.may_enter(program.parent)

    def _allowed(self, status: os.stat_result, user_bit: int, group_bit: int, other_bit: int) -> bool:
        if status.st_uid == self.user:
            return bool(status.st_mode & user_bit)
        if status.st_gid == self.group:
            return bool(status.st_mode & group_bit)
        return bool(status.st_mode & other_bit)


def server_account(probe: Path) -> Account | None:
    """None for an ordinary user; for root the first account of ACCOUNTS that a file can be given to.

    probe: an existing empty file of ours to try that on: a container may know a name and still be unable to use its id.
    Raises ConfigurationError on systems without such accounts, and where root may not give files away.
    """
    if sys.platform == "win32":
        raise ConfigurationError(
            "the embedded PostgreSQL runs on Linux and macOS",
            "On Windows install PostgreSQL and set MLCONN_DATABASE_URL.",
        )
    if os.geteuid() != 0:
        return None
    import pwd

    refused = []
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
            os.chown(probe, entry.pw_uid, entry.pw_gid)
            os.chown(probe, 0, 0)
        except (KeyError, OSError) as error:
            refused.append(f"{name}: {error}")
        else:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        f"PostgreSQL does not run as root, and no other account can be used ({'; '.join(refused)})",
        "Run as an ordinary user, or set MLCONN_DATABASE_URL to a server of yours.",
    )
