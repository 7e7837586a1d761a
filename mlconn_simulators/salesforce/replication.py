"""getUpdated and getDeleted: ids by time, only so far back, and never quite up to now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.reading import json_value
from mlconn_simulators.salesforce.store import DAYS_IN_BIN, Store

DAYS_OF_UPDATES = 30


def updated(store: Store, entity: str, query: Mapping[str, str], lag_s: float) -> dict[str, Any]:
    """lag_s: how far latestDateCovered stays behind. Errors: INVALID_REPLICATION_DATE."""
    start, end, covered = _window(store, query, DAYS_OF_UPDATES, lag_s)
    ids = [record.id for record in store.all(entity) if start <= record.values["SystemModstamp"] < min(end, covered)]
    return {"ids": ids, "latestDateCovered": json_value(covered)}


def deleted(store: Store, entity: str, query: Mapping[str, str], lag_s: float) -> dict[str, Any]:
    """Errors: INVALID_REPLICATION_DATE."""
    start, end, covered = _window(store, query, DAYS_IN_BIN, lag_s)
    gone = [
        {"id": record.id, "deletedDate": json_value(record.deleted_at.replace(microsecond=0))}
        for record in store.all(entity, deleted=True)
        if record.deleted_at is not None and start <= record.deleted_at < min(end, covered)
    ]
    earliest = store.clock.now() - dt.timedelta(days=DAYS_IN_BIN)
    return {
        "deletedRecords": gone,
        "earliestDateAvailable": json_value(earliest.replace(microsecond=0)),
        "latestDateCovered": json_value(covered),
    }


def _window(store: Store, query: Mapping[str, str], days: int, lag_s: float) -> tuple[dt.datetime, dt.datetime, dt.datetime]:
    start, end = (_minute(query.get(name, "")) for name in ("start", "end"))
    now = store.clock.now()
    if end - start < dt.timedelta(minutes=1):
        raise _refused("endDate must be at least one minute greater than startDate")
    if start < now - dt.timedelta(days=days):
        raise _refused(f"startDate cannot be more than {days} days ago")
    return start, end, min(end, (now - dt.timedelta(seconds=lag_s)).replace(second=0, microsecond=0))


def _minute(text: str) -> dt.datetime:
    """Seconds are passed over; a `+` that arrived as a space is no offset."""
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC, second=0, microsecond=0).astimezone(dt.UTC)
    except ValueError:
        raise _refused(f"{text!r} is not a valid date and time") from None


def _refused(message: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", message)
