"""How the ledger connects: one engine a process, whose JSON keeps every digit."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Self

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from mlconn_pipelines.failures import unavailable
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ledger.outside_values import storable_parameters, tell_refused_values_apart

IDLE_TRUSTED_S = 1.0
"""A connection that was in use a moment ago is not asked whether it lives: acts take one up to ten times a document."""

IDLE_IN_TRANSACTION_MAX_S = 60.0
"""No transaction of ours waits for anything outside; one that does belongs to a frozen process, whose locks hold up the others."""

LOCK_WAIT_MAX_S = 90.0
"""Longer than the database lets a frozen process keep its locks; a wait beyond that ends, and is tried again later."""

_TIME_OUTS = {"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MAX_S, "lock_timeout": LOCK_WAIT_MAX_S}


def ledger_engine(url: str, **options: Any) -> sa.Engine:
    """An engine for `postgresql+psycopg://…`; other spellings of a PostgreSQL URL are taken too.

    The pool holds what one run needs: eight acting threads and a few readers. Dead connections are noticed before use where
    they have been idle, because a database that was restarted must not cost a run.
    """
    parsed = sa.make_url(url)
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    settings: dict[str, Any] = {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_recycle": 1800,
        "connect_args": {
            "application_name": "mlconn",
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={seconds:.0f}s" for name, seconds in _TIME_OUTS.items()),
            "cursor_factory": LedgerCursor,
        },
    }
    if "poolclass" in options:  # a pool of another kind has no sizes
        del settings["pool_size"], settings["max_overflow"]
    engine = sa.create_engine(
        parsed,
        json_serializer=json_values.dumps,
        json_deserializer=json_values.loads,
        hide_parameters=True,  # what a statement carries is business data, and has no place in a log
        **(settings | options),
    )
    tell_refused_values_apart(engine)
    _notice_dead_connections(engine)
    _say_what_is_wrong(engine)
    return engine


class LedgerCursor(psycopg.Cursor[Any]):
    """What statements carry is made storable here, for there is no way around it.

    The driver prepares what it has run a few times, and PostgreSQL refuses a plan whose columns a migration has changed.

    Where that statement began its transaction, nothing is lost: it is run once more, and this connection prepares nothing any more.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        begins = self.connection.pgconn.transaction_status == TransactionStatus.IDLE
        params = storable_parameters(params)
        try:
            return super().execute(query, params, **options)
        except psycopg.errors.FeatureNotSupported as refused:
            if "cached plan" not in str(refused):
                raise
            self.connection.prepare_threshold = None
            if not begins:
                raise
            self.connection.rollback()
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        super().executemany(query, [storable_parameters(params) for params in params_seq], **options)


def _say_what_is_wrong(engine: sa.Engine) -> None:
    """Where the database is at fault, its exceptions become DatabaseUnavailable: flows let that through, whatever document it met."""

    @sa.event.listens_for(engine, "handle_error")
    def say(context: sa.engine.ExceptionContext) -> None:
        if (trouble := unavailable(context.original_exception)) is not None:
            raise trouble from context.original_exception


def _notice_dead_connections(engine: sa.Engine) -> None:
    """As SQLAlchemy's `pool_pre_ping`, for connections that were idle only: a dead one empties the pool, and a new one is made."""

    @sa.event.listens_for(engine, "checkin")
    def remember(connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def ask(connection: Any, entry: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
        idle_since = entry.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < IDLE_TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as dead:
            raise sa.exc.InvalidatePoolError(str(dead)) from dead
