"""JSON columns that keep every digit: Decimal goes in as a number and comes out as Decimal, and no text is refused."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.storable import storable_json, storable_number

# In front of a number. PostgreSQL stores no NUL in text, and nobody outside knows what follows it here: text that begins with
# a NUL and goes on with digits stays text.
_SECRET = secrets.token_hex(6)
_MARK = f"\x00{_SECRET}"
_NUMBER = re.compile(rf'"\\u0000{_SECRET}(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"')
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:(\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\ud[89a-f][0-9a-f]{2})", re.IGNORECASE
)


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        kept = storable_number(value)
        return kept if isinstance(kept, str) else f"{_MARK}{kept}"
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def dumps(value: Any) -> str:
    """Text for a JSONB column, of any value that JSON can come as: see `documents/storable.py` for what cannot be kept.

    >>> dumps({"price": Decimal("1.50"), "text": "a" + chr(0)})
    '{"price": 1.50, "text": "a\\\\ufffd"}'
    """
    try:
        text = json.dumps(value, default=_other, allow_nan=False)
    except (ValueError, RecursionError):  # NaN, a whole number of thousands of digits, or nested beyond what can be written
        text = json.dumps(storable_json(value), default=_other, allow_nan=False)
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
