"""Which runs have a worker that lives: a session advisory lock on the run's id, which ends with the worker, whatever ends it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

RUNS = 0x6D6C7275
"""First half of every run's lock; the second half is made of the run's id."""


@contextmanager
def living_run(engine: sa.Engine, run_id: str) -> Iterator[None]:
    """Show that this process works on the run for as long as the context lasts, on a connection of its own.

    A machine that is lost without a word is noticed by the server within half a minute or so, by TCP keep-alive.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # held for the whole run: it must not count against the pool that the acting threads share
        connection.execute(
            sa.text("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
        )
        # Shared, so that a run resumed elsewhere does not wait for its first worker's end.
        connection.execute(sa.select(sa.func.pg_advisory_lock_shared(RUNS, _number(run_id))))
        yield


def is_alive(engine: sa.Engine, run_id: str) -> bool:
    """Whether a worker of that run lives. Two ids in 2³² share a number: a lost run then counts as living for a while longer."""
    lives = sa.text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = :class "
        "AND objid = CAST(:number AS bigint)::oid AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    with engine.connect() as connection:
        values = {"class": RUNS, "number": _number(run_id) % 2**32}
        return bool(connection.scalar(lives, values))


def _number(run_id: str) -> int:
    """A number of 32 bits, signed, as the lock takes it."""
    number = zlib.crc32(run_id.encode())
    return number - 2**32 if number >= 2**31 else number
