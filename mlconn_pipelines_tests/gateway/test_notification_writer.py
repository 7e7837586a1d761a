"""The writer of hints and the senders' pace, without sockets: batches, failures, overload, buckets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from mlconn_pipelines.gateway import notification_writer
from mlconn_pipelines.gateway.notification_writer import NotificationWriter, Overloaded
from mlconn_pipelines.gateway.rate_limit import Bucket
from mlconn_pipelines.ports.notifications import ChangeNotification


def hint(key: str) -> ChangeNotification:
    return ChangeNotification("acme", "x12_810", "cleo", "inbox", key)


class Book:
    """A store that can be held up or broken."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.known: set[str] = set()
        self.open = threading.Event()
        self.open.set()
        self.broken = False

    def store(self, hints: Sequence[ChangeNotification]) -> set[tuple[str, str, str]]:
        self.open.wait(5)
        if self.broken:
            raise OSError("no database")
        keys = {one.key for one in hints}
        self.batches.append(sorted(keys))
        news, self.known = keys - self.known, self.known | keys
        return {("acme", "x12_810", key) for key in news}


def test_what_comes_during_a_commit_is_the_next_one_and_news_are_told_once() -> None:
    async def scenario() -> None:
        book = Book()
        writer = NotificationWriter(book.store)
        running = asyncio.create_task(writer.run())
        book.open.clear()
        first = asyncio.create_task(writer.write([hint("a")]))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(writer.write([hint(key)])) for key in ("b", "b", "a", "c")]
        await asyncio.sleep(0.05)
        assert not first.done() and book.batches == []
        book.open.set()
        assert await first == 1
        assert await asyncio.gather(*others) == [1, 0, 0, 1]
        assert book.batches == [["a"], ["a", "b", "c"]]
        assert await writer.write([]) == 0
        running.cancel()

    asyncio.run(scenario())


def test_a_failed_commit_is_told_to_all_who_wait_for_it_and_the_next_one_is_tried() -> None:
    async def scenario() -> None:
        book = Book()
        writer = NotificationWriter(book.store)
        running = asyncio.create_task(writer.run())
        book.broken = True
        with pytest.raises(OSError, match="no database"):
            await writer.write([hint("a")])
        book.broken = False
        assert await writer.write([hint("a")]) == 1
        running.cancel()

    asyncio.run(scenario())


def test_a_database_that_does_not_keep_up_is_no_reason_to_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification_writer, "WAITING_MAX", 3)
    monkeypatch.setattr(notification_writer, "HINTS_AT_ONCE", 2)

    async def scenario() -> None:
        book = Book()
        writer = NotificationWriter(book.store)
        running = asyncio.create_task(writer.run())
        book.open.clear()
        first = asyncio.create_task(writer.write([hint("a")]))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(writer.write([hint(key)])) for key in "bcd"]
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await writer.write([hint("e")])
        waiting[0].cancel()  # its caller has left
        book.open.set()
        await first
        assert await asyncio.gather(*waiting[1:]) == [1, 1]
        assert book.batches == [["a"], ["b", "c"], ["d"]], "at most so many in one statement"
        running.cancel()

    asyncio.run(scenario())


def test_a_bucket_gives_its_rate_and_a_burst_and_no_more() -> None:
    now = 100.0
    bucket = Bucket(10.0, clock=lambda: now)
    assert sum(bucket.take() for _ in range(100)) == 20, "what two seconds give"
    now += 1.0
    assert sum(bucket.take() for _ in range(100)) == 10
    now += 3_600.0
    assert sum(bucket.take() for _ in range(100)) == 20
    slow = Bucket(0.1, clock=lambda: now)
    assert slow.take() and not slow.take()
    now += 10.0
    assert slow.take()
