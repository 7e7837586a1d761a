"""Alerts: one open per cause, resolved when the cause is gone. Delivering them (webhook, e-mail) is others' work."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.ledger.tables_state import alert


def raise_alert(tx: sa.Connection, integration: str, cause: str, text: str) -> bool:
    """Open an alert unless one of that cause is open; true when it is new."""
    insert = postgresql.insert(alert).values(integration=integration, cause=cause, text=text)
    once = insert.on_conflict_do_nothing(index_elements=["cause"], index_where=sa.text("resolved_at IS NULL"))
    return tx.execute(once.returning(alert.c.id)).first() is not None


def renew_alert(tx: sa.Connection, integration: str, cause: str, text: str) -> bool:
    """As `raise_alert`; where one of that cause is open with other words, people are told anew. True when there is news."""
    insert = postgresql.insert(alert).values(integration=integration, cause=cause, text=text)
    anew = insert.on_conflict_do_update(
        index_elements=["cause"],
        index_where=sa.text("resolved_at IS NULL"),
        set_={"text": insert.excluded.text, "delivered_at": None},
        where=alert.c.text != insert.excluded.text,
    )
    return tx.execute(anew.returning(alert.c.id)).first() is not None


def resolve_alert(tx: sa.Connection, cause: str) -> bool:
    """Close what is open of that cause; true when there was something."""
    query = sa.update(alert).where(alert.c.cause == cause, alert.c.resolved_at.is_(None)).values(resolved_at=sa.func.now())
    return tx.execute(query).rowcount > 0


def cloned_agent(agent_id: str) -> str:
    """The cause of the alert that two machines spoke under one name."""
    return f"agent_cloned:{agent_id}"


def silent_agent(agent_id: str) -> str:
    """The cause of the alert that an agent does not ask for jobs any more."""
    return f"agent_silent:{agent_id}"


def silent_words(agent_id: str, since: dt.datetime) -> str:
    return (
        f"Agent {agent_id} has not asked for jobs since {since.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC. See whether its machine "
        "runs, the agent's service on it, and the way from there to the gateway; what was asked of it waits."
    )


def repeated_failure(document_id: str) -> str:
    """The cause of the alert that a document is on hold since the other side answered each try with an error."""
    return f"failed_repeatedly:{document_id}"


def open_alerts(engine: sa.Engine, integration: str = "") -> list[Alert]:
    """What is open now, oldest first."""
    query = sa.select(*COLUMNS).where(alert.c.resolved_at.is_(None)).order_by(alert.c.id)
    return read(engine, query.where(alert.c.integration == integration) if integration else query)


COLUMNS = (alert.c.id, alert.c.cause, alert.c.text, alert.c.opened_at, alert.c.resolved_at)


def read(engine: sa.Engine, query: sa.Select[Any]) -> list[Alert]:
    with engine.connect() as connection:
        return [
            Alert(
                id=f"{number}r" if resolved else str(number), cause=cause, text=text, opened_at=opened, resolved=bool(resolved)
            )
            for number, cause, text, opened, resolved in connection.execute(query)
        ]
