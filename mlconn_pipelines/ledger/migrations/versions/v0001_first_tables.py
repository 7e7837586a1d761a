"""The first tables: ledger, vault, sessions, limiter; as they were when the later revisions began to be frozen, at 0003."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Explicit statements: what the program's tables are today is the work of the revisions after this one."""
    driver = op.get_bind().connection.driver_connection  # many statements at once, with signs that are no placeholders
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_bytes())
