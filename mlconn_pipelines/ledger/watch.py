"""The ledger as those look at it who look after it: alerts, what is overdue, the seal. `Watch` of flows/ports/watch.py."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from mlconn_pipelines.agents.admission import SILENT_AFTER_S, Standing
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.ledger import alerts, audit
from mlconn_pipelines.ledger.alerts import silent_agent, silent_words
from mlconn_pipelines.ledger.tables import acknowledgment, claim
from mlconn_pipelines.ledger.tables_agents import agent
from mlconn_pipelines.ledger.tables_state import alert


class PostgresWatch:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def raise_alert(self, integration: str, cause: str, text: str) -> bool:
        with self._engine.begin() as tx:
            return alerts.raise_alert(tx, integration, cause, text)

    def renew_alert(self, integration: str, cause: str, text: str) -> bool:
        with self._engine.begin() as tx:
            return alerts.renew_alert(tx, integration, cause, text)

    def resolve_alert(self, cause: str) -> bool:
        with self._engine.begin() as tx:
            return alerts.resolve_alert(tx, cause)

    def open_alerts(self) -> Sequence[Alert]:
        return alerts.open_alerts(self._engine)

    def alerts_to_deliver(self, integration: str) -> Sequence[Alert]:
        """One that opened and closed unnoticed is left out."""
        opened = alert.c.delivered_at.is_(None) & alert.c.resolved_at.is_(None)
        closed = (
            alert.c.delivered_at.is_not(None) & alert.c.resolved_at.is_not(None) & alert.c.resolution_delivered_at.is_(None)
        )
        query = sa.select(*alerts.COLUMNS).where(alert.c.integration == integration, opened | closed)
        return alerts.read(self._engine, query.order_by(alert.c.id))

    def alert_delivered(self, alert_id: str) -> None:
        """`12` is an opening, `12r` its resolution."""
        column = alert.c.resolution_delivered_at if alert_id.endswith("r") else alert.c.delivered_at
        query = sa.update(alert).where(alert.c.id == int(alert_id.removesuffix("r"))).values({column: sa.func.now()})
        with self._engine.begin() as tx:
            tx.execute(query)

    def mark_overdue(self, integration: str) -> int:
        """One alert per integration, closed when nothing is overdue any more."""
        late = (
            sa.update(acknowledgment)
            .where(acknowledgment.c.claim_id == claim.c.id, claim.c.state == "done", acknowledgment.c.state == "awaited")
            .where(acknowledgment.c.integration == integration, acknowledgment.c.within_h.is_not(None))
            .where(
                sa.func.coalesce(claim.c.sending_at, claim.c.settled_at)
                + sa.func.make_interval(0, 0, 0, 0, 0, 0, acknowledgment.c.within_h * 3600.0)
                < sa.func.now()
            )
            .values(state="overdue")
        )
        cause = f"overdue:{integration}"
        with self._engine.begin() as tx:
            now_late = tx.execute(late).rowcount
            all_late = sa.select(sa.func.count()).where(
                acknowledgment.c.integration == integration, acknowledgment.c.state == "overdue"
            )
            count = tx.scalar(all_late) or 0
            if count:
                words = f"{count} acknowledgment{'s are' if count > 1 else ' is'} overdue; `documents list` shows them as sent"
                alerts.raise_alert(tx, integration, cause, words)
            else:
                alerts.resolve_alert(tx, cause)
        return now_late

    def mark_silent_agents(self, integration: str) -> int:
        here = (agent.c.integration == integration) & (agent.c.standing == Standing.ACTIVE)
        since = sa.func.coalesce(agent.c.seen_at, agent.c.enrolled_at)
        is_silent = since < sa.func.clock_timestamp() - sa.func.make_interval(0, 0, 0, 0, 0, 0, SILENT_AFTER_S)
        query = sa.select(agent.c.id, since.label("since")).where(here, is_silent).order_by(agent.c.id)
        with self._engine.begin() as tx:
            silent = {silent_agent(row.id): silent_words(row.id, row.since) for row in tx.execute(query)}
            over = alert.c.cause.startswith(silent_agent(""), autoescape=True) & alert.c.cause.not_in(list(silent))
            tx.execute(
                sa.update(alert)
                .where(alert.c.integration == integration, alert.c.resolved_at.is_(None), over)
                .values(resolved_at=sa.func.now())
            )
            return sum(alerts.raise_alert(tx, integration, cause, words) for cause, words in silent.items())

    def seal_audit(self) -> int:
        return audit.seal(self._engine)
