"""Rows of a listing as keys and stamps, or as headers for comparing.

One without a key that can be read is listed as that, so that a person hears of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeVar

from mlconn_pipelines.ports.records import Header, KeyStamp, Record

SHOWN = 200
"""Characters of a row that a person gets to see."""

_FAULTS = (KeyError, TypeError, ValueError, AttributeError, IndexError)

KeyOf = Callable[[Record], str]

Row = TypeVar("Row", Record, Sequence[Record])
"""A row, or the rows that make up one record."""


def apart(rows: Iterable[Record], key_of: KeyOf) -> tuple[list[Record], list[KeyStamp]]:
    """The rows that have a key, and the others as what is known of them."""
    sound, odd = [], []
    for row in rows:
        try:
            key_of(row)
        except _FAULTS as fault:
            odd.append(_without_key(row, fault))
        else:
            sound.append(row)
    return sound, odd


def key_stamps(rows: Iterable[Record], key_of: KeyOf, stamp_of: KeyOf) -> Sequence[KeyStamp]:
    """One each. A row whose stamp cannot be read has another one whenever anything in it changes, earlier than any moment."""
    sound, odd = apart(rows, key_of)
    return [*(KeyStamp(key_of(row), _stamp(row, stamp_of)) for row in sound), *odd]


def readable(rows: Iterable[Row], header_of: Callable[[Row], Header | None]) -> list[Header]:
    """Those that can be read as headers. What cannot is held where it is read whole, and told there.

    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> def header(row: Record) -> Header:
    ...     return Header(row["id"], "", "", dt.date.fromisoformat(row["day"]), Decimal(row["amount"]))
    >>> rows = [{"id": "1", "day": "31.12.2026", "amount": "1"}, {"id": "2", "day": "2026-12-31", "amount": "NaN"}, {"id": "3"}]
    >>> [one.key for one in readable([*rows, {"id": "4", "day": "2026-12-31", "amount": "1.50"}], header)]
    ['4']
    """
    found = []
    for row in rows:
        try:
            header = header_of(row)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            continue
        if header is not None and header.amount.is_finite():
            found.append(header)
    return found


def _stamp(row: Record, stamp_of: KeyOf) -> str:
    try:
        return stamp_of(row)
    except _FAULTS:
        return f"#{_digest(row)}"


def _without_key(row: Record, fault: Exception) -> KeyStamp:
    shown = json.dumps(row, default=str)[:SHOWN]
    return KeyStamp(f"row {_digest(row)}", "", f"it has no key ({type(fault).__name__}); all of it is {shown}")


def _digest(row: Record) -> str:
    return sha256(json.dumps(row, default=str, sort_keys=True).encode()).hexdigest()[:16]
