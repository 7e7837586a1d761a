"""Keys that a flow keeps in mind by themselves, because the watermark alone would lose them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["missing", "ahead"]
"""missing: listed by the source, and not given out as a record. ahead: stamped ahead of the clock, so no watermark goes there."""


@dataclass(frozen=True, slots=True)
class KeyToRemember:
    """stamp: as the source listed it. note: why, in words for people.

    asked: the source was asked for this key by itself just now. absent: and answered in good form that it has no such record.
    """

    key: str
    stamp: str = ""
    note: str = ""
    asked: bool = False
    absent: bool = False


@dataclass(frozen=True, slots=True)
class RememberedKey:
    """seen_s_ago: seconds since it was first remembered; asked_s_ago: since it was last asked for, None before the first time.

    asks: how often it was asked for by itself. gone: two answers, far enough apart, said that there is no such record.
    """

    key: str
    stamp: str
    note: str
    asks: int
    seen_s_ago: float
    asked_s_ago: float | None
    gone: bool
