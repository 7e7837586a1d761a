"""API v2.0 JSON into the record types of this package; what Business Central writes for `nothing` is the field's default.

Empty is `""` for texts, `0001-01-01` for dates, the zero GUID for references, `_x0020_` for options; spaces in an option's
name are written the same way (`In_x0020_Review`). Source: fact sheet, section 2 and trap 13.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeVar

from mlconn_pipelines.records.reading import Reader, day_from_text

T = TypeVar("T")

NO_ID = "00000000-0000-0000-0000-000000000000"
NO_DATE = "0001-01-01"
_SPACE = "_x0020_"


def option(value: Any) -> str:
    """An option's name as people read it; empty for the blank one.

    >>> option("In_x0020_Review"), option("_x0020_"), option(None)
    ('In Review', '', '')
    """
    return str(value or "").replace(_SPACE, " ").strip()


def text_of(value: Any) -> str:
    """A text as it stands; the zero GUID and a blank option are empty."""
    text = str(value)
    return "" if text in (NO_ID, _SPACE) else text.replace(_SPACE, " ")


def day_of(value: Any) -> dt.date | None:
    """A calendar date; None for the empty one. Errors: ValueError."""
    return None if not value or str(value)[:10] == NO_DATE else day_from_text(str(value))


def true_of(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


_READER = Reader(
    "Business Central",
    "Look at the record in Business Central; if it is right there, report this field.",
    {str: text_of, dt.date: day_of, bool: true_of},
)


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The record as `kind`. DocumentRejected (`record_unreadable`) when a value is not what the field holds."""
    return _READER.read(kind, record)
