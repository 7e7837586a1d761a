from __future__ import annotations

import threading

import pytest

from mlconn_pipelines.transport.throttle import Throttle
from mlconn_pipelines_tests.transport.in_memory import MemoryLimiter


def test_each_call_takes_a_turn_of_its_host_and_path() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "host:443", per_second=1000)
    with throttle.acquire("/folders/{id}/files"):
        pass
    assert limiter.turns == {"host:443/folders/{id}/files": 1}


def test_a_reserved_turn_is_spent_by_the_next_call_of_that_thread() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    throttle.reserve("/x")
    with throttle.acquire("/x", reserved=True):
        pass
    assert limiter.turns["h/x"] == 1
    with throttle.acquire("/x", reserved=True):
        pass
    assert limiter.turns["h/x"] == 2


def test_a_turn_for_a_claim_that_someone_else_won_is_kept_for_the_next() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    for _ in range(5):
        throttle.reserve("/x")
    assert limiter.turns["h/x"] == 1


def test_a_turn_that_grew_old_is_taken_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconn_pipelines.transport.throttle.TURN_KEPT_S", 0.0)
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    throttle.reserve("/x")
    throttle.reserve("/x")
    assert limiter.turns["h/x"] == 2


def test_another_threads_turn_is_not_ours() -> None:
    limiter = MemoryLimiter()
    throttle = Throttle(limiter, "cleo", "h", per_second=1000)
    thread = threading.Thread(target=throttle.reserve, args=("/x",))
    thread.start()
    thread.join()
    with throttle.acquire("/x", reserved=True):
        pass
    assert limiter.turns["h/x"] == 2


def test_an_act_that_reserved_no_turn_is_an_error_in_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle, "reservation_required", True)
    throttle = Throttle(MemoryLimiter(), "cleo", "h", per_second=1000)
    with throttle.acquire("/x", reserved=True):
        pass  # a read of an act, which may come first or not
    with pytest.raises(AssertionError, match="no turn was reserved"), throttle.acquire("/y", reserved=True, required=True):
        pass
    throttle.reserve("/y")
    for _ in range(2):  # of an act of several requests, all but the first may wait
        with throttle.acquire("/y", reserved=True, required=True):
            pass


def test_without_limiter_nothing_waits() -> None:
    throttle = Throttle(None, "", "", per_second=0.001)
    for _ in range(3):
        with throttle.acquire("/x"):
            throttle.back_off("/x", 100)
