"""The ledger's tables of work: documents, what was acted on, what arrived, what is awaited. See also the other table modules."""

from __future__ import annotations

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Application, Delivery, State, Syntax
from mlconn_pipelines.ledger import tables_agents as _agents
from mlconn_pipelines.ledger import tables_state as _memory
from mlconn_pipelines.ledger.columns import identity, json, moment, one_of, text
from mlconn_pipelines.ledger.metadata import metadata
from mlconn_pipelines.ledger.outside_values import Amount, Whole64

__all__ = [
    "acknowledgment",
    "claim",
    "control_number",
    "document",
    "document_number",
    "interchange",
    "metadata",
    "received_file",
]

_memory.register()
_agents.register()

OPEN_CLAIM = "state IN ('claimed', 'sending', 'outcome_unknown')"
OPEN_DOCUMENT = "state IN ('pending_validation', 'ready', 'outcome_unknown', 'on_hold')"

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
"""`lifecycle.state_of`, for the database to hold."""

document_number = sa.Sequence("document_number", metadata=metadata)
"""Numbers of documents, printed as `D` and base 32; see identity.py."""

owner_number = sa.Sequence("owner_number", metadata=metadata, data_type=sa.Integer, minvalue=1, cycle=True)
"""Numbers of acting processes, each the second half of an advisory lock."""

