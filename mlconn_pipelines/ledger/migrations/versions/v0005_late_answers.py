"""Late answers: when absence proves something, when to look for a twin, and which error answers count towards a limit."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A new database has all of it from the first revision, which creates the tables as they are now."""
    for column in (
        "absence_proves_at timestamptz",
        "twin_look_at timestamptz",
        "failures integer NOT NULL DEFAULT 0",
        "failure text NOT NULL DEFAULT ''",
        "unjudged text NOT NULL DEFAULT ''",
    ):
        op.execute(f"ALTER TABLE claim ADD COLUMN IF NOT EXISTS {column}")
    # What is open now was sent by a program that wrote no such moment down; the longest of the defaults holds for it.
    op.execute(
        "UPDATE claim SET absence_proves_at = coalesce(expires_at, sending_at, claimed_at) + interval '30 minutes' "
        "WHERE state IN ('sending', 'unknown') AND target = 'erp' AND absence_proves_at IS NULL"
    )
    op.execute("CREATE INDEX IF NOT EXISTS ix_claim_twin_look ON claim (twin_look_at) WHERE twin_look_at IS NOT NULL")
    op.execute(
        "CREATE TABLE IF NOT EXISTS answered_act ("
        "integration text NOT NULL, system text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (integration, system))"
    )
    op.execute(
        "CREATE TABLE IF NOT EXISTS open_attempt ("
        "integration text NOT NULL, what text NOT NULL, absence_proves_at timestamptz NOT NULL, PRIMARY KEY (integration, what))"
    )
