"""The audit trail sealed: blocks of events, each hashed with the block before it, so that no event can change unnoticed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from mlconn_pipelines.errors import DatabaseUnavailable
from mlconn_pipelines.failures import LOCKED
from mlconn_pipelines.ledger.tables_state import audit_event, audit_seal

BLOCK_EVENTS = 1_000
FIRST = "0" * 64
"""What the first block is chained to."""

_COLUMNS = tuple(audit_event.c)


@dataclass(frozen=True, slots=True)
class Verification:
    """broken_block: number of the first block that is not as it was sealed, None where all are. words: what was found.

    unsealed: events after the last block, which nothing protects yet. last_sha256: noted elsewhere (printed, mailed), it proves
    later that no block was cut off the end.
    """

    ok: bool
    blocks: int
    events: int
    unsealed: int
    last_sha256: str
    broken_block: int | None
    words: str


def seal(engine: sa.Engine, block_events: int = BLOCK_EVENTS) -> int:
    """Chain every event that is closed; returns how many were sealed, 0 when another sealer is at work or writers are busy.

    Events get their numbers before they are committed, so a gap may still fill. A share lock on the table waits for every
    writer and keeps new ones out for the moment it takes to read the last number: up to there nothing can be added any more.
    """
    with engine.begin() as tx:
        if not tx.scalar(sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended('audit_seal', 0))")):
            return 0
        last = tx.execute(sa.select(audit_seal).order_by(audit_seal.c.block.desc()).limit(1)).mappings().one_or_none()
        block, sealed_to, previous = (last["block"], last["last_id"], last["sha256"]) if last else (0, 0, FIRST)
        closed_to = _closed_to(engine)
        if closed_to is None:
            return 0
        sealed = 0
        while True:
            digest, count, first_id, last_id = _digest(tx, previous, sealed_to, closed_to, block_events)
            if not count:
                return sealed
            block += 1
            values = {"block": block, "first_id": first_id, "last_id": last_id, "events": count, "previous_sha256": previous}
            tx.execute(sa.insert(audit_seal).values(sha256=digest, **values))
            sealed, sealed_to, previous = sealed + count, last_id, digest


def _closed_to(engine: sa.Engine) -> int | None:
    """The number up to which no event can be added any more; None when writers could not be waited for."""
    try:
        with engine.begin() as tx:
            # Claims queue behind this lock while it waits, so it gives up quickly and the next sealer tries again.
            tx.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
            tx.execute(sa.text("LOCK TABLE audit_event IN SHARE MODE"))
            return int(tx.scalar(sa.select(sa.func.max(audit_event.c.id))) or 0)
    except DatabaseUnavailable as trouble:
        if trouble.sqlstate == LOCKED:
            return None
        raise


def _digest(tx: sa.Connection, previous: str, after_id: int, to_id: int, events_max: int | None) -> tuple[str, int, int, int]:
    """(sha256 over the previous one and each event in order, events, first id, last id)."""
    query = sa.select(*_COLUMNS).where(audit_event.c.id > after_id, audit_event.c.id <= to_id).order_by(audit_event.c.id)
    total, count, first_id, last_id = sha256(previous.encode()), 0, 0, after_id
    for row in tx.execute(query.limit(events_max) if events_max else query):
        total.update(_canonical(tuple(row)))
        count, first_id, last_id = count + 1, first_id or row.id, row.id
    return total.hexdigest(), count, first_id, last_id


def _canonical(row: tuple[object, ...]) -> bytes:
    values = [value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value for value in row]
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def verify(engine: sa.Engine) -> Verification:
    """Compute every block again. Names the first that is broken, and states the unsealed tail."""
    with engine.connect() as connection:
        blocks = events = 0
        sealed_to, previous = 0, FIRST
        broken: tuple[int, str] | None = None
        for seal_row in _seals(connection):
            number = seal_row.block
            digest, count, _, _ = _digest(connection, previous, sealed_to, seal_row.last_id, None)
            if number != blocks + 1 or seal_row.previous_sha256 != previous:
                broken = (number, f"block {number} does not follow the block before it: a seal was removed or changed")
            elif count != seal_row.events:
                broken = (number, f"block {number} was sealed with {seal_row.events} events and has {count} now")
            elif digest != seal_row.sha256:
                broken = (number, f"block {number} holds an event that was changed after it was sealed")
            if broken:
                break
            blocks, events, sealed_to, previous = number, events + count, seal_row.last_id, digest
        tail = connection.scalar(sa.select(sa.func.count()).where(audit_event.c.id > sealed_to)) or 0
    sealed = f"{blocks} blocks with {events} events are as they were sealed"
    words = broken[1] if broken else f"{sealed}; {tail} events are not sealed yet"
    return Verification(broken is None, blocks, events, tail, previous, broken[0] if broken else None, words)


def _seals(connection: sa.Connection) -> Iterator[sa.Row[tuple[int, int, int, int, str, str, dt.datetime]]]:
    yield from connection.execute(sa.select(audit_seal).order_by(audit_seal.c.block)).all()
