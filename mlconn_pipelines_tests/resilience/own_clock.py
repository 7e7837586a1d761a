"""This process's own clock, set wrong: for processes that belong to one test and end with it.

What runs on (time.monotonic), the database's clock and those of the simulated systems stay as they are.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

_real_time = time.time
_real_time_ns = time.time_ns


def set_off(seconds: float) -> None:
    """From now on this process takes the time to be so many seconds later, or earlier with a negative number."""
    real = dt.datetime

    class WrongClock(real, metaclass=_stands_for(real)):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return real.fromtimestamp(_real_time() + seconds, tz)

        @classmethod
        def utcnow(cls) -> Any:
            return real.fromtimestamp(_real_time() + seconds, dt.UTC).replace(tzinfo=None)

    time.time = lambda: _real_time() + seconds
    time.time_ns = lambda: _real_time_ns() + int(seconds * 1e9)
    dt.datetime = WrongClock  # type: ignore[misc]


def _stands_for(real: type) -> Any:
    """A metaclass by which moments that others made are of the class too."""

    class Meta(type(real)):  # type: ignore[misc]
        def __instancecheck__(cls, other: object) -> bool:
            return isinstance(other, real)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, real)

    return Meta
