"""Turns and places for calls to one system: a budget per path, and so many calls at once, over all processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from mlconn_pipelines.ports.connections import Limiter

TURN_KEPT_S = 2.0
"""How long a turn taken ahead stays good; later ones would add up to a burst."""


class Throttle:
    """One system's share of the limiter.

    system: what calls in flight are counted by. host: part of each path's key, since budgets are per host. per_second: budget
    of each path template, None for none. at_once: calls in flight, None for no bound.
    """

    def __init__(
        self, limiter: Limiter | None, system: str, host: str, per_second: float | None = None, at_once: int | None = None
    ) -> None:
        self._limiter, self._system, self._host = limiter, system, host
        self._per_second, self._at_once = per_second, at_once
        self._ahead = threading.local()

    @contextmanager
    def turn(self, template: str, taken: bool = False) -> Iterator[None]:
        """Wait for a turn on the path (unless one was taken ahead), then hold a place while the call runs. Errors: TryLater."""
        if not (taken and self._spend(template)):
            self._wait(template)
        with self._place():
            yield

    def take_ahead(self, template: str) -> None:
        """Take a turn now, for the next call of this thread on that path; one that is still unspent stays. Errors: TryLater.

        So nothing has to wait between a claim and its request, and a claim that another run won costs no turn.
        """
        if self._kept(template):
            return
        self._wait(template)
        self._turns()[template] = time.monotonic()

    def postpone(self, template: str, seconds: float) -> None:
        """The server said 429: nobody's next turn on that path comes earlier."""
        if self._limiter is not None:
            self._limiter.postpone(self._key(template), seconds)

    def _wait(self, template: str) -> None:
        if self._limiter is not None:
            self._limiter.wait(self._key(template), self._per_second)

    def _place(self) -> AbstractContextManager[None]:
        if self._limiter is None or self._at_once is None:
            return nullcontext()
        return self._limiter.in_flight(self._system, self._at_once)

    def _key(self, template: str) -> str:
        return f"{self._host}{template}"

    def _turns(self) -> dict[str, float]:
        if not hasattr(self._ahead, "turns"):
            self._ahead.turns = {}
        turns: dict[str, float] = self._ahead.turns
        return turns

    def _kept(self, template: str) -> bool:
        taken_at = self._turns().get(template)
        return taken_at is not None and time.monotonic() - taken_at < TURN_KEPT_S

    def _spend(self, template: str) -> bool:
        # A turn that waited for long is spent all the same: the request that it was taken for is late, not early.
        return self._turns().pop(template, None) is not None


UNLIMITED = Throttle(None, "", "")
"""For systems without a limit, and for tests."""
