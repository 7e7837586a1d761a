"""What `eval "$(mlconn env)"` sets, so that plain `dagster-webserver` and `dagster-daemon` find everything."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlconn_pipelines.database.databases import DATABASES, check_reachable, ensure_dagster_database
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import dagster_url, in_database, sqlalchemy_url
from mlconn_pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Databases:
    """Both databases, in the spelling that each reader needs. Secret, and left out of repr.

    ledger: postgresql+psycopg://…, for SQLAlchemy. dagster: postgresql+psycopg2://…, for dagster.yaml.
    """

    ledger: str = field(repr=False)
    dagster: str = field(repr=False)


def databases_of(settings: Settings, server: EmbeddedServer | None = None) -> Databases:
    """Where both databases are; nothing is started or created.

    server: the embedded one, when the caller started it; else that of the settings' home folder, if no address of a
    server of one's own is set. Raises ConfigurationError while the embedded server is not running.
    """
    if settings.database_url is not None:
        ledger = sqlalchemy_url(settings.database_url)
        dagster = settings.dagster_database_url or in_database(ledger, DATABASES[1])
        return Databases(ledger, dagster_url(dagster))
    server = server or EmbeddedServer(settings.database_folder)
    return Databases(server.url(DATABASES[0]), dagster_url(settings.dagster_database_url or server.url(DATABASES[1])))


def prepare_databases(settings: Settings, *, keep: bool = False) -> tuple[Databases, EmbeddedServer | None]:
    """Start the embedded server, or on a server of one's own look whether it answers and create Dagster's database.

    keep: the embedded server outlives this program. The server is None where it is one's own; the caller stops ours.
    Raises ConfigurationError when neither works, with what an administrator would have to do.
    """
    if settings.database_url is None:
        settings.make_home()
        server = EmbeddedServer(settings.database_folder)
        server.start(keep=keep)
        return databases_of(settings, server), server
    check_reachable(settings.database_url)
    if settings.dagster_database_url is None:
        ensure_dagster_database(settings.database_url)
    else:
        check_reachable(settings.dagster_database_url)
    return databases_of(settings), None


def exported(settings: Settings, databases: Databases) -> Mapping[str, str]:
    """The variables for other programs; they hold the databases' passwords."""
    return {
        "DAGSTER_HOME": str(settings.dagster_home),
        "MLCONN_HOME": str(settings.home),
        "MLCONN_CONFIG": str(settings.config),
        "MLCONN_DATABASE_URL": databases.ledger,
        "DAGSTER_DATABASE_URL": databases.dagster,
        # dagster.yaml switches telemetry off, yet the uploading thread runs all the same and moves `logs` away.
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def shell_lines(variables: Mapping[str, str]) -> str:
    """Lines for `eval`, quoted for any POSIX shell.

    >>> shell_lines({"MLCONN_CONFIG": "/srv/our edi"})
    "export MLCONN_CONFIG='/srv/our edi'\\n"
    """
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
