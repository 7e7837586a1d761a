"""REST JSON into the record types of this package. Source: fact sheet, sections 3 and 6.

Datetimes arrive as `2025-01-31T10:00:00.000+0000`, dates as `2025-01-31`; a date is a day and never passes through a moment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from mlconn_pipelines.records.reading import Reader
from mlconn_pipelines.systems.salesforce.records.stamps import instant_from_text

T = TypeVar("T")


def day_of(value: Any) -> dt.date:
    """A calendar date. Errors: ValueError for a moment, whose day would depend on a zone."""
    return dt.date.fromisoformat(str(value))


def true_of(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


_READER = Reader(
    "Salesforce",
    "Look at the record in Salesforce; if it is right there, report this field.",
    {bool: true_of, dt.date: day_of, dt.datetime: lambda value: instant_from_text(str(value))},
)


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The record as `kind`. DocumentRejected (`record_unreadable`) when a value is not what the field holds."""
    return _READER.read(kind, record)
