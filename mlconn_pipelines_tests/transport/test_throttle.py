from __future__ import annotations

import threading

import pytest

from mlconn_pipelines.transport.throttle import Throttle
from mlconn_pipelines_tests.transport.in_memory import MemoryLimiter


def test_each_call_takes_a_turn_of_its_host_and_path() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "host:443", per_second=1000)
    with throttle.turn("/folders/{id}/files"):
        pass
    assert limiter.turns == {"host:443/folders/{id}/files": 1}


def test_a_turn_taken_ahead_is_spent_by_the_next_call_of_that_thread() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    throttle.take_ahead("/x")
    with throttle.turn("/x", taken=True):
        pass
    assert limiter.turns["h/x"] == 1
    with throttle.turn("/x", taken=True):
        pass
    assert limiter.turns["h/x"] == 2


def test_a_turn_for_a_claim_that_someone_else_won_is_kept_for_the_next() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    for _ in range(5):
        throttle.take_ahead("/x")
    assert limiter.turns["h/x"] == 1


def test_a_turn_that_grew_old_is_taken_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconn_pipelines.transport.throttle.TURN_KEPT_S", 0.0)
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    throttle.take_ahead("/x")
    throttle.take_ahead("/x")
    assert limiter.turns["h/x"] == 2


def test_another_threads_turn_is_not_ours() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    thread = threading.Thread(target=throttle.take_ahead, args=("/x",))
    thread.start()
    thread.join()
    with throttle.turn("/x", taken=True):
        pass
    assert limiter.turns["h/x"] == 2


def test_without_limiter_nothing_waits() -> None:
    throttle = Throttle(None, "", "", per_second=0.001)
    for _ in range(3):
        with throttle.turn("/x"):
            throttle.postpone("/x", 100)
