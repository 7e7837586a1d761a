"""Reads are tried again, a bounded number of times, with growing and jittered waits. Writes never are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina
from stamina.instrumentation import set_on_retry_hooks

from mlconn_pipelines.errors import Retryable, TryLater

# stamina would write a line of its own for every retry; what a person needs to know stands in the error, if it comes to one.
set_on_retry_hooks([])

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """attempts: the first included. Waits grow twofold from wait_initial_s up to wait_max_s, plus up to jitter_s.

    timeout_s: no further attempt begins after it. patience_s: a server that asks for a longer wait gets TryLater instead.
    """

    attempts: int = 5
    wait_initial_s: float = 0.2
    wait_max_s: float = 10.0
    jitter_s: float = 0.5
    timeout_s: float = 90.0
    patience_s: float = 60.0

    def read(self, call: Callable[[], T]) -> T:
        """What the call returns, tried again on Retryable. Retry-After is honoured. Errors: the last attempt's, TryLater."""
        for attempt in stamina.retry_context(
            on=self._wait,
            attempts=self.attempts,
            timeout=self.timeout_s,
            wait_initial=self.wait_initial_s,
            wait_max=self.wait_max_s,
            wait_jitter=self.jitter_s,
        ):
            with attempt:
                return self._patient(call)
        raise AssertionError("the last attempt returns or raises")

    def _patient(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except TryLater:
            raise
        except Retryable as busy:
            if busy.retry_after_s is not None and busy.retry_after_s > self.patience_s:
                raise TryLater(busy.what, busy.hint, busy.retry_after_s) from busy
            raise

    def _wait(self, error: Exception) -> bool | float:
        if not isinstance(error, Retryable) or isinstance(error, TryLater):
            return False
        return True if error.retry_after_s is None else error.retry_after_s


NO_RETRY = RetryPolicy(attempts=1)
"""One attempt; for what a caller repeats itself."""
