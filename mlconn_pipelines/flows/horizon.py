"""How far one look may move a source's watermark: clocks of other systems are not trusted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import WatermarkNow
from mlconn_pipelines.ports.records import KeyStamp, RecordSource

AHEAD_AFTER = dt.timedelta(minutes=15)
"""What is stamped later than the database's clock and this is ahead of the clock. Servers in order differ by seconds."""

RECOVERS = dt.timedelta(days=1)
"""A watermark that lies ahead tells nothing but when it was written. So much before that is read again, for a long first read
moves its watermark only at its end."""

Newest = Callable[[Iterable[Any], str | None], str | None]
"""`Connector.newest`, or the like of other things that are stamped: the later of a watermark and of theirs."""


@dataclass(slots=True)
class Horizon:
    """One look at a source. All moments are watermarks, text that sorts: `now` is what the source's clock shows by the database's.

    bound: what is stamped beyond it is ahead of the clock. start: where the look begins. newest: the newest stamp so far that is
    not ahead. ahead: stamps by key of what is. held: of the lowest record that was listed and could not be read, None without one.
    """

    newest_of: Newest
    now: str
    bound: str
    stored: str | None
    start: str | None
    newest: str | None = None
    ahead: dict[str, str] = field(default_factory=dict)
    held: str | None = None

    def note(self, page: Sequence[KeyStamp]) -> None:
        """These were listed."""
        if self.passed(page):
            self.ahead.update((stamp.key, stamp.stamp) for stamp in page if self.is_ahead(stamp))

    def passed(self, page: Sequence[Any]) -> bool:
        """These were listed or read, KeyStamps or whatever else `newest_of` is of; whether any of them is ahead."""
        latest = self.newest_of(page, None)
        some_ahead = latest is not None and latest > self.bound
        there = [one for one in page if not self.is_ahead(one)] if some_ahead else page
        self.newest = self.newest_of(there, self.newest if self.newest is not None else self.start)
        return some_ahead

    def is_ahead(self, stamped: Any) -> bool:
        """Whether it was stamped by a clock that is wrong, ours or theirs."""
        at = self.newest_of([stamped], None)
        return at is not None and at > self.bound

    def may_be_saved_again(self, key: str, stamp: str) -> bool:
        """Whether the record could be saved once more under this very stamp: it is the newest there is, or of a time to come."""
        return stamp == self.newest or key in self.ahead

    @property
    def watermark(self) -> str | None:
        """After everything listed was read. Never beyond the clock: what comes next bears a stamp of the time to come.

        A source whose clock is a little fast would else hide what a slower one of its nodes stamps meanwhile.
        """
        reached = self.newest if self.newest is not None else self.start
        if reached is not None and self.held is not None and self.held < reached:
            reached = self.held if self.start is None else max(self.held, self.start)
        return None if reached is None else min(reached, self.now)

    @property
    def has_moved(self) -> bool:
        return self.watermark is not None and self.watermark != self.stored

    @property
    def lies_ahead(self) -> bool:
        """Whether the watermark that is stored lies beyond the clock, so that nothing newer would be read from there."""
        return self.stored is not None and self.stored > self.now


def horizon(engine: Engine, source: RecordSource, name: str, newest_of: Newest | None = None) -> Horizon:
    """Of a look that begins now, under the watermark of that name: a flow's, or what `newest_of` is of."""
    found: WatermarkNow = engine.queue.watermark_now(engine.name, name)

    def at(moment: dt.datetime) -> str:
        return source.watermark_at(engine.local(moment))

    now, start = at(found.now), found.value
    if start is not None and start > now:
        start = min(now, at((found.moved_at or found.now) - RECOVERS))
    return Horizon(newest_of or source.newest, now, at(found.now + AHEAD_AFTER), found.value, start)
