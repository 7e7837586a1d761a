"""The company server's own clock: local time without a zone, as UpdateDate and UpdateTime show it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable


class CompanyClock:
    """Local time that runs by itself and that tests can set or move, backwards too, as at the end of summer time."""

    def __init__(self, start: dt.datetime, ticks: Callable[[], float] = time.monotonic) -> None:
        """start: the zoneless local time now. ticks: running seconds."""
        self._ticks = ticks
        self.set(start)

    def now(self) -> dt.datetime:
        """The zoneless local time."""
        return self._start + dt.timedelta(seconds=self._ticks() - self._since)

    def set(self, moment: dt.datetime) -> None:
        """From now on the clock shows `moment` and runs on. Errors: ValueError for a moment with a zone."""
        if moment.tzinfo is not None:
            raise ValueError(f"The company's clock has no zone, {moment.isoformat()} has one")
        self._start, self._since = moment, self._ticks()

    def move(self, step: dt.timedelta) -> None:
        """Put the clock forward, or back with a negative step."""
        self.set(self.now() + step)


def date_text(day: dt.date) -> str:
    """A calendar date as v2 writes it: midnight with a Z that means nothing."""
    return f"{day:%Y-%m-%d}T00:00:00Z"


def time_text(moment: dt.datetime | dt.time) -> str:
    """UpdateTime: seconds are kept."""
    return f"{moment:%H:%M:%S}"
