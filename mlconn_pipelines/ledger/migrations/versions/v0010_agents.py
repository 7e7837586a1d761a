"""Agents that dial in: who they are, their keys, and the jobs that wait for them."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    "CREATE TABLE agent ("
    "id text NOT NULL, integration text NOT NULL DEFAULT '', companies jsonb NOT NULL, standing text NOT NULL DEFAULT '', "
    "fingerprint text NOT NULL DEFAULT '', server text NOT NULL DEFAULT '', boots jsonb NOT NULL, seq bigint NOT NULL DEFAULT 0, "
    "proto integer NOT NULL DEFAULT 0, version text NOT NULL DEFAULT '', about jsonb NOT NULL, "
    "enrolled_at timestamptz NOT NULL DEFAULT now(), seen_at timestamptz, log_wanted_at timestamptz, log_at timestamptz, "
    "log text NOT NULL DEFAULT '', CONSTRAINT pk_agent PRIMARY KEY (id), "
    "CONSTRAINT ck_agent_standing CHECK (standing IN ('active', 'suspended', 'revoked')))",
    "CREATE TABLE agent_key ("
    "agent_id text NOT NULL, key_id text NOT NULL, public bytea NOT NULL, valid_from bigint NOT NULL, valid_until bigint NOT NULL, "
    "CONSTRAINT pk_agent_key PRIMARY KEY (agent_id, key_id))",
    "CREATE TABLE agent_code ("
    "id text NOT NULL, key bytea, agent_id text NOT NULL DEFAULT '', integration text NOT NULL DEFAULT '', companies jsonb NOT NULL, "
    "expires bigint NOT NULL, used_at timestamptz, CONSTRAINT pk_agent_code PRIMARY KEY (id))",
    "CREATE TABLE agent_job_key ("
    "key_id text NOT NULL, certificate jsonb NOT NULL, valid_from bigint NOT NULL, valid_until bigint NOT NULL, "
    "CONSTRAINT pk_agent_job_key PRIMARY KEY (key_id))",
    "CREATE TABLE agent_job ("
    "id text NOT NULL, agent_id text NOT NULL DEFAULT '', integration text NOT NULL DEFAULT '', company text NOT NULL DEFAULT '', "
    "verb text NOT NULL DEFAULT '', effect text NOT NULL DEFAULT '', idem_ref text NOT NULL DEFAULT '', "
    "state text NOT NULL DEFAULT '', digest text NOT NULL DEFAULT '', signed text NOT NULL DEFAULT '', "
    "attempt integer NOT NULL DEFAULT 1, not_after bigint NOT NULL, queued_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
    "given_at timestamptz, given_last bigint NOT NULL DEFAULT 0, given_boot text NOT NULL DEFAULT '', accepted_at timestamptz, "
    "result jsonb, done_at timestamptz, settled_at timestamptz, pages integer NOT NULL DEFAULT 0, "
    "CONSTRAINT pk_agent_job PRIMARY KEY (id), "
    "CONSTRAINT ck_agent_job_state CHECK (state IN ('queued', 'given', 'accepted', 'done', 'settled')))",
    "CREATE INDEX ix_agent_job_unaccepted ON agent_job (agent_id, queued_at) WHERE state IN ('queued', 'given')",
    "CREATE UNIQUE INDEX uq_agent_job_open_write ON agent_job (integration, idem_ref) "
    "WHERE effect = 'write' AND idem_ref <> '' AND state <> 'settled'",
    "CREATE TABLE agent_page ("
    "job_id text NOT NULL, number integer NOT NULL, rows jsonb NOT NULL, cursor jsonb NOT NULL, "
    "received_at timestamptz NOT NULL DEFAULT now(), CONSTRAINT pk_agent_page PRIMARY KEY (job_id, number))",
)

COMMENTS = {
    "TABLE agent": "agents that dial in",
    "COLUMN agent.id": "its name",
    "COLUMN agent.companies": "that it works for",
    "COLUMN agent.fingerprint": "of its machine, hashed there",
    "COLUMN agent.server": "name of the Sage server, for people",
    "COLUMN agent.boots": "its starts, the present one first",
    "COLUMN agent.seq": "of the last message of the present start",
    "COLUMN agent.about": "what its last hello said",
    "COLUMN agent.log": "the last lines that it sent",
    "TABLE agent_key": "public keys of agents",
    "COLUMN agent_key.valid_from": "seconds since 1970",
    "TABLE agent_code": "codes by which agents are enrolled, once each",
    "COLUMN agent_code.id": "a hash of the code",
    "COLUMN agent_code.key": "another one, by which a new agent proves that it knows the code; gone once it was used",
    "COLUMN agent_code.expires": "seconds since 1970",
    "TABLE agent_job_key": "keys that jobs are signed with; the private halves lie in the vault",
    "COLUMN agent_job_key.certificate": "its public half and its time, signed by the root",
    "COLUMN agent_job_key.valid_from": "seconds since 1970",
    "TABLE agent_job": "what agents are to do, and what became of it",
    "COLUMN agent_job.idem_ref": "what marks the document as this job''s",
    "COLUMN agent_job.digest": "of what is to be done",
    "COLUMN agent_job.signed": "as it crosses the tunnel, in canonical JSON",
    "COLUMN agent_job.not_after": "seconds since 1970; an agent begins nothing later",
    "COLUMN agent_job.given_at": "when it first was in an answer to its agent",
    "COLUMN agent_job.given_last": "and last, in seconds since 1970",
    "COLUMN agent_job.given_boot": "start of the agent that it was last given to",
    "COLUMN agent_job.pages": "the last page of a read that we have had",
    "TABLE agent_page": "pages of reads that no run has taken yet",
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for of, comment in COMMENTS.items():
        op.execute(f"COMMENT ON {of} IS '{comment}'")
