"""Every schema that was ever in use becomes the same one: `schemas/NNNN.sql` is what revision NNNN left, as pg_dump wrote it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.ledger import schema

pytestmark = pytest.mark.database

SCHEMAS = {file.stem: file for file in sorted(Path(__file__).with_name("schemas").glob("*.sql"))}

DESCRIBED = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
            pg_get_expr(d.adbin, d.adrelid), l.collname
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def described(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a schema is made of, in no order of columns: one that was added later stands last."""
    with psycopg.connect(psycopg_conninfo(url)) as connection:
        found = {name: connection.execute(query.encode()).fetchall() for name, query in DESCRIBED.items()}
    return {name: sorted(rows, key=str) for name, rows in found.items()}


@pytest.mark.parametrize("revision", SCHEMAS)
def test_an_old_schema_becomes_the_one_that_a_new_installation_has(
    revision: str, database_url: str, ledger_database: str
) -> None:
    with psycopg.connect(psycopg_conninfo(database_url), autocommit=True) as connection:
        connection.execute(SCHEMAS[revision].read_bytes())
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])
    assert schema.upgrade(database_url) == schema.newest_version()
    old, new = described(database_url), described(ledger_database)
    for what in DESCRIBED:
        assert [row for row in old[what] if row not in new[what]] == [], what
        assert [row for row in new[what] if row not in old[what]] == [], what


def test_every_revision_but_the_newest_has_its_schema() -> None:
    """Whoever adds a revision dumps the schema that the one before it left."""
    assert list(SCHEMAS) == schema.known_versions()[:-1]