document = sa.Table(
    "document",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("original", sa.Text(collation="C"), nullable=False, comment="id of the first revision"),
    text("integration"),
    text("flow"),
    text("direction"),
    identity("set_id"),
    identity("source_key"),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("is_current", sa.Boolean, nullable=False, server_default=sa.true(), comment="no later revision hangs on it"),
    sa.Column(
        "is_effective", sa.Boolean, nullable=False, server_default=sa.true(), comment="no later revision takes its place"
    ),
    text(
        "kind",
        comment="what it is in the trade: invoice, purchase_order, ship_notice ...; its X12 set is set_id, where it has one",
    ),
    text("state", comment="follows from the verdicts; without one, how far we are with it"),
    text("delivery", comment="unknown, sent, posted or not_needed; empty before it is known"),
    text("syntax", comment="what a 997, 999 or TA1 said: accepted, accepted_with_errors or rejected"),
    text("application", comment="what an 824 or a person said of the content: accepted or rejected"),
    sa.Column("partition", sa.Date, nullable=False, comment="day of the first sight, never changed"),
    identity("business_number"),
    sa.Column("document_date", sa.Date),
    text("partner"),
    text("partner_code"),
    sa.Column("line_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("amount", Amount),
    text("currency"),
    text("stamp", comment="the source's stamp as last read; opaque"),
    text("content_hash", comment="hash of the raw record stored here"),
    text("latest_hash", comment="hash at the source as last read; differs when a change came after sending"),
    text("projection", comment="version of the projection that both hashes are of; empty of releases that kept none"),
    json("raw"),
    json("pending_record", comment="the record as it was after it had been sent, for a redelivery"),
    json("canonical"),
    json(
        "change",
        comment="of a change set: what it changes (of, number), the document as the partner has it (had) and now (has)",
    ),
    json("findings"),
    json("receipt_findings", comment="findings of the receipt itself; what a document that is checked again starts with"),
    json("links"),
    text("reason"),
    text("reason_code"),
    text("held_by", comment="check, claim, server, receipt or source; says what brings it back by itself"),
    text("exception", comment="words of an open exception on a document whose state does not show it"),
    text("exception_code"),
    sa.Column("approved", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("preview", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("next_attempt_at"),
    sa.Column("reference_version", sa.Integer),
    text("config_hash", comment="configuration of the last check"),
    text("responds_to", comment="id of the document that this one of ours answers"),
    text("source", comment="system that it came from; empty for our own answers, and of releases that did not say"),
    text("target", comment="system that it is for; empty of releases that did not say"),
    text("fetched_run_id"),
    text("checked_run_id"),
    text("acted_run_id"),
    moment("first_seen_at", nullable=False, server_default=sa.func.now()),
    moment("changed_at", nullable=False, server_default=sa.func.now()),
    one_of("state", tuple(State)),
    *(one_of(name, tuple(words)) for name, words in (("delivery", Delivery), ("syntax", Syntax), ("application", Application))),
    sa.CheckConstraint(STATE_FOLLOWS, name="state_follows"),
    one_of("direction", ("outbound", "inbound")),
    sa.UniqueConstraint("integration", "flow", "source_key", "revision"),
)
sa.Index(
    "uq_document_current",
    document.c.integration,
    document.c.flow,
    document.c.source_key,
    unique=True,
    postgresql_where=sa.text("is_current"),
    postgresql_include=["stamp", "preview"],
)
sa.Index(
    "ix_document_open",
    document.c.integration,
    document.c.flow,
    document.c.state,
    document.c.id,
    postgresql_where=sa.text(OPEN_DOCUMENT),
)
sa.Index(
    "ix_document_totals",
    document.c.integration,
    document.c.flow,
    document.c.partition,
    document.c.state,
    postgresql_include=["is_effective", "preview", "id"],
)
sa.Index("ix_document_date", document.c.integration, document.c.flow, document.c.document_date)
sa.Index(
    "ix_document_business_number",
    document.c.integration,
    document.c.set_id,
    document.c.business_number,
    document.c.partner,
)
INVOICED_ORDER = sa.func.left(document.c.canonical["order_number"].astext, sa.literal_column("200"))
"""As much of it as an index takes: a partner may write 100 kB into any element."""
RECEIVED_INVOICES = sa.text("document.set_id = '810' AND document.direction = 'inbound'")
sa.Index(
    "ix_document_invoiced_order",
    document.c.integration,
    document.c.partner,
    INVOICED_ORDER,
    postgresql_where=sa.text("set_id = '810' AND direction = 'inbound'"),
)
sa.Index("ix_document_original", document.c.original)
sa.Index("ix_document_responds_to", document.c.responds_to, postgresql_where=sa.text("responds_to <> ''"))
sa.Index("ix_document_exception", document.c.integration, postgresql_where=sa.text("exception <> ''"))

interchange = sa.Table(
    "interchange",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    text("integration"),
    text("direction"),
    identity("key", comment="ISA05-08, ISA13, ISA15 joined by |; empty for payloads that are no X12"),
    json("envelope"),
    text("file_name"),
    text("place", comment="folder, endpoint or entity"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    text("sha256"),
    text("run_id"),
    moment("at", nullable=False, server_default=sa.func.now()),
)
sa.Index("ix_interchange_key", interchange.c.integration, interchange.c.key, postgresql_where=sa.text("key <> ''"))

claim = sa.Table(
    "claim",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("document_id", sa.Text(collation="C"), sa.ForeignKey("document.id"), nullable=False),
    text("state"),
    sa.Column("owner", sa.Integer, comment="number of the owner's advisory lock; none after a retry or a settlement"),
    sa.Column("fencing", sa.Integer, nullable=False, server_default="1"),
    text("target"),
    text("entity"),
    text("correlation_reference"),
    sa.Column("interchange_id", sa.BigInteger, sa.ForeignKey("interchange.id"), nullable=False),
    text("file_name"),
    text("destination"),
    sa.Column("interchange_number", sa.BigInteger),
    sa.Column("group_number", sa.BigInteger),
    sa.Column("set_number", sa.BigInteger),
    json("receipt"),
    text("evidence"),
    text("run_id"),
    moment("claimed_at", nullable=False, server_default=sa.func.now()),
    moment("sending_at"),
    moment("expires_at", comment="request time-out plus margin after sending: before it nobody else may conclude anything"),
    moment(
        "absence_proves_at",
        comment="from when on a record that is not there was surely not stored, by the end of the last attempt; none: never",
    ),
    moment("twin_look_at", comment="when to look once more whether a late request made a second record; none: no need"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0", comment="error answers that count towards the limit"),
    text("failure", comment="the last error answer, in the other side's words"),
    text("unjudged", comment="the last error answer is not counted yet: failed, or failed_alone where no other act failed"),
    sa.Column(
        "check_count", sa.Integer, nullable=False, server_default="0", comment="how often evidence was looked for in vain"
    ),
    moment("next_check_at"),
    moment("settled_at"),
    one_of("state", ("claimed", "sending", "done", "refused", "outcome_unknown", "cancelled")),
    one_of("target", ("erp", "folder", "api_provider")),
)
sa.Index("uq_claim_open", claim.c.document_id, unique=True, postgresql_where=sa.text(OPEN_CLAIM))
sa.Index("ix_claim_document", claim.c.document_id, claim.c.id)
sa.Index("ix_claim_interchange", claim.c.interchange_id)
sa.Index("ix_claim_twin_look", claim.c.twin_look_at, postgresql_where=sa.text("twin_look_at IS NOT NULL"))

received_file = sa.Table(
    "received_file",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    text("integration"),
    text("folder"),
    identity("file_id", comment="the server's id; one id with another size or time is another file"),
    text("name"),
    sa.Column("size", Whole64),
    text("modified"),
    text("state"),
    sa.Column("check_count", sa.Integer, nullable=False, server_default="1"),
    text("sha256"),
    text("reason"),
    text("reason_code"),
    text("run_id"),
    moment("removed_at", comment="when it had left the folder, or was left there for good"),
    sa.Column("interchange_ids", sa.ARRAY(sa.BigInteger), nullable=False, server_default="{}"),
    moment("first_seen_at", nullable=False, server_default=sa.func.now()),
    moment("changed_at", nullable=False, server_default=sa.func.now()),
    text("config_hash", comment="configuration under which the file was put on hold"),
    one_of("state", ("seen", "previewed", "stored", "on_hold", "dismissed")),
)
sa.Index(
    "ix_received_file_listed", received_file.c.integration, received_file.c.folder, received_file.c.file_id, received_file.c.id
)

acknowledgment = sa.Table(
    "acknowledgment",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("claim_id", sa.BigInteger, sa.ForeignKey("claim.id"), nullable=False),
    sa.Column("document_id", sa.Text(collation="C"), nullable=False),
    text("integration"),
    text("state"),
    text("sender", comment="ours, with qualifier, as in the interchange sent"),
    text("receiver"),
    text("usage"),
    text("functional_id"),
    text("group_number", comment="GS06 without leading zeros"),
    text("set_id"),
    text("set_number", comment="ST02 without leading zeros"),
    sa.Column("within_h", sa.Float, comment="hours after sending until it is overdue"),
    text("answered_by", comment="id of the 997 that decided it"),
    moment("decided_at"),
    one_of("state", ("awaited", "accepted", "accepted_with_errors", "rejected", "overdue", "not_expected")),
)
sa.Index("uq_acknowledgment_claim", acknowledgment.c.claim_id, unique=True)
sa.Index("ix_acknowledgment_document", acknowledgment.c.document_id)
sa.Index(
    "ix_acknowledgment_group",
    acknowledgment.c.integration,
    acknowledgment.c.group_number,
    acknowledgment.c.functional_id,
    acknowledgment.c.sender,
)
sa.Index("ix_acknowledgment_awaited", acknowledgment.c.integration, postgresql_where=sa.text("state = 'awaited'"))

control_number = sa.Table(
    "control_number",
    metadata,
    sa.Column("ours", sa.Text, primary_key=True),
    sa.Column("theirs", sa.Text, primary_key=True),
    sa.Column("usage", sa.Text, primary_key=True),
    sa.Column("interchange_number", sa.BigInteger, nullable=False, comment="ISA13 last used"),
    sa.Column("group_number", sa.BigInteger, nullable=False, comment="GS06 last used"),
    sa.Column("set_number", sa.BigInteger, nullable=False, comment="ST02 last used"),
)
