"""Keys that a flow keeps in mind by themselves: listed and not read, or stamped ahead of the clock."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A new database has the table from the first revision, which creates the tables as they are now."""
    op.execute(
        "CREATE TABLE IF NOT EXISTS remembered_key ("
        "integration text NOT NULL, flow text NOT NULL, reason text NOT NULL, key text NOT NULL, "
        "stamp text NOT NULL DEFAULT '', note text NOT NULL DEFAULT '', run_id text NOT NULL DEFAULT '', "
        "first_seen_at timestamptz NOT NULL DEFAULT now(), last_asked_at timestamptz, asks integer NOT NULL DEFAULT 0, "
        "absent_since timestamptz, gone_at timestamptz, "
        "PRIMARY KEY (integration, flow, reason, key))"
    )
