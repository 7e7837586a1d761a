"""F&O's OData JSON into the record types of this package.

Source: $metadata of Microsoft.Dynamics.DataEntities. Enums arrive as symbols (`Backorder`), truth values as NoYes (`Yes`), amounts
as JSON numbers, calendar dates as noon UTC (`2026-01-05T12:00:00Z`), of which only the day counts; 1900-01-01 is an empty date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from mlconn_pipelines.records.reading import Reader, day_from_text

T = TypeVar("T")

NO_DATE = dt.date(1900, 1, 1)


def day_or_none(value: str) -> dt.date | None:
    """The calendar date, never moved to another zone.

    >>> day_or_none("2026-01-05T12:00:00Z"), day_or_none("1900-01-01T12:00:00Z")
    (datetime.date(2026, 1, 5), None)
    """
    day = day_from_text(value)
    return None if day == NO_DATE else day


def noon(day: dt.date) -> str:
    """A calendar date as F&O writes and takes it.

    >>> noon(dt.date(2026, 1, 5))
    '2026-01-05T12:00:00Z'
    """
    return f"{day.isoformat()}T12:00:00Z"


def yes_from_symbol(value: str) -> bool:
    """`Yes` or `No`."""
    if value not in ("Yes", "No"):
        raise ValueError("neither Yes nor No")
    return value == "Yes"


_READER = Reader(
    "Dynamics 365 Finance & Operations",
    "Look at the record in F&O; if it is right there, report this field.",
    {bool: yes_from_symbol, dt.date: day_or_none},
)


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The record as `kind`. DocumentRejected (`record_unreadable`) when a value is not what the field holds."""
    return _READER.read(kind, record)
