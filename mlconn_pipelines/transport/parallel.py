"""Parts of one read fetched at the same time, and no further ahead of their reader than there are calls in flight."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Part = TypeVar("Part")
Row = TypeVar("Row")


def in_parallel(read: Callable[[Part], Sequence[Row]], parts: Iterable[Part], at_once: int) -> Iterator[Row]:
    """The rows of all parts, in the order of the parts. A part that fails ends it, and those that were not begun are left.

    What was read and not taken yet is held in memory, so a reader that does much with each row keeps the others waiting.
    """
    waiting = iter(parts)
    first = list(islice(waiting, 2))
    if len(first) < 2:
        for part in first:
            yield from read(part)
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="records") as threads:
        ahead: deque[Future[Sequence[Row]]] = deque(threads.submit(read, part) for part in first)
        ahead.extend(threads.submit(read, part) for part in islice(waiting, max(0, at_once - len(first))))
        try:
            while ahead:
                found = ahead.popleft().result()
                ahead.extend(threads.submit(read, part) for part in islice(waiting, 1))
                yield from found
        finally:
            for future in ahead:
                future.cancel()
