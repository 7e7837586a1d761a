"""Tables of agents that dial in: who they are, their keys, and the jobs that wait for them. No private key is among them."""

from __future__ import annotations

import sqlalchemy as sa

from mlconn_pipelines.agents.admission import Standing
from mlconn_pipelines.agents.jobs import JobState
from mlconn_pipelines.ledger.columns import identity, json, moment, one_of, text
from mlconn_pipelines.ledger.metadata import metadata
from mlconn_pipelines.ledger.outside_values import IdentityText

OPEN_WRITE = "effect = 'write' AND idem_ref <> '' AND state <> 'settled'"
UNACCEPTED = "state IN ('queued', 'given')"

agent = sa.Table(
    "agent",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="its name"),
    text("integration"),
    json("companies", nullable=False, comment="that it works for"),
    text("standing"),
    text("fingerprint", comment="of its machine, hashed there"),
    text("server", comment="name of the Sage server, for people"),
    json("boots", nullable=False, comment="its starts, the present one first"),
    sa.Column("seq", sa.BigInteger, nullable=False, server_default="0", comment="of the last message of the present start"),
    sa.Column("proto", sa.Integer, nullable=False, server_default="0"),
    text("version"),
    json("about", nullable=False, comment="what its last hello said"),
    moment("enrolled_at", nullable=False, server_default=sa.func.now()),
    moment("seen_at"),
    moment("log_wanted_at"),
    moment("log_at"),
    text("log", comment="the last lines that it sent"),
    text("update_to", comment="version of the agent that it is to fetch, empty for none"),
    one_of("standing", tuple(Standing)),
    comment="agents that dial in",
)

agent_key = sa.Table(
    "agent_key",
    metadata,
    sa.Column("agent_id", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("public", sa.LargeBinary, nullable=False),
    sa.Column("valid_from", sa.BigInteger, nullable=False, comment="seconds since 1970"),
    sa.Column("valid_until", sa.BigInteger, nullable=False),
    comment="public keys of agents",
)

agent_code = sa.Table(
    "agent_code",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="a hash of the code"),
    sa.Column(
        "key", sa.LargeBinary, comment="another one, by which a new agent proves that it knows the code; gone once it was used"
    ),
    text("agent_id"),
    text("integration"),
    json("companies", nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, comment="seconds since 1970"),
    moment("used_at"),
    comment="codes by which agents are enrolled, once each",
)

agent_job_key = sa.Table(
    "agent_job_key",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    json("certificate", nullable=False, comment="its public half and its time, signed by the root"),
    sa.Column("valid_from", sa.BigInteger, nullable=False, comment="seconds since 1970"),
    sa.Column("valid_until", sa.BigInteger, nullable=False),
    comment="keys that jobs are signed with; the private halves lie in the vault",
)

agent_job = sa.Table(
    "agent_job",
    metadata,
    sa.Column("id", IdentityText, primary_key=True),
    text("agent_id"),
    text("integration"),
    text("company"),
    text("verb"),
    text("effect"),
    identity("idem_ref", comment="what marks the document as this job's"),
    text("state"),
    text("digest", comment="of what is to be done"),
    text("signed", comment="as it crosses the tunnel, in canonical JSON"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    sa.Column("not_after", sa.BigInteger, nullable=False, comment="seconds since 1970; an agent begins nothing later"),
    moment("queued_at", nullable=False, server_default=sa.func.clock_timestamp()),
    moment("given_at", comment="when it first was in an answer to its agent"),
    sa.Column("given_last", sa.BigInteger, nullable=False, server_default="0", comment="and last, in seconds since 1970"),
    text("given_boot", comment="start of the agent that it was last given to"),
    moment("accepted_at"),
    json("result"),
    moment("done_at"),
    moment("settled_at"),
    sa.Column("pages", sa.Integer, nullable=False, server_default="0", comment="the last page of a read that we have had"),
    moment("cancelled_at", comment="not wanted any more, and not accepted by then"),
    one_of("state", tuple(JobState)),
    comment="what agents are to do, and what became of it",
)
sa.Index("ix_agent_job_unaccepted", agent_job.c.agent_id, agent_job.c.queued_at, postgresql_where=sa.text(UNACCEPTED))
sa.Index(
    "uq_agent_job_open_write",
    agent_job.c.integration,
    agent_job.c.idem_ref,
    unique=True,
    postgresql_where=sa.text(OPEN_WRITE),
)

sa.Index("ix_agent_job_settled", agent_job.c.settled_at, postgresql_where=sa.text("state = 'settled'"))

agent_page = sa.Table(
    "agent_page",
    metadata,
    sa.Column("job_id", IdentityText, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    json("rows", nullable=False),
    json("cursor", nullable=False),
    moment("received_at", nullable=False, server_default=sa.func.now()),
    comment="pages of reads that no run has taken yet",
)

agent_release = sa.Table(
    "agent_release",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    json("offer", nullable=False, comment="version, size and SHA-256, signed by the root"),
    moment("added_at", nullable=False, server_default=sa.func.now()),
    comment="releases of the agent",
)

agent_release_part = sa.Table(
    "agent_release_part",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    comment="the files of these releases, in parts that one answer can hold",
)


def register() -> None:
    """As that of tables_state.py."""
