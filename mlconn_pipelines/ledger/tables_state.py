"""The ledger's tables of memory: watermarks, keys, reference data, hints, alerts, our updates, field states, the sealed audit."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from mlconn_pipelines.ledger.columns import identity, moment, text
from mlconn_pipelines.ledger.metadata import metadata
from mlconn_pipelines.ledger.outside_values import IdentityText

watermark = sa.Table(
    "watermark",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    text("run_id"),
    moment("at", nullable=False, server_default=sa.func.now()),
)

reference_version = sa.Table(
    "reference_version",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, comment="the reference set that changed"),
    sa.Column("changed", sa.Integer, nullable=False, comment="how many items differ from the version before"),
    text("run_id"),
    moment("at", nullable=False, server_default=sa.func.now()),
)

reference_item = sa.Table(
    "reference_item",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("key", IdentityText, primary_key=True),
    sa.Column("version_from", sa.Integer, primary_key=True),
    sa.Column("version_to", sa.Integer, comment="the version that no longer has it; none while it holds"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", JSONB, nullable=False),
    sa.Column("value_hash", sa.Text, nullable=False),
)
sa.Index(
    "uq_reference_item_current",
    reference_item.c.integration,
    reference_item.c.name,
    reference_item.c.key,
    unique=True,
    postgresql_where=sa.text("version_to IS NULL"),
)
sa.Index("ix_reference_item_from", reference_item.c.integration, reference_item.c.version_from)
sa.Index("ix_reference_item_to", reference_item.c.integration, reference_item.c.version_to)

notification = sa.Table(
    "notification",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    text("integration"),
    text("flow"),
    text("source", comment="who said so"),
    text("place", comment="where to look: a folder or an entity; never business data"),
    identity("key", comment="tells the flow's hints apart: a hash over what identifies the event"),
    sa.Column("once", sa.Boolean, nullable=False, server_default=sa.true(), comment="the key names one event for good"),
    moment("at", nullable=False, server_default=sa.func.now()),
    moment("taken_at", comment="when a run of the flow began after it"),
    text("run_id"),
)
sa.Index(
    "ix_notification_waiting", notification.c.integration, notification.c.flow, postgresql_where=sa.text("taken_at IS NULL")
)
sa.Index("ix_notification_taken", notification.c.taken_at, postgresql_where=sa.text("taken_at IS NOT NULL"))
sa.Index("uq_notification_key", notification.c.integration, notification.c.flow, notification.c.key, unique=True)

alert = sa.Table(
    "alert",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    text("integration"),
    identity("cause", comment="one alert is open per cause"),
    text("text"),
    moment("opened_at", nullable=False, server_default=sa.func.now()),
    moment("resolved_at"),
    moment("delivered_at"),
    moment("resolution_delivered_at"),
)
sa.Index("uq_alert_open", alert.c.cause, unique=True, postgresql_where=sa.text("resolved_at IS NULL"))

answered_act = sa.Table(
    "answered_act",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True, comment="erp, folder, or an endpoint's address"),
    moment("at", nullable=False, comment="when that system last took or refused a document of ours in its own words"),
)

open_attempt = sa.Table(
    "open_attempt",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, primary_key=True, comment="what was to be made beside documents: a subscription"),
    moment("absence_proves_at", nullable=False, comment="before it, its absence does not prove that it was not made"),
)

our_update = sa.Table(
    "our_update",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("source_key", IdentityText, primary_key=True),
    sa.Column("content_hash", sa.Text, primary_key=True),
    text("projection", comment="version of the projection that the hash is of"),
    moment("at", nullable=False, server_default=sa.func.now()),
)

our_record = sa.Table(
    "our_record",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("source_key", IdentityText, primary_key=True),
    text("correlation_reference"),
    text("stamp"),
    text("run_id"),
    moment("at", nullable=False, server_default=sa.func.now()),
    comment="records that we created ourselves and therefore never send back",
)

remembered_key = sa.Table(
    "remembered_key",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True, comment="missing: listed and not read; ahead: stamped ahead of the clock"),
    sa.Column("key", IdentityText, primary_key=True),
    text("stamp", comment="as the source listed it"),
    text("note", comment="why, for people"),
    text("run_id"),
    moment("first_seen_at", nullable=False, server_default=sa.func.now()),
    moment("last_asked_at"),
    sa.Column("asks", sa.Integer, nullable=False, server_default="0", comment="how often it was asked for by itself"),
    moment("absent_since", comment="when the source first said in good form that there is no such record"),
    moment("gone_at", comment="it said so again, long enough afterwards"),
    comment="keys that the watermark alone would lose",
)

field_state = sa.Table(
    "field_state",
    metadata,
    sa.Column("integration", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("source_key", IdentityText, primary_key=True, comment="of the record that they come from"),
    identity("target_key", comment="of the record that they were last written to; empty before that"),
    sa.Column("fields", JSONB, nullable=False, comment="what they are to be, by the names that they have in the target"),
    text("hash", comment="over fields"),
    text("currency", comment="of amounts among them, ISO 4217"),
    moment("as_of", nullable=False, comment="when the source was read"),
    text("written_hash", comment="hash of what was last written; empty before that"),
    moment("written_at"),
    text(
        "failed_hash",
        comment="hash of what could not be written; it is not tried again before it changes or a person says so",
    ),
    text("error"),
    text("error_code"),
    text("collection", comment="id of the document that they are written by at present; counts while that is open"),
    comment="fields of records elsewhere that are kept in step by collections",
)
sa.Index(
    "ix_field_state_due",
    field_state.c.integration,
    field_state.c.flow,
    field_state.c.source_key,
    postgresql_where=sa.text("hash <> written_hash AND hash <> failed_hash"),
)

audit_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    moment("at", nullable=False, server_default=sa.func.clock_timestamp()),
    text("integration"),
    text("document_id"),
    text("event"),
    text("from_state"),
    text("to_state"),
    text("run_id"),
    text("direction"),
    text("source_id"),
    text("payload_hash", comment="sha256; payloads are never stored here"),
    text("reason"),
)
sa.Index("ix_audit_event_document", audit_event.c.document_id, audit_event.c.id)

audit_seal = sa.Table(
    "audit_seal",
    metadata,
    sa.Column("block", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_id", sa.BigInteger, nullable=False),
    sa.Column("last_id", sa.BigInteger, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("previous_sha256", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    moment("sealed_at", nullable=False, server_default=sa.func.now()),
)

_REFUSAL = """
CREATE OR REPLACE FUNCTION mlconn_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: the audit trail only grows', TG_OP, TG_TABLE_NAME
        USING HINT = 'Write a new event that says what was wrong.';
END $$
"""


def _ddl(text: str) -> sa.DDL:
    return sa.DDL(text)  # type: ignore[no-untyped-call]


for _table in (audit_event, audit_seal):
    sa.event.listen(_table, "after_create", _ddl(_REFUSAL.replace("%", "%%")))
    for _kind, _level in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        sa.event.listen(
            _table,
            "after_create",
            _ddl(
                f"CREATE TRIGGER {_table.name}_append_only_{_level.lower()} BEFORE {_kind} ON {_table.name} "
                f"FOR EACH {_level} EXECUTE FUNCTION mlconn_append_only()"
            ),
        )


def register() -> None:
    """Importing this module put its tables on the metadata; called so that the import is not taken for unused."""
