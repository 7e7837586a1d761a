"""The folder of the installation: `app-VERSION` folders side by side, and `current.json`, which says which of them is started.

Each change of that file is one rename: whatever breaks off, one version stands there, with all its files.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

VERSION = r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}"
UNPACKED_MAX = 500 * 1024 * 1024
FAILED_KEPT = 10


class BadPackage(Exception):
    """What was fetched is no release of the agent; nothing of it is used."""


@dataclass(frozen=True)
class Current:
    """version: that is started. before: that is started again where this one does not work; empty when it has proved itself.

    failed: versions that did not, and why; they are not tried again.
    """

    version: str
    before: str = ""
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_on_trial(self) -> bool:
        return bool(self.before)


class Installation:
    """Used by the agent and by its starter, by one of them at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def current(self) -> Current:
        told: dict[str, Any] = json.loads((self.folder / "current.json").read_text(encoding="utf-8"))
        return Current(told["version"], told["before"], told["failed"])

    def app(self, version: str) -> Path:
        return self.folder / f"app-{version}"

    def begin_with(self, version: str) -> None:
        """What an installer does, once."""
        self._keep(Current(version))

    def stage(self, version: str, package: Path) -> None:
        """Unpack a release beside the one that runs. Errors: BadPackage, OSError."""
        new = self.folder / f"app-{version}.new"
        shutil.rmtree(new, ignore_errors=True)
        try:
            with zipfile.ZipFile(package) as files:
                _check(files)
                files.extractall(new)  # its names were checked
        except zipfile.BadZipFile as wrong:
            raise BadPackage(str(wrong)) from None
        shutil.rmtree(self.app(version), ignore_errors=True)
        new.replace(self.app(version))

    def switch(self, version: str) -> None:
        """The next start is of this version, on trial."""
        current = self.current
        self._keep(replace(current, version=version, before=current.version))

    def confirm(self) -> None:
        """It works: the one before and those that failed are deleted."""
        current = self.current
        self._keep(replace(current, before=""))
        for app in self.folder.glob("app-*"):
            if app.name != self.app(current.version).name:
                shutil.rmtree(app, ignore_errors=True)

    def go_back(self, why: str) -> None:
        current = self.current
        failed = dict([*current.failed.items(), (current.version, why)][-FAILED_KEPT:])
        self._keep(Current(current.before, failed=failed))

    def _keep(self, current: Current) -> None:
        new = self.folder / "current.new"
        with new.open("w", encoding="utf-8") as file:
            json.dump({"version": current.version, "before": current.before, "failed": dict(current.failed)}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / "current.json")
        with contextlib.suppress(OSError):  # Windows opens no folder, and needs none
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _check(files: zipfile.ZipFile) -> None:
    """Errors: BadPackage for names that lead elsewhere, links, and more than a release can be."""
    if sum(each.file_size for each in files.infolist()) > UNPACKED_MAX:
        raise BadPackage(f"more than {UNPACKED_MAX} bytes unpacked")
    for each in files.infolist():
        parts = each.filename.rstrip("/").split("/")
        if not all(re.fullmatch(r"[^\\:\0]+", part) and part not in (".", "..") for part in parts):
            raise BadPackage(f"a name that leads elsewhere: {each.filename!r}")
        if stat.S_ISLNK(each.external_attr >> 16):
            raise BadPackage(f"a link: {each.filename!r}")
