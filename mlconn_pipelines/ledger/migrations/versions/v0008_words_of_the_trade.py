"""States, attempts and columns in the words of the trade; kinds of documents, and the verdicts that a state follows from.

The audit trail is sealed and keeps the words that it was written with.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = {
    "document": {"newest": "is_current", "stands": "is_effective", "later": "pending_record", "set_aside_by": "held_by"}
    | {"answers": "responds_to"},
    "claim": {"looks": "check_count", "next_look_at": "next_check_at", "our_reference": "correlation_reference"},
    "our_record": {"our_reference": "correlation_reference"},
    "received_file": {"looks": "check_count"},
}
INDEXES = {
    "uq_document_newest": "uq_document_current",
    "ix_document_answers": "ix_document_responds_to",
    "pk_hint": "pk_notification",
    "ix_hint_waiting": "ix_notification_waiting",
    "ix_hint_taken": "ix_notification_taken",
    "uq_hint_key": "uq_notification_key",
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

KINDS = {
    "interchange_acknowledgment": ("TA1",),
    "functional_acknowledgment": ("997", "999"),
    "application_advice": ("824",),
    "purchase_order": ("850",),
    "order_acknowledgment": ("855",),
    "ship_notice": ("856",),
    "invoice": ("810",),
    "remittance_advice": ("820",),
    "price_catalogue": ("832",),
    "inventory_advice": ("846",),
    "order_change": ("860",),
    "receiving_advice": ("861",),
    "change_acknowledgment": ("865",),
    "order_status_report": ("870",),
    "grocery_products_purchase_order": ("875",),
    "credit_debit_adjustment": ("812",),
    "planning_schedule_with_release_capability": ("830",),
    "product_activity_data": ("852",),
    "text_message": ("864",),
    "grocery_products_invoice": ("880",),
    "warehouse_shipping_order": ("940",),
    "warehouse_shipping_advice": ("945",),
}
VERDICTS = {
    "delivery": {
        "unknown": ("outcome_unknown",),
        "sent": ("sent", "accepted", "accepted_with_errors", "rejected_by_partner"),
        "posted": ("posted",),
        "not_needed": ("processed",),
    },
    "syntax": {
        "accepted": ("accepted",),
        "accepted_with_errors": ("accepted_with_errors",),
        "rejected": ("rejected_by_partner", "syntax_rejected"),
    },
}
STATE_FOLLOWS = """
CASE
    WHEN delivery = '' AND syntax <> '' THEN state = 'syntax_rejected'
    WHEN syntax = 'rejected' THEN state = 'rejected_by_partner'
    WHEN syntax <> '' THEN state = syntax
    WHEN delivery = 'unknown' THEN state = 'outcome_unknown'
    WHEN delivery = 'not_needed' THEN state = 'processed'
    WHEN delivery <> '' THEN state = delivery
    ELSE state IN ('pending_validation', 'before_go_live', 'ready', 'on_hold', 'skipped', 'duplicate', 'superseded')
END
"""
ADDED = {
    "kind": "what it is in the trade: invoice, purchase_order, ship_notice ...; its X12 set is set_id, where it has one",
    "delivery": "unknown, sent, posted or not_needed; empty before it is known",
    "syntax": "what a 997, 999 or TA1 said: accepted, accepted_with_errors or rejected",
    "application": "what an 824 or a person said of the content: accepted or rejected",
    "source": "system that it came from; empty for our own answers, and of releases that did not say",
    "target": "system that it is for; empty of releases that did not say",
}


def case(of: str, words: dict[str, tuple[str, ...]], otherwise: str) -> str:
    """A value by which of its words a column holds."""
    listed = ((now, ", ".join(f"'{word}'" for word in of_it)) for now, of_it in words.items())
    return "CASE " + " ".join(f"WHEN {of} IN ({of_it}) THEN '{now}'" for now, of_it in listed) + f" ELSE '{otherwise}' END"


def advised(event: str) -> str:
    """Documents of which the trail says so last."""
    said = "event IN ('advised', 'advised_rejection')"
    last = f"SELECT DISTINCT ON (document_id) document_id, event FROM audit_event WHERE {said} ORDER BY document_id, id DESC"  # noqa: S608
    return f"SELECT document_id FROM ({last}) last WHERE event = '{event}'"  # noqa: S608 - words of ours


def upgrade() -> None:
    for index in ("ix_document_open", "uq_claim_open"):
        op.execute(f"DROP INDEX {index}")
    for table, renamed in COLUMNS.items():
        for was, now in renamed.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {was} TO {now}")
    op.execute("ALTER TABLE hint RENAME TO notification")
    for was, now in INDEXES.items():
        op.execute(f"ALTER INDEX {was} RENAME TO {now}")
    for table, words in STATES.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_state")
        cases = " ".join(f"WHEN '{was}' THEN '{now}'" for was, now in words.items())
        named = ", ".join(f"'{was}'" for was in words)
        op.execute(f"UPDATE {table} SET state = CASE state {cases} END WHERE state IN ({named})")  # noqa: S608 - words of ours
        listed = ", ".join(f"'{state}'" for state in ALL_STATES[table])
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_state CHECK (state IN ({listed}))")
    for name, comment in ADDED.items():
        op.execute(f"ALTER TABLE document ADD COLUMN {name} text NOT NULL DEFAULT ''")
        op.execute(f"COMMENT ON COLUMN document.{name} IS '{comment}'")
    op.execute("COMMENT ON COLUMN document.responds_to IS 'id of the document that this one of ours answers'")
    op.execute("COMMENT ON COLUMN document.state IS 'follows from the verdicts; without one, how far we are with it'")
    verdicts = ", ".join(f"{name} = {case('state', words, '')}" for name, words in VERDICTS.items())
    op.execute(f"UPDATE document SET kind = {case('set_id', KINDS, 'other')}, {verdicts}")  # noqa: S608 - words of ours
    for word, event in (("accepted", "advised"), ("rejected", "advised_rejection")):
        op.execute(f"UPDATE document SET application = '{word}' WHERE id IN ({advised(event)})")  # noqa: S608 - words of ours
    known = {name: tuple(words) for name, words in VERDICTS.items()} | {"application": ("accepted", "rejected")}
    for name, of_it in known.items():
        listed = ", ".join(f"'{word}'" for word in ("", *of_it))
        op.execute(f"ALTER TABLE document ADD CONSTRAINT ck_document_{name} CHECK ({name} IN ({listed}))")
    op.execute(f"ALTER TABLE document ADD CONSTRAINT ck_document_state_follows CHECK ({STATE_FOLLOWS})")
    op.execute(
        "CREATE INDEX ix_document_open ON document (integration, flow, state, id) "
        "WHERE state IN ('pending_validation', 'ready', 'outcome_unknown', 'on_hold')"
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_claim_open ON claim (document_id) WHERE state IN ('claimed', 'sending', 'outcome_unknown')"
    )
    op.execute("COMMENT ON COLUMN received_file.config_hash IS 'configuration under which the file was put on hold'")
