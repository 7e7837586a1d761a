"""Change sets: a document that was sent goes on standing beside the later revision that only changes it."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A new database has the columns from the first revision, which is of 0003."""
    op.execute("ALTER TABLE document ADD COLUMN IF NOT EXISTS stands boolean NOT NULL DEFAULT true")
    op.execute("ALTER TABLE document ADD COLUMN IF NOT EXISTS change jsonb")
    op.execute("UPDATE document SET stands = false WHERE NOT newest AND state <> 'duplicate'")
    op.execute("DROP INDEX IF EXISTS ix_document_totals")
    op.execute(
        "CREATE INDEX ix_document_totals ON document (integration, flow, partition, state) INCLUDE (stands, preview, id)"
    )
