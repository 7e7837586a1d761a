"""A ledger with a past: what a few real runs left behind, copied by SQL until there are as many documents as wanted."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

STRIDE = 1_000_000
"""Between the numbers of one copy and the next: more than the rows of any table that is copied."""

ENDED = dict.fromkeys(("sent", "ready", "pending_validation", "seen", "outcome_unknown", "unknown"), "accepted")
"""What became of documents in the past, in the words of every release that is measured; one in ten on hold is so still, the others
were dismissed."""

_STATE = (
    "CASE WHEN {state} IN ('on_hold', 'set_aside') AND g % 10 > 0 THEN 'skipped' "
    + " ".join(f"WHEN {{state}} = '{was}' THEN '{became}'" for was, became in ENDED.items())
    + " ELSE {state} END"
)

_VERDICT = "CASE WHEN {{state}} IN (" + ", ".join(f"'{was}'" for was in ENDED) + ") THEN '{}' ELSE {} END"

_COPIED: Mapping[str, Mapping[str, str]] = {
    "document": {
        "id": "'C' || lpad(g::text, 6, '0') || {id}",
        "original": "'C' || lpad(g::text, 6, '0') || {original}",
        "source_key": "{source_key} || '~' || g",
        "business_number": "{business_number} || '-' || g",
        "state": _STATE,
        "delivery": _VERDICT.format("sent", "{delivery}"),
        "syntax": _VERDICT.format("accepted", "{syntax}"),
    },
    "interchange": {"id": f"{{id}} + g * {STRIDE}", "key": "CASE WHEN {key} = '' THEN '' ELSE {key} || '~' || g END"},
    "claim": {
        "id": f"{{id}} + g * {STRIDE}",
        "document_id": "'C' || lpad(g::text, 6, '0') || {document_id}",
        "interchange_id": f"{{interchange_id}} + g * {STRIDE}",
    },
    "acknowledgment": {
        "id": f"{{id}} + g * {STRIDE}",
        "claim_id": f"{{claim_id}} + g * {STRIDE}",
        "document_id": "'C' || lpad(g::text, 6, '0') || {document_id}",
        "group_number": "{group_number} || '-' || g",
        "state": "'accepted'",
    },
    "received_file": {"id": f"{{id}} + g * {STRIDE}", "file_id": "{file_id} || '~' || g"},
    "audit_event": {
        "document_id": "CASE WHEN {document_id} = '' THEN '' ELSE 'C' || lpad(g::text, 6, '0') || {document_id} END"
    },
}
"""By table, in the order in which they refer to each other: the columns that a copy has otherwise. {{name}}: the column itself."""

_LEFT_OUT = {"audit_event": ("id",)}
"""Columns that the database numbers by itself."""


def fill(database: str, documents: int) -> int:
    """Copy what the ledger holds until it has at least so many documents; returns how many. database: for psycopg."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        held = _count(connection)
        copies = -(-(documents - held) // held)
        for table, changed in _COPIED.items():
            columns = [
                name
                for (name,) in connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public' "
                    "ORDER BY ordinal_position",
                    [table],
                )
                if name not in _LEFT_OUT.get(table, ())
            ]
            own = {name: f't."{name}"' for name in columns}
            values = [changed[name].format(**own) if name in changed else own[name] for name in columns]
            names = ", ".join(f'"{name}"' for name in columns)
            copy = (
                f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM "{table}" t, generate_series(1, {copies}) g'
            )
            connection.execute(sql.SQL(copy))
        connection.execute("VACUUM ANALYZE")
        return _count(connection)


def _count(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute("SELECT count(*) FROM document").fetchone()
    assert row is not None
    return row[0]
