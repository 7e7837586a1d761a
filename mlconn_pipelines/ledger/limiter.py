"""Call budgets that all processes share, kept by the database: a rate per path (GCRA), and calls in flight per system."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.errors import TryLater
from mlconn_pipelines.ledger.concurrency_limit import Slots
from mlconn_pipelines.ledger.tables_credentials import limiter

WAIT_MAX_S = 60.0

CATCH_UP_S = 0.2
"""How much of an unused budget may be caught up at once: one call more at 5 a second, none at 1 a second.

Callers come a little late (latency, a busy machine); without this every delay would be lost budget, and with much more a
server that counts in windows would see too many calls at once.
"""


def _seconds(value: object) -> sa.ColumnElement[object]:
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, value)


# Built once: every request to a system with a budget asks, and building them takes longer than the database does.
_NOW = sa.func.clock_timestamp()
_EARLIEST = _NOW - _seconds(CATCH_UP_S)
_PATH = sa.bindparam("asked_path", type_=sa.Text)
_INTERVAL = _seconds(sa.bindparam("interval_s", type_=sa.Float))
_TAKE_TURN = (
    insert(limiter)
    .values(path=_PATH, next_at=_EARLIEST + _INTERVAL)
    .on_conflict_do_update(
        index_elements=["path"],
        set_={"next_at": sa.func.greatest(limiter.c.next_at, _EARLIEST) + _INTERVAL},
        where=limiter.c.next_at <= _NOW + _seconds(WAIT_MAX_S),
    )
    .returning(sa.extract("epoch", limiter.c.next_at - _INTERVAL - _NOW))
)
_AWAY = sa.select(sa.extract("epoch", limiter.c.next_at - _NOW)).where(limiter.c.path == _PATH)


class PostgresLimiter:
    """Implements `ports.connections.Limiter`. Safe to share between threads; one a process."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._places = Slots(engine)

    def acquire(self, path: str, per_second: float | None) -> None:
        """Sleep until this caller's turn on that path; None: no limit, no query. TryLater when the turn is over 60 s away.

        path: host and path template. The turn is taken by one committed statement, so no lock is held while sleeping.
        """
        if per_second is None:
            return
        with self._connected() as connection:
            wait_s = connection.execute(_TAKE_TURN, {"asked_path": path, "interval_s": 1.0 / per_second}).scalar()
            if wait_s is None:
                away_s = float(connection.execute(_AWAY, {"asked_path": path}).scalar() or WAIT_MAX_S)
                raise TryLater(
                    f"the next call of {path} may be made in {away_s:.0f} s, and a run waits {WAIT_MAX_S:.0f} s at most",
                    "Nothing is lost: the documents stay ready, and a later run goes on.",
                    retry_after_s=away_s,
                )
        if wait_s > 0:
            time.sleep(float(wait_s))

    def back_off(self, path: str, seconds: float) -> None:
        """After a 429: nobody's next turn on that path comes earlier than that many seconds from now."""
        later = _NOW + _seconds(seconds)
        with self._connected() as connection:
            connection.execute(
                insert(limiter)
                .values(path=path, next_at=later)
                .on_conflict_do_update(index_elements=["path"], set_={"next_at": sa.func.greatest(limiter.c.next_at, later)})
            )

    def in_flight(self, system: str, at_once: int) -> AbstractContextManager[None]:
        """Hold one of `at_once` places for calls to a system, over all processes. TryLater after 60 s without one."""
        return self._places.place(system, at_once, WAIT_MAX_S)

    def close(self) -> None:
        """Give the places back and close their connection."""
        self._places.close()

    def _connected(self) -> sa.Connection:
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
