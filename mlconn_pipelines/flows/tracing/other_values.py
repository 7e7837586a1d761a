"""Another value in a leaf's place, as much like the first as can be: so that only what comes from the value itself changes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mlconn_pipelines.edi.gtin import check_digit

_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?=T|$)")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?=:|$)")
_SWITCHES = {"tYES": "tNO", "tNO": "tYES"}
_MARKS = "*|>:~'^!"
_UNUSED_MARK = "`"
"""In place of a separator: one that hardly stands in a text, which would change with it."""
_BARCODE_LENGTHS = (8, 12, 13, 14)


def others(value: Any, known: Sequence[Any] = ()) -> list[Any]:
    """Values to try, the likeliest first. known: what the same place could hold, such as other items of the book.

    >>> others("MT-10"), others("2026-01-31"), others(Decimal("2.50"))
    (['NU-21'], ['2026-02-01', '2026-01-30'], [Decimal('5.00'), Decimal('3.50')])
    """
    return list(dict.fromkeys([*known, *_made_up(value)]))


def _made_up(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1000, value * 2, value + 1] if value else [1]
    if isinstance(value, (Decimal, float)):
        return [value * 2, value + 1] if value else [value + 1]
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return _days_beside(value)
    if isinstance(value, dt.datetime):
        other = dt.timedelta(days=1, hours=1, minutes=1)
        return [value + other if value.year < dt.MAXYEAR else value - other]
    if isinstance(value, dt.time):
        return [value.replace(hour=(value.hour + 1) % 24, minute=(value.minute + 1) % 60)]
    return [text for text in _other_texts(value) if text != value] if isinstance(value, str) else []


def _other_texts(text: str) -> list[str]:
    if text in _SWITCHES:
        return [_SWITCHES[text]]
    if day := _DAY.match(text):
        try:
            stated = dt.date(int(day[1]), int(day[2]), int(day[3]))
        except ValueError:
            return [_turned(text)]
        dash = "-" if "-" in day[0] else ""
        return [beside.isoformat().replace("-", dash) + text[day.end() :] for beside in _days_beside(stated)]
    if time := _TIME.match(text):
        return [f"{(int(time[1]) + 1) % 24:02d}:{(int(time[2]) + 1) % 60:02d}{text[time.end() :]}"]
    if len(text) == 1 and text in _MARKS:
        return [_UNUSED_MARK]
    turned = _turned(text)
    if text.isdigit() and len(text) in _BARCODE_LENGTHS:
        return [turned[:-1] + str(check_digit(turned[:-1])), turned]
    return [turned]


def _days_beside(day: dt.date) -> list[dt.date]:
    """The day after and the day before, as far as there are such."""
    end = {1: dt.date.max, -1: dt.date.min}
    return [dt.date.fromordinal(day.toordinal() + step) for step in end if day != end[step]]


def _turned(text: str) -> str:
    """Every letter and digit the next one, so that all pieces of a long text change and none its length."""
    return "".join(map(_next, text))


def _next(character: str) -> str:
    if character.isdigit() and character.isascii():
        return str((int(character) + 1) % 10)
    for first in "aA":
        if first <= character <= chr(ord(first) + 25):
            return chr(ord(first) + (ord(character) - ord(first) + 1) % 26)
    return character
