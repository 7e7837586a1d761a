"""Late answers: when absence proves something, when to look for a twin, and which error answers count towards a limit."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
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
    for comment in (
        "COMMENT ON COLUMN answered_act.system IS 'erp, folder, or an endpoint''s address'",
        "COMMENT ON COLUMN answered_act.at IS 'when that system last took or refused a document of ours in its own words'",
        "COMMENT ON COLUMN claim.absence_proves_at IS "
        "'from when on a record that is not there was surely not stored, by the end of the last attempt; none: never'",
        "COMMENT ON COLUMN claim.twin_look_at IS "
        "'when to look once more whether a late request made a second record; none: no need'",
        "COMMENT ON COLUMN claim.failures IS 'error answers that count towards the limit'",
        "COMMENT ON COLUMN claim.failure IS 'the last error answer, in the other side''s words'",
        "COMMENT ON COLUMN claim.unjudged IS "
        "'the last error answer is not counted yet: failed, or failed_alone where no other act failed'",
        "COMMENT ON COLUMN open_attempt.what IS 'what was to be made beside documents: a subscription'",
        "COMMENT ON COLUMN open_attempt.absence_proves_at IS 'before it, its absence does not prove that it was not made'",
    ):
        op.execute(comment)
