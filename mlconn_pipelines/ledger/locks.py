"""Advisory locks of the ledger: who lives, and who works alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


@contextmanager
def held_alone(engine: sa.Engine, what: str, wait: Callable[[], bool]) -> Iterator[Callable[[], object] | None]:
    """Hold the lock on a piece of work that one process at a time does for as long as it lives, on a connection of its own.

    wait: called while another holds it, false to give up; then the block gets None. Else it gets what asks whether the lock is still
    held: it raises as soon as the connection, and the lock with it, is gone.
    """
    lock = sa.func.hashtextextended(what, 0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        connection.execute(
            sa.text("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
        )
        while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(lock))):
            if not wait():
                yield None
                return
        yield lambda: connection.scalar(sa.select(1))
