"""The schema's version: brought up to date by `db upgrade` and the starters, only checked by everybody else.

Alembic is loaded for an upgrade only: every run and every look checks, and its import takes longer than all that they ask.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ledger.engine import ledger_engine

_LOCK = "mlconn schema"


_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def known_versions() -> list[str]:
    """The revisions that this program has, oldest first, by their files: `v0001_first_tables.py` is 0001."""
    return sorted(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))


def newest_version() -> str:
    """The revision that this program was written for."""
    return known_versions()[-1]


def upgrade(url: str) -> str:
    """Bring the database to the newest revision and return it. Two at once wait for each other; the second finds nothing to do."""
    from alembic import command
    from alembic.config import Config

    engine = ledger_engine(url)
    with engine.connect() as connection:
        connection.execute(
            sa.text("SET lock_timeout = 0")
        )  # whoever upgrades at this moment is waited for, however long that takes
        connection.execute(sa.select(sa.func.pg_advisory_lock(sa.func.hashtextextended(_LOCK, 0))))
        connection.execute(sa.text("RESET lock_timeout"))
        connection.commit()
        _refuse_newer(connection)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        connection.execute(sa.select(sa.func.pg_advisory_unlock(sa.func.hashtextextended(_LOCK, 0))))
    engine.dispose()
    return newest_version()


def present_version(connection: sa.Connection) -> str:
    """The database's revision, empty when it has no tables of ours."""
    if not sa.inspect(connection).has_table(_VERSION_TABLE):
        return ""
    return connection.execute(sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar() or ""  # noqa: S608 - our own name


def check(engine: sa.Engine) -> None:
    """ConfigurationError unless the database has exactly the revision of this program. Never changes anything."""
    with engine.connect() as connection:
        present, wanted = present_version(connection), newest_version()
        _refuse_newer(connection)
    if present != wanted:
        raise ConfigurationError(
            f"The database's schema is at version {present or 'none'}, this program needs {wanted}",
            hint="Stop the runs, then run `mlconn db upgrade`.",
        )


def _refuse_newer(connection: sa.Connection) -> None:
    present = present_version(connection)
    if present and present not in known_versions():
        raise ConfigurationError(
            f"The database's schema is at version {present}, which this program does not know",
            hint="It was upgraded by a newer release: install that one here too.",
        )
