"""Releases of the agent that agents may fetch, which agent is to have which, jobs that are not wanted any more."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    "ALTER TABLE agent ADD COLUMN update_to text NOT NULL DEFAULT ''",
    "ALTER TABLE agent_job ADD COLUMN cancelled_at timestamptz",
    "CREATE INDEX ix_agent_job_settled ON agent_job (settled_at) WHERE state = 'settled'",
    "CREATE TABLE agent_release ("
    "version text NOT NULL, offer jsonb NOT NULL, added_at timestamptz NOT NULL DEFAULT now(), "
    "CONSTRAINT pk_agent_release PRIMARY KEY (version))",
    "CREATE TABLE agent_release_part ("
    "version text NOT NULL, number integer NOT NULL, content bytea NOT NULL, "
    "CONSTRAINT pk_agent_release_part PRIMARY KEY (version, number))",
)

COMMENTS = {
    "COLUMN agent.update_to": "version of the agent that it is to fetch, empty for none",
    "COLUMN agent_job.cancelled_at": "not wanted any more, and not accepted by then",
    "TABLE agent_release": "releases of the agent",
    "COLUMN agent_release.offer": "version, size and SHA-256, signed by the root",
    "TABLE agent_release_part": "the files of these releases, in parts that one answer can hold",
}


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for of, comment in COMMENTS.items():
        op.execute(f"COMMENT ON {of} IS '{comment}'")
