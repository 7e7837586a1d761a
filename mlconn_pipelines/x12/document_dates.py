"""The day that a transaction set says it is of: what chooses between rules of a guide that change with time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mlconn_pipelines.documents.transaction_sets import date_at
from mlconn_pipelines.x12.element_reader import has_short_dates, with_century


def document_date(set_id: str, segments: Sequence[Sequence[str]], version: str = "") -> dt.date | None:
    """The date of a set's first segment (BIG01 of an invoice, BEG05 of an order), None where it has none that can be read.

    version: GS08, since dates of releases before 004010 have six digits.

    >>> document_date("810", [("ST", "810", "1"), ("BIG", "20260301", "A1")])
    datetime.date(2026, 3, 1)
    """
    name, place = date_at(set_id)
    beginning = next((segment for segment in segments[:5] if segment[0] == name), ())
    text = beginning[place] if len(beginning) > place else ""
    text = with_century(text) if len(text) == 6 and has_short_dates(version) else text
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
