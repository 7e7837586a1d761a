"""A request budget for each kind of request, as hosted systems have it."""

from __future__ import annotations

import time
from collections.abc import Callable


class RateLimit:
    """A token bucket for each path template: `per_second` tokens come in a second, as many at most wait; None is no limit."""

    def __init__(self, per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        if per_second is not None and per_second <= 0:
            raise ValueError(f"A rate limit of {per_second} requests a second lets nothing through; use None for no limit")
        self.per_second = per_second
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, template: str) -> float:
        """0.0 when the request may pass (and takes its token), else the seconds until one could."""
        if self.per_second is None:
            return 0.0
        now = self._clock()
        capacity = max(1.0, self.per_second)
        tokens, seen = self._buckets.get(template, (capacity, now))
        tokens = min(capacity, tokens + (now - seen) * self.per_second)
        if tokens >= 1.0:
            self._buckets[template] = (tokens - 1.0, now)
            return 0.0
        self._buckets[template] = (tokens, now)
        return (1.0 - tokens) / self.per_second
