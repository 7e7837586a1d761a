"""The day that a transaction set says it is of: what chooses between rules of a guide that change with time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

_DATE_AT: Mapping[str, tuple[str, int]] = {
    "810": ("BIG", 1),
    "820": ("BPR", 16),
    "824": ("BGN", 3),
    "846": ("BIA", 4),
    "850": ("BEG", 5),
    "855": ("BAK", 4),
    "856": ("BSN", 3),
    "860": ("BCH", 11),
    "861": ("BRA", 2),
    "865": ("BCA", 10),
}


def document_date(set_id: str, segments: Sequence[Sequence[str]]) -> dt.date | None:
    """The date of a set's first segment (BIG01 of an invoice, BEG05 of an order), None where it has none that can be read.

    >>> document_date("810", [("ST", "810", "1"), ("BIG", "20260301", "A1")])
    datetime.date(2026, 3, 1)
    """
    name, place = _DATE_AT.get(set_id, ("", 0))
    beginning = next((segment for segment in segments[:5] if segment[0] == name), ())
    text = beginning[place] if len(beginning) > place else ""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
