"""The first tables: ledger, vault, sessions, limiter."""

from __future__ import annotations

from alembic import op

from mlconn_pipelines.ledger import tables_of_access  # noqa: F401 - registers its tables
from mlconn_pipelines.ledger.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Later revisions change what this one creates; once released it must not follow the tables' modules any more."""
    metadata.create_all(op.get_bind())
