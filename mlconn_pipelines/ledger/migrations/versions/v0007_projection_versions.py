"""Versions of projections: each content hash says by which it was made."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Empty says: of a release that kept no version."""
    op.execute("ALTER TABLE document ADD COLUMN IF NOT EXISTS projection text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE our_update ADD COLUMN IF NOT EXISTS projection text NOT NULL DEFAULT ''")
    for comment in (
        "COMMENT ON COLUMN document.projection IS 'version of the projection that both hashes are of; empty of releases that kept none'",
        "COMMENT ON COLUMN our_update.projection IS 'version of the projection that the hash is of'",
    ):
        op.execute(comment)
