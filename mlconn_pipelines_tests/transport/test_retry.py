from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mlconn_pipelines.errors import CredentialRefused, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.transport.retry import RetryPolicy

QUICK = RetryPolicy(attempts=4, wait_initial_s=0.001, wait_max_s=0.01, jitter_s=0.001)


def failing(times: int, error: Exception) -> tuple[Callable[[], str], list[float]]:
    calls: list[float] = []

    def call() -> str:
        calls.append(time.monotonic())
        if len(calls) <= times:
            raise error
        return "read"

    return call, calls


def test_a_read_is_tried_again_until_it_works() -> None:
    call, calls = failing(3, Retryable("busy"))
    assert QUICK.read(call) == "read"
    assert len(calls) == 4


def test_tries_are_bounded_and_the_last_error_comes_out() -> None:
    call, calls = failing(99, Retryable("busy"))
    with pytest.raises(Retryable, match="busy"):
        QUICK.read(call)
    assert len(calls) == 4


@pytest.mark.parametrize("error", [TryLater("x"), CredentialRefused("x"), OutcomeUnknown("x"), ValueError("x")])
def test_nothing_else_is_tried_again(error: Exception) -> None:
    call, calls = failing(99, error)
    with pytest.raises(type(error)):
        QUICK.read(call)
    assert len(calls) == 1


def test_waits_are_as_long_as_the_server_asks() -> None:
    call, calls = failing(1, Retryable("busy", retry_after_s=0.2))
    QUICK.read(call)
    assert 0.2 <= calls[1] - calls[0] < 1.0


def test_a_wait_longer_than_a_run_has_patience_for_ends_at_once() -> None:
    call, calls = failing(1, Retryable("busy", retry_after_s=61.0))
    with pytest.raises(TryLater) as raised:
        QUICK.read(call)
    assert len(calls) == 1 and raised.value.retry_after_s == 61.0


def test_retries_write_nothing_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    call, _ = failing(2, Retryable("busy"))
    QUICK.read(call)
    assert capfd.readouterr().out == ""
