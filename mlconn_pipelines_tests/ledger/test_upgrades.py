"""Every schema that was ever in use becomes the same one: `schemas/NNNN.sql` is what revision NNNN left, as pg_dump wrote it."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.documents.lifecycle import Delivery, State, Syntax, Verdicts, former_state_word, state_word, verdicts_of
from mlconn_pipelines.ledger import schema
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.intake import PostgresIntake
from mlconn_pipelines.ports.notifications import ChangeNotification

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


def at_revision(url: str, revision: str, *rows: str) -> None:
    """An empty database with the schema of a revision, and what these statements put into it."""
    with psycopg.connect(psycopg_conninfo(url), autocommit=True) as connection:
        connection.execute(SCHEMAS[revision].read_bytes())
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])
        for row in rows:
            connection.execute(row.encode())


@pytest.mark.parametrize("revision", SCHEMAS)
def test_an_old_schema_becomes_the_one_that_a_new_installation_has(
    revision: str, database_url: str, ledger_database: str
) -> None:
    at_revision(database_url, revision)
    assert schema.upgrade(database_url) == schema.newest_version()
    old, new = described(database_url), described(ledger_database)
    for what in DESCRIBED:
        assert [row for row in old[what] if row not in new[what]] == [], what
        assert [row for row in new[what] if row not in old[what]] == [], what


def test_every_revision_but_the_newest_has_its_schema() -> None:
    """Whoever adds a revision dumps the schema that the one before it left."""
    assert list(SCHEMAS) == schema.known_versions()[:-1]


def test_hints_of_the_first_release_get_their_keys(database_url: str) -> None:
    hint = "INSERT INTO hint (integration, flow, place) VALUES ('acme', 'inbound', 'inbox')"
    at_revision(database_url, "0001", hint, hint)
    schema.upgrade(database_url)
    engine = ledger_engine(database_url)
    (waiting,) = PostgresIntake(engine).waiting_hints("acme")
    assert (waiting.flow, waiting.count) == ("inbound", 2)
    assert PostgresIntake(engine).record_notifications([ChangeNotification("acme", "inbound", "cleo", "inbox", "k")] * 2) == {
        ("acme", "inbound", "k")
    }
    engine.dispose()


DOCUMENT = (
    "INSERT INTO document (id, original, integration, flow, direction, source_key, revision, newest, state, partition) VALUES"
)


def test_hashes_of_earlier_releases_name_no_version(database_url: str) -> None:
    at_revision(
        database_url,
        "0006",
        f"{DOCUMENT} ('D1', 'D1', 'acme', 'x12_810', 'outbound', '1', 1, true, 'sent', '2026-01-05')",
        "INSERT INTO our_update (integration, flow, source_key, content_hash) VALUES ('acme', 'x12_850', '1', 'h')",
    )
    schema.upgrade(database_url)
    assert rows_of(database_url, "SELECT projection FROM document UNION ALL SELECT projection FROM our_update") == [("",)] * 2


def test_documents_of_earlier_releases_are_effective_as_they_counted(database_url: str) -> None:
    at_revision(
        database_url,
        "0002",
        f"{DOCUMENT} ('D1', 'D1', 'acme', 'x12_810', 'outbound', '1', 1, false, 'superseded', '2026-01-05')",
        f"{DOCUMENT} ('D2', 'D1', 'acme', 'x12_810', 'outbound', '1', 2, true, 'sent', '2026-01-05')",
        f"{DOCUMENT} ('D3', 'D3', 'acme', 'inbound', 'inbound', '7', 2, false, 'duplicate', '2026-01-05')",
    )
    schema.upgrade(database_url)
    assert rows_of(database_url, "SELECT id, is_effective FROM document ORDER BY id") == [
        ("D1", False),
        ("D2", True),
        ("D3", True),
    ]
    [(index,)] = rows_of(database_url, "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_document_totals'")
    assert "is_effective" in str(index)


def test_every_state_has_its_new_word(database_url: str) -> None:
    """A document in each state that revision 0007 knew."""
    known = re.search(r"ck_document_state CHECK .*ARRAY\[(.*?)\]", SCHEMAS["0007"].read_text())
    assert known is not None
    states = [word.strip().removesuffix("::text").strip("'") for word in known[1].split(",")]
    values = ", ".join(
        f"('D{n}', 'D{n}', 'acme', 'x12_810', 'outbound', '{n}', 1, true, '{state}', '2026-01-05')"
        for n, state in enumerate(states, start=10)
    )
    at_revision(database_url, "0007", f"{DOCUMENT} {values}")
    schema.upgrade(database_url)
    rows = rows_of(database_url, "SELECT state, delivery, syntax FROM document ORDER BY id")
    assert [row[0] for row in rows] == list(map(state_word, states))
    assert [Verdicts(Delivery(row[1]), Syntax(row[2])) for row in rows] == [verdicts_of(State(row[0])) for row in rows]
    assert set(map(state_word, states)) == set(State)
    assert {former_state_word(state) for state in State} == set(states)


def rows_of(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(psycopg_conninfo(url)) as connection:
        return connection.execute(query.encode()).fetchall()
