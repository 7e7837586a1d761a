"""Which connections were refused, and which wait for a person: another wrong password would lock the account."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.ledger.alerts import raise_alert, resolve_alert
from mlconn_pipelines.ledger.tables_credentials import connection_state


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What a list shows. name: of the credential. stopped_at: None while it may be used. Times aware, UTC."""

    name: str
    refusals: int
    stopped_at: dt.datetime | None
    reason: str


def connections(engine: sa.Engine) -> list[ConnectionState]:
    """Every connection that was refused since its last good sign-in, stopped ones first."""
    table = connection_state.c
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(table.name, table.refusals, table.stopped_at, table.reason).order_by(
                table.stopped_at.is_(None), table.name
            )
        ).all()
    return [ConnectionState(row.name, row.refusals, row.stopped_at, row.reason) for row in rows]


def stopped(engine: sa.Engine, name: str) -> ConnectionState | None:
    """The state of that connection if it is stopped; for sensors, one query."""
    return next((state for state in connections(engine) if state.name == name and state.stopped_at is not None), None)


def resume(engine: sa.Engine, name: str) -> None:
    """Let a stopped connection be used again. LedgerError when it is not stopped."""
    if stopped(engine, name) is None:
        raise LedgerError(f"connection {name!r} is not stopped", "`mlconn connection list` shows those that are.")
    with engine.begin() as tx:
        clear_refusals(tx, name)


def count_refusal(tx: sa.Connection, integration: str, name: str, reason: str, refusals_max: int) -> bool:
    """One more refused sign-in; true when it stopped the connection, which opens one alert. reason: without secrets."""
    refusals = connection_state.c.refusals + 1
    stops = sa.case((refusals >= refusals_max, sa.func.now()), else_=None)
    row = tx.execute(
        insert(connection_state)
        .values(name=name, refusals=1, reason=reason, stopped_at=sa.func.now() if refusals_max <= 1 else None)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={
                "refusals": refusals,
                "reason": reason,
                "changed_at": sa.func.now(),
                "stopped_at": sa.func.coalesce(connection_state.c.stopped_at, stops),
            },
        )
        .returning(connection_state.c.stopped_at)
    ).one()
    if row.stopped_at is None:
        return False
    return raise_alert(
        tx,
        integration,
        _cause(name),
        f"Connection {name!r} is stopped: {reason}. Run `mlconn credentials set {name}`, then everything goes on by itself.",
    )


def clear_refusals(tx: sa.Connection, name: str) -> None:
    """After a good sign-in, a new credential or a person's word: the connection may be used, its alert is resolved."""
    if tx.execute(sa.delete(connection_state).where(connection_state.c.name == name)).rowcount:
        resolve_alert(tx, _cause(name))


def _cause(name: str) -> str:
    return f"connection stopped: {name}"
