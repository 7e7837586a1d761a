"""States, attempts and columns in the words of the trade. The audit trail is sealed and keeps the words that it was written with."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = {
    "document": {"newest": "is_current", "stands": "is_effective", "later": "pending_record", "set_aside_by": "held_by"},
    "claim": {"looks": "check_count", "next_look_at": "next_check_at"},
    "received_file": {"looks": "check_count"},
}
STATES = {
    "document": {
        "seen": "pending_validation",
        "set_aside": "on_hold",
        "recorded": "processed",
        "unknown": "outcome_unknown",
        "refused": "syntax_rejected",
        "before_start": "before_go_live",
    },
    "claim": {"unknown": "outcome_unknown", "void": "cancelled"},
    "received_file": {"set_aside": "on_hold"},
}
ALL_STATES = {
    "document": (
        *("pending_validation", "before_go_live", "ready", "on_hold", "skipped", "syntax_rejected", "duplicate", "processed"),
        *("superseded", "outcome_unknown", "sent", "posted", "accepted", "accepted_with_errors", "rejected_by_partner"),
    ),
    "claim": ("claimed", "sending", "done", "refused", "outcome_unknown", "cancelled"),
    "received_file": ("seen", "previewed", "stored", "on_hold", "dismissed"),
}


def upgrade() -> None:
    for index in ("ix_document_open", "uq_claim_open"):
        op.execute(f"DROP INDEX {index}")
    for table, renamed in COLUMNS.items():
        for was, now in renamed.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {was} TO {now}")
    op.execute("ALTER INDEX uq_document_newest RENAME TO uq_document_current")
    for table, words in STATES.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_state")
        cases = " ".join(f"WHEN '{was}' THEN '{now}'" for was, now in words.items())
        named = ", ".join(f"'{was}'" for was in words)
        op.execute(f"UPDATE {table} SET state = CASE state {cases} END WHERE state IN ({named})")  # noqa: S608 - words of ours
        listed = ", ".join(f"'{state}'" for state in ALL_STATES[table])
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_state CHECK (state IN ({listed}))")
    op.execute(
        "CREATE INDEX ix_document_open ON document (integration, flow, state, id) "
        "WHERE state IN ('pending_validation', 'ready', 'outcome_unknown', 'on_hold')"
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_claim_open ON claim (document_id) WHERE state IN ('claimed', 'sending', 'outcome_unknown')"
    )
    op.execute("COMMENT ON COLUMN received_file.config_hash IS 'configuration under which the file was put on hold'")
