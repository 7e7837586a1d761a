"""Keys that flows keep in mind by themselves: listed and not read, or stamped ahead of the clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, Reason, RememberedKey
from mlconn_pipelines.ledger.tables_of_memory import remembered_key

_COLUMNS = (
    "r.key, r.stamp, r.note, r.asks, r.gone_at IS NOT NULL AS gone, "
    "extract(epoch FROM clock_timestamp() - r.first_seen_at)::float8 AS seen_s_ago, "
    "extract(epoch FROM clock_timestamp() - r.last_asked_at)::float8 AS asked_s_ago"
)

# Another stamp is another record under that key: what was found out about the one before proves nothing about it.
_REMEMBER = sa.text(
    "INSERT INTO remembered_key AS r (integration, flow, reason, key, stamp, note, run_id, asks, last_asked_at, absent_since) "
    "SELECT :integration, :flow, :reason, new.key, new.stamp, new.note, :run_id, new.asked::int, "
    "CASE WHEN new.asked THEN clock_timestamp() END, CASE WHEN new.absent THEN clock_timestamp() END "
    "FROM unnest(cast(:keys AS text[]), cast(:stamps AS text[]), cast(:notes AS text[]), cast(:asked AS boolean[]), "
    "cast(:absent AS boolean[])) AS new(key, stamp, note, asked, absent) "
    "ON CONFLICT (integration, flow, reason, key) DO UPDATE SET stamp = excluded.stamp, note = excluded.note, "
    "run_id = excluded.run_id, asks = r.asks + excluded.asks, "
    "last_asked_at = coalesce(excluded.last_asked_at, r.last_asked_at), "
    "first_seen_at = CASE WHEN r.stamp <> excluded.stamp AND r.gone_at IS NOT NULL THEN clock_timestamp() "
    "ELSE r.first_seen_at END, "
    "absent_since = CASE WHEN r.stamp <> excluded.stamp THEN excluded.absent_since "
    "ELSE coalesce(r.absent_since, excluded.absent_since) END, "
    "gone_at = CASE WHEN r.stamp <> excluded.stamp THEN NULL WHEN r.gone_at IS NOT NULL THEN r.gone_at "
    "WHEN excluded.absent_since >= r.absent_since + make_interval(secs => :gone_after_s) THEN clock_timestamp() END "
    "RETURNING COLUMNS".replace("COLUMNS", _COLUMNS)
)


def remember_keys(
    engine: sa.Engine, run: Run, reason: Reason, found: Sequence[KeyToRemember], gone_after_s: float
) -> list[RememberedKey]:
    """See flows/ports/ledger.py."""
    rows = [one for _, one in sorted({one.key: one for one in found}.items())]  # in one order, so that no two writers block
    if not rows:
        return []
    values: dict[str, Any] = {
        "integration": run.integration,
        "flow": run.flow,
        "reason": reason,
        "run_id": run.run_id,
        "keys": [one.key for one in rows],
        "stamps": [one.stamp for one in rows],
        "notes": [one.note for one in rows],
        "asked": [one.asked for one in rows],
        "absent": [one.absent for one in rows],
        "gone_after_s": gone_after_s,
    }
    with engine.begin() as tx:
        return [_row(row) for row in tx.execute(_REMEMBER, values).mappings()]


def remembered_keys(engine: sa.Engine, integration: str, flow: str, reason: Reason) -> list[RememberedKey]:
    """Oldest first, those that are gone among them."""
    query = sa.text(
        f"SELECT {_COLUMNS} FROM remembered_key r WHERE r.integration = :integration AND r.flow = :flow "  # noqa: S608 - our own
        "AND r.reason = :reason ORDER BY r.first_seen_at, r.key"
    )
    with engine.connect() as connection:
        values = {"integration": integration, "flow": flow, "reason": reason}
        return [_row(row) for row in connection.execute(query, values).mappings()]


def forget_keys(tx: sa.Connection, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
    """They need no remembering any more; returns how many were remembered."""
    found = sa.delete(remembered_key).where(
        remembered_key.c.integration == integration,
        remembered_key.c.flow == flow,
        remembered_key.c.reason == reason,
        remembered_key.c.key == sa.func.any(sa.cast(list(keys), sa.ARRAY(sa.Text))),
    )
    return tx.execute(found).rowcount


def _row(row: sa.RowMapping) -> RememberedKey:
    return RememberedKey(**row)
