"""How fast a sender may call: one bucket of tokens each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

BURST_S = 2.0
"""A bucket holds what its sender may ask for in so many seconds."""


@dataclass(slots=True)
class Bucket:
    """Filled at `per_second`, full at the start. Used from one thread."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    tokens: float = -1.0
    filled_at: float = 0.0

    def take(self) -> bool:
        """A token, if there is one."""
        now, most = self.clock(), max(1.0, self.per_second * BURST_S)
        before = most if self.tokens < 0 else self.tokens
        self.tokens = min(most, before + (now - self.filled_at) * self.per_second if self.filled_at else before)
        self.filled_at = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
