"""Read up to here: opaque values of the source's own clock."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.flows.ports.entries import WatermarkNow
from mlconn_pipelines.ledger.tables_of_memory import watermark


def read_watermark(engine: sa.Engine, integration: str, name: str) -> str | None:
    query = sa.select(watermark.c.value).where(watermark.c.integration == integration, watermark.c.name == name)
    with engine.connect() as connection:
        return connection.scalar(query)


def watermark_now(engine: sa.Engine, integration: str, name: str) -> WatermarkNow:
    here = sa.and_(watermark.c.integration == integration, watermark.c.name == name)
    clock = sa.select(sa.func.clock_timestamp().label("now")).subquery()
    query = sa.select(watermark.c.value, watermark.c.at, clock.c.now).select_from(clock.outerjoin(watermark, here))
    with engine.connect() as connection:
        return WatermarkNow(*connection.execute(query).one())


def now(engine: sa.Engine) -> dt.datetime:
    with engine.connect() as connection:
        at: dt.datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return at


def watermark_moved_at(connection: sa.Connection, integration: str, name: str) -> dt.datetime | None:
    query = sa.select(watermark.c.at).where(watermark.c.integration == integration, watermark.c.name == name)
    moved: dt.datetime | None = connection.scalar(query)
    return moved


def write_watermark(tx: sa.Connection, integration: str, name: str, value: str, run_id: str) -> None:
    """In the transaction that stores what was read up to there, never before it."""
    insert = postgresql.insert(watermark).values(integration=integration, name=name, value=value, run_id=run_id)
    newer = {"value": insert.excluded.value, "run_id": insert.excluded.run_id, "at": sa.func.now()}
    tx.execute(insert.on_conflict_do_update(index_elements=["integration", "name"], set_=newer))
