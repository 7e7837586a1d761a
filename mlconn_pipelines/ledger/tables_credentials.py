"""Tables of what outgoing calls need: credentials, cached sessions, stopped connections, call budgets. Secrets are ciphertext."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from mlconn_pipelines.ledger.metadata import metadata

credential = sa.Table(
    "credential",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("fields", ARRAY(sa.Text), nullable=False, comment="names of what the ciphertext holds, for lists"),
    sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    comment="the vault: one row is what one connection signs in with",
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("generation", sa.BigInteger, nullable=False, comment="grows with every sign-in, never falls"),
    sa.Column("ciphertext", sa.LargeBinary, comment="empty once the session is known to be of no use"),
    sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True), nullable=False, comment="written at most once a minute"),
    comment="one row is the session that all processes share for one credential",
)

connection_state = sa.Table(
    "connection_state",
    metadata,
    sa.Column("name", sa.Text, primary_key=True, comment="of the credential"),
    sa.Column("refusals", sa.Integer, nullable=False, server_default="0", comment="sign-ins refused since the last good one"),
    sa.Column("stopped_at", sa.DateTime(timezone=True), comment="empty while the connection may be used"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    comment="a stopped connection waits for a person: another wrong password would lock the account",
)

limiter = sa.Table(
    "limiter",
    metadata,
    sa.Column("path", sa.Text, primary_key=True, comment="host and path template"),
    sa.Column(
        "next_at", sa.DateTime(timezone=True), nullable=False, comment="the next caller's turn; may lie a little in the past"
    ),
    comment="one row is one call budget that all processes share",
)
