"""Fields of records elsewhere: what they are to be, and what was last written."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

COMMENTS = {
    "TABLE field_state": "fields of records elsewhere that are kept in step by collections",
    "COLUMN field_state.source_key": "of the record that they come from",
    "COLUMN field_state.target_key": "of the record that they were last written to; empty before that",
    "COLUMN field_state.fields": "what they are to be, by the names that they have in the target",
    "COLUMN field_state.hash": "over fields",
    "COLUMN field_state.currency": "of amounts among them, ISO 4217",
    "COLUMN field_state.as_of": "when the source was read",
    "COLUMN field_state.written_hash": "hash of what was last written; empty before that",
    "COLUMN field_state.failed_hash": "hash of what could not be written; it is not tried again before it changes or a person says so",
    "COLUMN field_state.collection": "id of the document that they are written by at present; counts while that is open",
}


def upgrade() -> None:
    op.execute(
        "CREATE TABLE field_state ("
        "integration text NOT NULL, flow text NOT NULL, source_key text NOT NULL, target_key text NOT NULL DEFAULT '', "
        "fields jsonb NOT NULL, hash text NOT NULL DEFAULT '', currency text NOT NULL DEFAULT '', as_of timestamptz NOT NULL, "
        "written_hash text NOT NULL DEFAULT '', written_at timestamptz, failed_hash text NOT NULL DEFAULT '', "
        "error text NOT NULL DEFAULT '', error_code text NOT NULL DEFAULT '', collection text NOT NULL DEFAULT '', "
        "CONSTRAINT pk_field_state PRIMARY KEY (integration, flow, source_key))"
    )
    op.execute(
        "CREATE INDEX ix_field_state_due ON field_state (integration, flow, source_key) "
        "WHERE hash <> written_hash AND hash <> failed_hash"
    )
    for of, comment in COMMENTS.items():
        op.execute(f"COMMENT ON {of} IS '{comment}'")
