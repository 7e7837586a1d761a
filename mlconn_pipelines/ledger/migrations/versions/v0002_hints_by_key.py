"""Hints have a key, by which a repeated notification is known, and say who gave them and which run took them."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """A new database has the columns from the first revision, which is of 0003."""
    op.execute("ALTER TABLE hint ADD COLUMN IF NOT EXISTS source text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE hint ADD COLUMN IF NOT EXISTS key text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE hint ADD COLUMN IF NOT EXISTS once boolean NOT NULL DEFAULT true")
    op.execute("ALTER TABLE hint ADD COLUMN IF NOT EXISTS run_id text NOT NULL DEFAULT ''")
    op.execute("UPDATE hint SET key = 'before 0002: ' || id WHERE key = ''")
    op.execute("CREATE UNIQUE INDEX IF NOT EXISTS uq_hint_key ON hint (integration, flow, key)")
    op.execute("CREATE INDEX IF NOT EXISTS ix_hint_taken ON hint (taken_at) WHERE taken_at IS NOT NULL")
