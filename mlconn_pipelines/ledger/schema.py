"""The schema's version: brought up to date by `db upgrade` and the starters, only checked by everybody else."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ledger.engine import ledger_engine

_LOCK = "mlconn schema"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def newest_version() -> str:
    """The revision that this program was written for."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def upgrade(url: str) -> str:
    """Bring the database to the newest revision and return it. Two at once wait for each other; the second finds nothing to do."""
    engine = ledger_engine(url)
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(sa.func.hashtextextended(_LOCK, 0))))
        connection.commit()
        _refuse_newer(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        connection.execute(sa.select(sa.func.pg_advisory_unlock(sa.func.hashtextextended(_LOCK, 0))))
    engine.dispose()
    return newest_version()


def present_version(connection: sa.Connection) -> str:
    """The database's revision, empty when it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def check(engine: sa.Engine) -> None:
    """ConfigurationError unless the database has exactly the revision of this program. Never changes anything."""
    with engine.connect() as connection:
        present, wanted = present_version(connection), newest_version()
        _refuse_newer(connection)
    if present != wanted:
        raise ConfigurationError(
            f"The database's schema is at version {present or 'none'}, this program needs {wanted}",
            hint="Stop the runs, then say `mlconn db upgrade`.",
        )


def _refuse_newer(connection: sa.Connection) -> None:
    present = present_version(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if present and present not in known:
        raise ConfigurationError(
            f"The database's schema is at version {present}, which this program does not know",
            hint="It was upgraded by a newer release: install that one here too.",
        )
