"""The time by which the gateway judges agents: the database's, as everywhere, since this machine's may be set by anybody."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

OLD_AFTER_S = 10.0
"""A machine that was asleep has a steady clock that stood still meanwhile."""


class DatabaseClock:
    """Asked now and then; between, this machine's steady clock counts on. ask: as `Queue.now`; it is asked once right here."""

    def __init__(self, ask: Callable[[], dt.datetime]) -> None:
        self._ask = ask
        self._ahead_s = self._set_at = 0.0
        self.set()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return time.monotonic() + self._ahead_s

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self._set_at > OLD_AFTER_S

    def set(self) -> None:
        """Errors: those of the database; then it counts on as before."""
        moment = self._ask().timestamp()
        self._set_at = time.monotonic()
        self._ahead_s = moment - self._set_at
