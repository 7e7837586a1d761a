"""Hints into the ledger: what came in while one commit was under way is the next one. An answer waits for its own commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from mlconn_pipelines.ports.notifications import ChangeNotification

Store = Callable[[Sequence[ChangeNotification]], set[tuple[str, str, str]]]
HINTS_AT_ONCE = 2_000
WAITING_MAX = 1_000
"""Requests that wait for a commit; more are told to come again, since the database is not keeping up."""


class Overloaded(Exception):
    """Too many requests wait for the database."""


@dataclass(slots=True)
class _Waiting:
    hints: Sequence[ChangeNotification]
    news: asyncio.Future[int] = field(repr=False)


class NotificationWriter:
    """One writer a process. store: the ledger's; called from one thread of its own, and raises what the database raises."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Waiting] = []
        self._something = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "hint-writer")

    async def write(self, hints: Sequence[ChangeNotification]) -> int:
        """How many were news, once all of them are durable. Errors: Overloaded, and those of the database."""
        if not hints:
            return 0
        if len(self._waiting) >= WAITING_MAX:
            raise Overloaded
        waiting = _Waiting(hints, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._something.set()
        return await waiting.news

    async def run(self) -> None:
        """Write until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while batch := self._next():
                    hints = [hint for waiting in batch for hint in waiting.hints]
                    try:
                        news = await loop.run_in_executor(self._thread, self._store, hints)
                    except Exception as trouble:  # told to everyone who waits for this commit; the next one is tried anew
                        for waiting in batch:
                            if not waiting.news.done():
                                waiting.news.set_exception(trouble)
                    else:
                        _tell(batch, news)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> list[_Waiting]:
        """The oldest requests whose hints fit into one statement; one request at least."""
        taken, hints = 0, 0
        for waiting in self._waiting:
            if taken and hints + len(waiting.hints) > HINTS_AT_ONCE:
                break
            taken, hints = taken + 1, hints + len(waiting.hints)
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch


def _tell(batch: Sequence[_Waiting], news: set[tuple[str, str, str]]) -> None:
    """Each request how many of its hints were news; one that two requests brought was news of the first."""
    for waiting in batch:
        own = {(hint.integration, hint.flow, hint.key) for hint in waiting.hints} & news
        news -= own
        if not waiting.news.done():  # its caller may have left
            waiting.news.set_result(len(own))
