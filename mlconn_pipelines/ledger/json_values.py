"""JSON columns that keep every digit: Decimal goes in as a number and comes out as Decimal, and no text is refused."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

# PostgreSQL stores no NUL in text, so this mark in front of a number cannot be mistaken for data that was meant.
_MARK = "\x00"
_NUMBER = re.compile(r'"\\u0000(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"')
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:(\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\ud[89a-f][0-9a-f]{2})", re.IGNORECASE
)


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{_MARK}{value}" if value.is_finite() else None
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def dumps(value: Any) -> str:
    """Text for a JSONB column. What PostgreSQL refuses in text (NUL, half of a surrogate pair) becomes U+FFFD.

    >>> dumps({"price": Decimal("1.50"), "text": "a" + chr(0)})
    '{"price": 1.50, "text": "a\\\\ufffd"}'
    """
    text = json.dumps(value, default=_other, allow_nan=False)
    if "\\u0000" in text:
        text = _NUMBER.sub(r"\1", text)
        if "\\u0000" in text:  # rare, and a pattern that looks behind costs more than all the rest
            text = _NUL.sub(r"\1\\ufffd", text)
    if "\\ud" in text:
        text = _LONE_SURROGATE.sub(lambda found: found[1] + (found[2] or "\\ufffd"), text)
    return text


_DECODER = json.JSONDecoder(parse_float=Decimal)  # `json.loads` would make a new one for every value


def loads(text: str | bytes) -> Any:
    """The inverse: numbers with a point become Decimal, those without stay int."""
    return _DECODER.decode(text if isinstance(text, str) else str(text, "utf-8"))
