"""Whether a source that used to tell of changes has fallen silent: polls that find what no notification told of. Pure."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

SILENT_AFTER_POLLS = 3
SILENT_AFTER = dt.timedelta(minutes=10)
"""So many polls in a row, over at least so long, each of which found something: then it is no poll that was merely faster."""
MARK = "told"


@dataclass(frozen=True, slots=True)
class Telling:
    """What is remembered of a flow. told: when a run last began after notifications; None while none ever came.

    polls: runs since then that found something without any. since: when the first of those was.
    """

    told: dt.datetime | None = None
    polls: int = 0
    since: dt.datetime | None = None

    def after_poll(self, now: dt.datetime, hints: int, found: int) -> Telling:
        """After a run that began with so many notifications and found so many changes."""
        if hints:
            return Telling(told=now)
        if not found or self.told is None:
            return self
        return Telling(self.told, self.polls + 1, self.since or now)

    def is_silent(self, now: dt.datetime) -> bool:
        return self.polls >= SILENT_AFTER_POLLS and self.since is not None and now - self.since >= SILENT_AFTER

    def words(self) -> str:
        """In a table of what is connected."""
        if self.told is None:
            return "no notification yet"
        found = f"{self.polls} poll{'s have' if self.polls != 1 else ' has'} found something that none told of since"
        return f"last notification {self.told:%Y-%m-%d %H:%M} UTC; {found if self.polls else 'no poll was ahead of one since'}"

    def text(self) -> str:
        """To be stored; `telling_of` reads it."""
        return json.dumps([self.told and self.told.isoformat(), self.polls, self.since and self.since.isoformat()])


def telling_of(text: str | None) -> Telling:
    if not text:
        return Telling()
    told, polls, since = json.loads(text)
    return Telling(_moment(told), polls, _moment(since))


def mark_of(flow: str) -> str:
    return f"{MARK}:{flow}"


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
