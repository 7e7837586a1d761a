"""What the ledger remembers of records, by today's projection: hashes of another version are made again before they are compared.

A release whose projection has grown a field makes another hash of every record, although none has changed. So a stored record is
hashed again by today's projection. Of a hash whose record is kept nowhere (our own update; what was seen after sending and ignored)
only the record as it is now can tell: hashed as that version did, it is the same or it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from mlconn_pipelines.flows.ports.entries import FetchedRecord
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.records import Record

CANCELLED = "cancelled:"
"""What latest_hash begins with when the record was read as cancelled."""
UNREAD = "unread "
"""What a hash begins with of a record that could not be read: it is of no projection."""


Payloads = Callable[[Collection[str]], Iterable[tuple[str, Record | None, Mapping[str, Any] | None]]]
"""Gives documents' records as they were sent, and as they were after that, by the documents' ids."""


def of_today(
    payloads: Payloads,
    hashing: ContentHashing | None,
    records: Mapping[str, FetchedRecord],
    known: Mapping[str, Row],
    updates: Sequence[Row],
) -> tuple[dict[str, Row], dict[str, set[str]]]:
    """(newest revisions, hashes of our own updates) by key, as if today's projection had always been.

    known, updates: as they are stored. A row whose hashes were made again has a true `made_again`. Where hashing is None, all are of
    one version.
    """
    rows = dict(known)
    hashes: dict[str, set[str]] = {}
    for update in updates:
        key = update["source_key"]
        hashes.setdefault(key, set()).add(_of_update(hashing, records[key], update))
    if hashing is None:
        return rows, hashes
    older = {row["id"]: key for key, row in known.items() if _is_older(row, records[key], hashing)}
    if older:
        for document_id, raw, later in payloads(older):
            key = older[document_id]
            # A stored record that cannot be hashed is another than the one just read, which could be; the others go on.
            with suppress(AttributeError, TypeError, ValueError, ArithmeticError):
                rows[key] = _made_again(known[key], raw, later, records[key], hashing)
    return rows, hashes


def _is_older(row: Row, record: FetchedRecord, hashing: ContentHashing) -> bool:
    readable = record.raw is not None and record.problem is None
    return readable and row["projection"] != _version_of(record, hashing) and not row["content_hash"].startswith(UNREAD)


def _version_of(record: FetchedRecord, hashing: ContentHashing) -> str:
    """Today's, or an earlier one where less could be read of the record than is declared."""
    return record.facts.projection or hashing.version


def _made_again(
    row: Row, raw: Record | None, later: Mapping[str, Any] | None, record: FetchedRecord, hashing: ContentHashing
) -> dict[str, Any]:
    now, version = _record(record), row["projection"]
    content = _of(hashing, row["content_hash"], raw, version, record)
    latest = row["latest_hash"]
    seen = latest.removeprefix(CANCELLED)
    if seen == row["content_hash"]:
        seen_again = content
    elif later and later.get("content_hash") == seen and later.get("raw") is not None:
        seen_again = hashing.again(later["raw"], now, str(later.get("projection") or ""))
    else:
        seen_again = _of(hashing, seen, None, version, record)
    prefix = CANCELLED if latest.startswith(CANCELLED) else ""
    return {
        **row,
        "content_hash": content,
        "latest_hash": prefix + seen_again,
        "projection": _version_of(record, hashing),
        "made_again": True,
    }


def _of(hashing: ContentHashing, stored_hash: str, raw: Record | None, version: str, record: FetchedRecord) -> str:
    """The hash by the version of the record now for a hash of another one, from its record where that is kept. One that nobody can
    make again is as now."""
    if raw is not None:
        as_now = hashing.as_of(_version_of(record, hashing), raw) if version == hashing.version else None
        return as_now or hashing.again(raw, _record(record), version)
    then = hashing.as_of(version, _record(record))
    return record.facts.content_hash if then in (None, stored_hash) else stored_hash


def _of_update(hashing: ContentHashing | None, record: FetchedRecord, update: Row) -> str:
    """A hash that an update of ours left, as today's. One of a version that nobody knows any more recognizes nothing."""
    stored_hash, version = str(update["content_hash"]), update["projection"]
    if hashing is None or version == hashing.version or record.raw is None:
        return stored_hash
    return record.facts.content_hash if hashing.as_of(version, record.raw) == stored_hash else stored_hash


def _record(record: FetchedRecord) -> Record:
    assert record.raw is not None
    return record.raw
