"""How a document is named and how its last change is written; connector and mapping must agree to the letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.records.reading import whole_from_json


def key_of(record: Mapping[str, Any]) -> str:
    """The key of a document: DocEntry. (DocNum repeats across series.)"""
    return str(whole_from_json(record["DocEntry"]))


def stamp_of(record: Mapping[str, Any]) -> str:
    """`2026-01-05T17:13:12` from UpdateDate and UpdateTime, in the company's own zoneless clock; sorts as text.

    A time with minutes only counts as second 00. A record without UpdateDate has the empty stamp.

    >>> stamp_of({"UpdateDate": "2026-01-05T00:00:00Z", "UpdateTime": "17:13"})
    '2026-01-05T17:13:00'
    """
    if not (day := record.get("UpdateDate")):
        return ""
    time = str(record.get("UpdateTime") or "00:00:00").rstrip("Z")[:8]
    return f"{str(day)[:10]}T{time if len(time) == 8 else time[:5] + ':00'}"


def master_stamp_of(record: Mapping[str, Any]) -> str:
    """When a partner or item was last touched: one that was never changed may have no UpdateDate, and counts as of its creation."""
    return stamp_of(record) or stamp_of({"UpdateDate": record.get("CreateDate"), "UpdateTime": record.get("CreateTime")})
