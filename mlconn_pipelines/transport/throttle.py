"""Turns and places for calls to one system: a budget per path, and so many calls at once, over all processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ClassVar

from mlconn_pipelines.ports.connections import Limiter

TURN_KEPT_S = 2.0
"""How long a reserved turn stays good; later ones would add up to a burst."""

_SPENT = float("-inf")


class Throttle:
    """One system's share of the limiter.

    system: what calls in flight are counted by. host: part of each path's key, since budgets are per host. per_second: budget
    of each path template, None for none. at_once: calls in flight, None for no bound.
    """

    reservation_required: ClassVar[bool] = False
    """Set by tests: a call that counts on a reserved turn and never had one is an error, and does not just wait."""

    def __init__(
        self, limiter: Limiter | None, system: str, host: str, per_second: float | None = None, at_once: int | None = None
    ) -> None:
        self._limiter, self._system, self._host = limiter, system, host
        self._per_second, self._at_once = per_second, at_once
        self._reserved = threading.local()

    @contextmanager
    def acquire(self, template: str, reserved: bool = False, required: bool = False) -> Iterator[None]:
        """Wait for a turn on the path (unless one was reserved), then hold a place while the call runs. Errors: TryLater.

        required: there must have been one; see `reservation_required`.
        """
        if not (reserved and self._spend(template, required and self.reservation_required)):
            self._wait(template)
        with self._place():
            yield

    def reserve(self, template: str) -> None:
        """Take a turn now, for the next call of this thread on that path; one that is still unspent stays. Errors: TryLater.

        So nothing has to wait between a claim and its request, and a claim that another run won costs no turn.
        """
        turns = self._turns()
        if time.monotonic() - turns.get(template, _SPENT) < TURN_KEPT_S:
            return
        self._wait(template)
        turns[template] = time.monotonic()

    def back_off(self, template: str, seconds: float) -> None:
        """The server said 429: nobody's next turn on that path comes earlier."""
        if self._limiter is not None:
            self._limiter.back_off(self._key(template), seconds)

    def _wait(self, template: str) -> None:
        if self._limiter is not None:
            self._limiter.acquire(self._key(template), self._per_second)

    def _place(self) -> AbstractContextManager[None]:
        if self._limiter is None or self._at_once is None:
            return nullcontext()
        return self._limiter.in_flight(self._system, self._at_once)

    def _key(self, template: str) -> str:
        return f"{self._host}{template}"

    def _turns(self) -> dict[str, float]:
        """When this thread reserved a turn, by path; _SPENT once it was used."""
        if not hasattr(self._reserved, "turns"):
            self._reserved.turns = {}
        turns: dict[str, float] = self._reserved.turns
        return turns

    def _spend(self, template: str, required: bool) -> bool:
        # A turn that waited for long is spent all the same: the request that it was reserved for is late, not early.
        turns = self._turns()
        if template not in turns and required:
            raise AssertionError(f"no turn was reserved for {template}: this request may wait between `sending` and the act")
        held = turns.get(template, _SPENT)
        turns[template] = _SPENT
        return held != _SPENT


UNLIMITED = Throttle(None, "", "")
"""For systems without a limit, and for tests."""
