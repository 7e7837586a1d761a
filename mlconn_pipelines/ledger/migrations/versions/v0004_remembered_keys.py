"""Keys that a flow keeps in mind by themselves: listed and not read, or stamped ahead of the clock."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE IF NOT EXISTS remembered_key ("
        "integration text NOT NULL, flow text NOT NULL, reason text NOT NULL, key text NOT NULL, "
        "stamp text NOT NULL DEFAULT '', note text NOT NULL DEFAULT '', run_id text NOT NULL DEFAULT '', "
        "first_seen_at timestamptz NOT NULL DEFAULT now(), last_asked_at timestamptz, asks integer NOT NULL DEFAULT 0, "
        "absent_since timestamptz, gone_at timestamptz, "
        "PRIMARY KEY (integration, flow, reason, key))"
    )
    for comment in (
        "COMMENT ON TABLE remembered_key IS 'keys that the watermark alone would lose'",
        "COMMENT ON COLUMN remembered_key.reason IS 'missing: listed and not read; ahead: stamped ahead of the clock'",
        "COMMENT ON COLUMN remembered_key.stamp IS 'as the source listed it'",
        "COMMENT ON COLUMN remembered_key.note IS 'why, for people'",
        "COMMENT ON COLUMN remembered_key.asks IS 'how often it was asked for by itself'",
        "COMMENT ON COLUMN remembered_key.absent_since IS 'when the source first said in good form that there is no such record'",
        "COMMENT ON COLUMN remembered_key.gone_at IS 'it said so again, long enough afterwards'",
    ):
        op.execute(comment)
