"""Read up to here: opaque values of the source's own clock. And the hints that say where to look without waiting for a poll."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.ledger.tables_of_memory import hint, watermark


def read_watermark(engine: sa.Engine, integration: str, name: str) -> str | None:
    query = sa.select(watermark.c.value).where(watermark.c.integration == integration, watermark.c.name == name)
    with engine.connect() as connection:
        return connection.scalar(query)


def watermark_moved_at(connection: sa.Connection, integration: str, name: str) -> dt.datetime | None:
    query = sa.select(watermark.c.at).where(watermark.c.integration == integration, watermark.c.name == name)
    moved: dt.datetime | None = connection.scalar(query)
    return moved


def write_watermark(tx: sa.Connection, integration: str, name: str, value: str, run_id: str) -> None:
    """In the transaction that stores what was read up to there, never before it."""
    insert = postgresql.insert(watermark).values(integration=integration, name=name, value=value, run_id=run_id)
    newer = {"value": insert.excluded.value, "run_id": insert.excluded.run_id, "at": sa.func.now()}
    tx.execute(insert.on_conflict_do_update(index_elements=["integration", "name"], set_=newer))


def note_hint(engine: sa.Engine, integration: str, flow: str, place: str) -> None:
    """Somebody (a webhook, an event) says that there is something at `place`; equal waiting hints are kept once."""
    waiting = sa.select(hint.c.id).where(
        hint.c.integration == integration, hint.c.flow == flow, hint.c.place == place, hint.c.taken_at.is_(None)
    )
    values = sa.select(sa.literal(integration), sa.literal(flow), sa.literal(place)).where(~waiting.exists())
    with engine.begin() as tx:
        tx.execute(sa.insert(hint).from_select(["integration", "flow", "place"], values))


def take_hints(engine: sa.Engine, integration: str, flow: str) -> list[str]:
    """Places to look at now; each is given out once. Losing one costs nothing but the wait for the next poll."""
    query = (
        sa.update(hint)
        .where(hint.c.integration == integration, hint.c.flow == flow, hint.c.taken_at.is_(None))
        .values(taken_at=sa.func.now())
        .returning(hint.c.place)
    )
    with engine.begin() as tx:
        return sorted(set(tx.scalars(query)))
