"""Advisory locks of the ledger: who lives, and who works alone."""

from __future__ import annotations

import sqlalchemy as sa

OWNERS = 0x6D6C6F77
"""First half of every owner's lock; the second half is the owner's number."""

LIVE_OWNERS = f"""
    SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = {OWNERS}
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - a constant of ours
"""Numbers of the owners that live: whoever died gave its lock back with its connection."""


def one_at_a_time(tx: sa.Connection, *what: str) -> None:
    """Wait for and hold, until the transaction ends, the lock on one named piece of work."""
    tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("|".join(what), 0))))
