"""Environment and file locations. The only module that reads os.environ."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlconn_pipelines.errors import ConfigurationError

NAMES: Mapping[str, str] = {
    "MLCONN_CONFIG": "folder with the integrations' YAML files",
    "MLCONN_HOME": "folder for what programs write: embedded database, Dagster's storage, key file",
    "MLCONN_DATABASE_URL": "PostgreSQL server of your own, in place of the embedded one",
    "MLCONN_VAULT_KEY": "Fernet keys of the vault, newest first, separated by commas; in place of the key file",
    "DAGSTER_HOME": "folder with dagster.yaml",
    "DAGSTER_DATABASE_URL": "Dagster's database, when it is not the database `dagster` beside ours",
    "MLCONN_X12_CORPUS": "folder with X12 files to measure the reader by",
    "MLCONN_LOG_LEVEL": "DEBUG, INFO, WARNING or ERROR",
}
"""Every variable that we read, and what it is for."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. All folders absolute; none is made by reading the settings.

    database_url, dagster_database_url: None means the embedded server, or the database `dagster` beside ours. They and
    vault_keys are secret and left out of repr. vault_keys: newest first; empty means the key file.
    """

    home: Path
    config: Path
    dagster_home: Path
    database_url: str | None = field(default=None, repr=False)
    dagster_database_url: str | None = field(default=None, repr=False)
    vault_keys: tuple[str, ...] = field(default=(), repr=False)
    x12_corpus: Path | None = None
    log_level: str = "INFO"

    @property
    def database_folder(self) -> Path:
        """Of the embedded server."""
        return self.home / "database"

    @property
    def vault_key_file(self) -> Path:
        return self.home / "vault.key"

    def make_home(self) -> Path:
        """Make the home folder when it is missing, closed to other users; returns it."""
        if not self.home.exists():
            # The embedded server of root runs as another account, which has to pass through to the data below.
            mode = 0o711 if os.name == "posix" and os.geteuid() == 0 else 0o700
            self.home.mkdir(mode=mode, parents=True, exist_ok=True)
            self.home.chmod(mode)
        return self.home


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of that environment, of os.environ without one. An empty variable counts as unset.

    Configuration: MLCONN_CONFIG, else `config` in the working folder. Home: MLCONN_HOME, else `.mlconn` beside the
    configuration folder, so that two projects on one machine share nothing. Raises ConfigurationError on values that
    cannot be meant.

    >>> read_settings({"MLCONN_CONFIG": "/srv/edi/config"}).home.as_posix()
    '/srv/edi/.mlconn'
    """
    given = {
        name: value.strip() for name, value in (os.environ if environment is None else environment).items() if name in NAMES
    }

    def folder(name: str, otherwise: Path) -> Path:
        return Path(given[name]).expanduser().absolute() if given.get(name) else otherwise

    config = folder("MLCONN_CONFIG", Path.cwd() / "config")
    home = folder("MLCONN_HOME", config.parent / ".mlconn")
    log_level = given.get("MLCONN_LOG_LEVEL", "").upper() or "INFO"
    if log_level not in LOG_LEVELS:
        raise ConfigurationError(f"MLCONN_LOG_LEVEL is {log_level!r}", f"Expected one of {', '.join(LOG_LEVELS)}.")
    if home.exists() and not home.is_dir():
        raise ConfigurationError(f"MLCONN_HOME is {home}, which is a file", "Name a folder, or a path where one can be made.")
    return Settings(
        home=home,
        config=config,
        dagster_home=folder("DAGSTER_HOME", home / "dagster"),
        database_url=given.get("MLCONN_DATABASE_URL") or None,
        dagster_database_url=given.get("DAGSTER_DATABASE_URL") or None,
        vault_keys=tuple(key for part in given.get("MLCONN_VAULT_KEY", "").split(",") if (key := part.strip())),
        x12_corpus=Path(given["MLCONN_X12_CORPUS"]).expanduser().absolute() if given.get("MLCONN_X12_CORPUS") else None,
        log_level=log_level,
    )
