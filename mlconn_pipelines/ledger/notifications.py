"""Notifications, a part of the intake: each kept once by its key, waiting until a run of its flow begins, forgotten after a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger.tables_state import notification, watermark
from mlconn_pipelines.ports.notifications import ChangeNotification, WaitingNotifications
from mlconn_pipelines.ports.streams import Mark, Stream, streams_of

KEPT_DAYS = 30
"""Taken hints are kept so long, for systems that press Resend days later; afterwards a repetition is news, which costs one look."""

PLACES_SHOWN = 3

_STORE = sa.text(
    "INSERT INTO notification (integration, flow, source, place, key, once) "
    "SELECT * FROM unnest(cast(:integrations AS text[]), cast(:flows AS text[]), cast(:sources AS text[]), "
    "cast(:places AS text[]), cast(:keys AS text[]), cast(:once AS boolean[])) "
    "ON CONFLICT (integration, flow, key) DO UPDATE SET taken_at = NULL, at = clock_timestamp(), place = excluded.place "
    "WHERE notification.taken_at IS NOT NULL AND NOT excluded.once "
    "RETURNING integration, flow, key"
)


class Notifications:
    _engine: sa.Engine

    def record_notifications(
        self, told: Sequence[ChangeNotification], marks: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> set[tuple[str, str, str]]:
        """Store them durably in one statement, and marks of streams with them; returns (integration, flow, key) of those that were news."""
        # In one order, so that two writers never wait for each other in a circle; one row a key, as the statement needs.
        apart = sorted({(one.integration, one.flow, one.key): one for one in told}.items())
        if not apart and not marks:
            return set()
        rows = [one for _, one in apart]
        values = {
            "integrations": [one.integration for one in rows],
            "flows": [one.flow for one in rows],
            "sources": [one.source for one in rows],
            "places": [one.place for one in rows],
            "keys": [one.key for one in rows],
            "once": [one.once for one in rows],
        }
        with self._engine.begin() as tx:
            for (integration, name), value in sorted(marks.items()):
                insert = postgresql.insert(watermark).values(integration=integration, name=name, value=value)
                newer = {"value": insert.excluded.value, "at": sa.func.clock_timestamp()}
                tx.execute(insert.on_conflict_do_update(index_elements=["integration", "name"], set_=newer))
            return {(row.integration, row.flow, row.key) for row in tx.execute(_STORE, values)} if rows else set()

    def streams(self, integration: str) -> dict[str, Stream]:
        """By entity what is stored of its stream."""
        query = sa.select(watermark.c.name, watermark.c.value, watermark.c.at).where(
            watermark.c.integration == integration,
            sa.func.split_part(watermark.c.name, ":", 1).in_(list(Mark)),
        )
        with self._engine.connect() as connection:
            return streams_of({row.name: (row.value, row.at) for row in connection.execute(query)})

    def waiting_hints(self, integration: str, flow: str = "") -> list[WaitingNotifications]:
        """Flows with hints that no run has begun after, of one flow where it is named; one query, cheap when there are none."""
        waiting = sa.select(
            notification.c.flow,
            sa.func.count().label("count"),
            sa.func.array_agg(notification.c.place.distinct()).label("places"),
        )
        waiting = waiting.where(notification.c.integration == integration, notification.c.taken_at.is_(None))
        if flow:
            waiting = waiting.where(notification.c.flow == flow)
        with self._engine.connect() as connection:
            rows = connection.execute(waiting.group_by(notification.c.flow).order_by(notification.c.flow)).all()
        return [WaitingNotifications(row.flow, row._mapping["count"], tuple(row.places[:PLACES_SHOWN])) for row in rows]

    def mark_consumed(self, run: Run) -> int:
        """A run of the flow begins: what was said before is looked at now. What is said from here on waits for the next run.

        Returns how many, those left out that the system told which the flow writes to: they say nothing of what it reads.
        """
        taken = (
            sa.update(notification)
            .where(
                notification.c.integration == run.integration,
                notification.c.flow == run.flow,
                notification.c.taken_at.is_(None),
            )
            .values(taken_at=sa.func.clock_timestamp(), run_id=run.run_id)
            .returning(notification.c.source)
        )
        with self._engine.begin() as tx:
            return sum(source != run.target for source in tx.scalars(taken))

    def forget_hints(self, days: int = KEPT_DAYS) -> int:
        """Delete hints taken so many days ago; returns how many."""
        old = sa.delete(notification).where(notification.c.taken_at < sa.func.now() - sa.func.make_interval(0, 0, 0, days))
        with self._engine.begin() as tx:
            return tx.execute(old).rowcount
