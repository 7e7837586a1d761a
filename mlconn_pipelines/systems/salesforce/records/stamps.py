"""How a record is named and how its last change is written; connector and mapping must agree to the letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FIVES = (0, 5, 10)


def long_id(text: str) -> str:
    """An id in its 18 characters, which differ without regard to case; other text as it is.

    >>> long_id("0015g00000ABcdE"), long_id("0015g00000ABcdEAAT"), long_id("C20020")
    ('0015g00000ABcdEAAT', '0015g00000ABcdEAAT', 'C20020')
    """
    if len(text) != 15 or not text.isascii() or not text.isalnum():
        return text
    groups = (text[start : start + 5] for start in _FIVES)
    return text + "".join(_CHECKS[sum(sign.isupper() << place for place, sign in enumerate(group))] for group in groups)


def key_of(record: Mapping[str, Any]) -> str:
    """The record's id, 18 characters."""
    return long_id(str(record["Id"]))


def stamp_of(record: Mapping[str, Any]) -> str:
    """`SystemModstamp`, which automated changes move too, as `instant_text` writes it."""
    return instant_text(instant_from_text(str(record["SystemModstamp"])))


def instant_from_text(text: str) -> dt.datetime:
    """An aware moment from `2026-01-31T10:00:00.000+0000`. Errors: ValueError, also for one without a zone.

    >>> instant_from_text("2026-01-31T10:00:00.000+0000").isoformat()
    '2026-01-31T10:00:00+00:00'
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment


def instant_text(at: dt.datetime) -> str:
    """An aware moment as queries, stamps and watermarks have it; sorts as text.

    >>> instant_text(instant_from_text("2026-01-31T10:00:00.000+0000"))
    '2026-01-31T10:00:00.000Z'
    """
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
