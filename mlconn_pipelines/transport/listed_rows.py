"""Rows of a listing as keys and stamps; one without a key that can be read is listed as that, so that a person hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from mlconn_pipelines.ports.records import KeyStamp, Record

SHOWN = 200
"""Characters of a row that a person gets to see."""

_FAULTS = (KeyError, TypeError, ValueError, AttributeError, IndexError)

KeyOf = Callable[[Record], str]


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
