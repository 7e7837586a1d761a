"""Who acts: a number, and a session advisory lock on it that ends with the process, whatever ends the process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from mlconn_pipelines.flows.ports.entries import Channel, DocumentRow, FailedAct, Render, Run
from mlconn_pipelines.ledger.acts import HeldClaim, Times
from mlconn_pipelines.ledger.claims import make_claim
from mlconn_pipelines.ledger.judging import judge_step
from mlconn_pipelines.ledger.locks import OWNERS
from mlconn_pipelines.ledger.tables import owner_number


class PostgresOwner:
    """`Owner` of flows/ports/claims.py; safe to use from several threads while its context lasts."""

    def __init__(self, engine: sa.Engine, run: Run, number: int, times: Times) -> None:
        self._engine, self._run, self.number, self._times = engine, run, number, times

    def claim(
        self, document: DocumentRow, channel: Channel | None, render: Render, entity: str = "", repeatable: bool = False
    ) -> HeldClaim | None:
        return make_claim(self._engine, self._run, self.number, self._times, document, channel, render, entity, repeatable)

    def judge(self, answered: Collection[str], failed: Sequence[FailedAct], hold_after: int) -> int:
        return judge_step(self._engine, self._run, answered, failed, hold_after)


@contextmanager
def living_owner(engine: sa.Engine, run: Run, times: Times) -> Iterator[PostgresOwner]:
    """An owner for as long as the context lasts, on a connection of its own that never has a transaction open.

    A machine that is lost without a word is noticed by the server within half a minute or so, by TCP keep-alive.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as pooled:
        pooled.detach()  # held for the whole run: it must not count against the pool that the acting threads share
        pooled.execute(sa.text("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"))
        number = pooled.scalars(sa.select(owner_number.next_value())).one()
        pooled.execute(sa.select(sa.func.pg_advisory_lock(OWNERS, sa.cast(number, sa.Integer))))
        yield PostgresOwner(engine, run, number, times)
