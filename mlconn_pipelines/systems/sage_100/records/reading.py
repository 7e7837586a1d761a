"""Rows of Sage 100's tables into the record types of this package.

All values come as text: dates as YYYYMMDD, blank where there is none, which the SQL edition holds as 1753-01-01; numbers with the
minus at their end where a mask showed them; truth as Y or N; texts padded with blanks where old imports left them so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from mlconn_pipelines.records.reading import Reader, decimal_from_json, whole_from_json

T = TypeVar("T")

NO_DATES = frozenset({"", "17530101", "00000000"})


def day_or_none(value: Any) -> dt.date | None:
    """A calendar date in either of its spellings. ValueError for what is none.

    >>> day_or_none("20260131"), day_or_none("  "), day_or_none("1753-01-01")
    (datetime.date(2026, 1, 31), None, None)
    """
    digits = str(value).strip()[:10].replace("-", "")
    return None if digits in NO_DATES else dt.datetime.strptime(digits, "%Y%m%d").date()


def number_from_text(value: Any) -> Decimal:
    """A number as it is stored, or as a mask shows it; a blank is 0.

    >>> number_from_text("1,234.50-"), number_from_text(" "), number_from_text(12.5)
    (Decimal('-1234.50'), Decimal('0'), Decimal('12.5'))
    """
    if not isinstance(value, str):
        return decimal_from_json(value)
    text = value.replace(",", "").strip()
    return decimal_from_json(f"-{text[:-1].strip()}" if text.endswith("-") else text or "0")


def yes_from_letter(value: Any) -> bool:
    """`Y` or `N`; blank is no."""
    if (letter := str(value).strip()) not in ("Y", "N", ""):
        raise ValueError("neither Y nor N")
    return letter == "Y"


_READER = Reader(
    "Sage 100",
    "Look at the record in Sage; if it is right there, report this column.",
    {
        str: lambda value: str(value).strip(),
        int: lambda value: whole_from_json(number_from_text(value)),
        Decimal: number_from_text,
        dt.date: day_or_none,
        bool: yes_from_letter,
    },
)


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The record as `kind`. DocumentRejected (`record_unreadable`) when a value is not what the column holds."""
    return _READER.read(kind, record)


def day_text(day: dt.date) -> str:
    """A date as the agent takes it.

    >>> day_text(dt.date(2026, 1, 5))
    '20260105'
    """
    return f"{day:%Y%m%d}"
