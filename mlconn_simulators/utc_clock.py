"""A clock in UTC that runs by itself and that tests can set or move."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable


class UtcClock:
    """The clock of a system that stamps in UTC."""

    def __init__(self, start: dt.datetime | None = None, ticks: Callable[[], float] = time.monotonic) -> None:
        """start: an aware moment; the real one when left out. ticks: running seconds."""
        self._ticks = ticks
        self.running = True
        """False: the clock stands still, so that what is made from a seed bears the same stamps each time."""
        self.set(start or dt.datetime.now(dt.UTC))

    def now(self) -> dt.datetime:
        """The moment now, aware, UTC."""
        return self._start + dt.timedelta(seconds=self._ticks() - self._since) if self.running else self._start

    def set(self, moment: dt.datetime) -> None:
        """From now on the clock shows `moment` and runs on. Errors: ValueError for a moment without a zone."""
        if moment.tzinfo is None:
            raise ValueError(f"The clock is in UTC, {moment.isoformat()} has no zone")
        self._start, self._since = moment.astimezone(dt.UTC), self._ticks()

    def move(self, step: dt.timedelta) -> None:
        """Put the clock forward, or back with a negative step."""
        self.set(self.now() + step)
