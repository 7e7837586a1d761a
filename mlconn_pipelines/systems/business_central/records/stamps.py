"""How a record is named and how its last change is written; connector and mapping must agree to the letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any


def key_of(record: Mapping[str, Any]) -> str:
    """The key of a record: its id, which posting leaves alone. (A draft's `number` changes when it is posted.)"""
    return str(record["id"]).lower()


def instant_of(record: Mapping[str, Any]) -> str:
    """`lastModifiedDateTime` with three decimals, UTC, so that it sorts as text; empty where the record has none.

    >>> instant_of({"lastModifiedDateTime": "2025-03-05T19:19:22.5Z"})
    '2025-03-05T19:19:22.500Z'
    """
    text = str(record.get("lastModifiedDateTime") or "")
    return instant_text(dt.datetime.fromisoformat(text)) if text and not text.startswith("0001-") else ""


def instant_text(at: dt.datetime) -> str:
    """An aware moment as filters and watermarks have it."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of(record: Mapping[str, Any]) -> str:
    """The moment of the last change and the etag, which also moves when a line changes that alters no total."""
    return f"{instant_of(record)} {record.get('@odata.etag', '')}".strip()


def instant_in(stamp: str) -> str:
    """The moment in a stamp; empty where it has none."""
    first = stamp.partition(" ")[0]
    return first if first.endswith("Z") else ""
