"""Parts read at the same time come in order, and no more of them are read ahead than calls may be in flight."""

from __future__ import annotations

import threading
import time

import pytest

from mlconn_pipelines.transport.parallel import in_parallel


def test_rows_come_in_the_order_of_the_parts_whoever_is_first() -> None:
    def read(part: int) -> list[int]:
        time.sleep(0.02 if part % 2 else 0.0)
        return [part, part + 100]

    assert list(in_parallel(read, range(7), 3)) == [row for part in range(7) for row in (part, part + 100)]
    assert list(in_parallel(read, [], 3)) == []
    assert list(in_parallel(read, range(4), 1)) == [0, 100, 1, 101, 2, 102, 3, 103]


def test_a_single_part_needs_no_thread() -> None:
    assert list(in_parallel(lambda part: [threading.current_thread()], [1], 4)) == [threading.current_thread()]


def test_nothing_is_read_far_ahead_of_a_slow_reader() -> None:
    begun: list[int] = []

    def read(part: int) -> list[int]:
        begun.append(part)
        return [part]

    rows = in_parallel(read, range(100), 3)
    assert next(rows) == 0
    time.sleep(0.1)
    assert len(begun) <= 4
    assert list(rows) == list(range(1, 100))


def test_a_part_that_fails_ends_the_reading() -> None:
    begun: list[int] = []

    def read(part: int) -> list[int]:
        begun.append(part)
        if part == 2:
            raise ConnectionError("gone")
        return [part]

    rows = in_parallel(read, range(50), 2)
    with pytest.raises(ConnectionError, match="gone"):
        list(rows)
    assert len(begun) < 8
