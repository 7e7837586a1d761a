"""Service Layer JSON into the record types of this package.

Source: Service Layer OData v4 metadata. Enums arrive as names (`tYES`), decimals as JSON numbers, dates as
`2023-10-02T00:00:00Z` (v2) or `2025-08-20` (v1); both are calendar dates whose midnight and Z mean nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from mlconn_pipelines.records.reading import Reader, day_from_text, decimal_from_json

__all__ = ["day_from_text", "decimal_from_json", "read", "time_from_text", "yes_from_text"]

T = TypeVar("T")


def time_from_text(value: str) -> dt.time:
    """`17:13:12`, `17:13` or v1's `17:13:00Z`, as the company's own clock stood."""
    return dt.time.fromisoformat(value.rstrip("Z")[:8])


def yes_from_text(value: str) -> bool:
    """`tYES` or `tNO`."""
    if value not in ("tYES", "tNO"):
        raise ValueError("neither tYES nor tNO")
    return value == "tYES"


_READER = Reader(
    "SAP Business One",
    "Look at the record in SAP; if it is right there, report this field.",
    {bool: yes_from_text, dt.time: time_from_text},
)


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The record as `kind`. DocumentRejected (`record_unreadable`) when a value is not what the field holds."""
    return _READER.read(kind, record)
