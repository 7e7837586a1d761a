"""The schema: upgraded once whoever comes, refused when it is another."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ledger import schema, tables_credentials  # noqa: F401 - registers its tables
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.tables import metadata

pytestmark = pytest.mark.database


def test_two_upgrades_at_once_make_one_schema_that_matches_the_tables(database_url: str) -> None:
    engine = ledger_engine(database_url)
    with pytest.raises(ConfigurationError, match="db upgrade"):
        schema.check(engine)
    versions: list[str] = []
    threads = [threading.Thread(target=lambda: versions.append(schema.upgrade(database_url))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [schema.newest_version()] * 2
    schema.check(engine)
    tables = set(sa.inspect(engine).get_table_names())
    assert tables == {*metadata.tables, "alembic_version"}
    assert {"session", "credential", "limiter", "document"} <= tables
    engine.dispose()


def test_versions_by_file_name_are_those_that_alembic_walks() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert schema.known_versions() == [script.revision for script in scripts.walk_revisions()][::-1]
    assert schema.newest_version() == scripts.get_current_head()


def test_a_newer_schema_is_refused_with_words(ledger_database: str) -> None:
    engine = ledger_engine(ledger_database)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (lambda: schema.check(engine), lambda: schema.upgrade(ledger_database)):
        with pytest.raises(ConfigurationError, match="does not know"):
            look()
    engine.dispose()


def test_the_tables_match_what_the_migrations_made(ledger_database: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = ledger_engine(ledger_database)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
