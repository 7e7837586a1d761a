"""Does things later, in order of time, on one thread of its own."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable

Action = Callable[[], None]


class Timetable:
    """Actions with the moment when each is due. The thread starts with the first action and ends with `close`.

    An action that raises is noted in `failures` (its traceback) and the next one goes on: a simulated system that fell
    silent would look like a slow partner.
    """

    def __init__(self, name: str) -> None:
        self.failures: list[str] = []
        self._name = name
        self._due: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._acting = False

    def after(self, delay_s: float, action: Action) -> None:
        """Do it `delay_s` seconds from now, after whatever is due before; nothing once closed."""
        with self._wake:
            if self._closed:
                return
            heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._numbers), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def idle(self, timeout_s: float = 0.0) -> bool:
        """Whether nothing is due or being done, now or within `timeout_s` seconds."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._due and not self._acting, timeout_s)

    def close(self) -> None:
        """Drop what is still due and end the thread; an action being done is finished (waited for at most a second)."""
        with self._wake:
            self._closed = True
            self._due.clear()
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:
                self.failures.append(traceback.format_exc(limit=4))

    def _next(self) -> Action | None:
        with self._wake:
            self._acting = False
            self._wake.notify_all()
            while not self._closed:
                wait_s = self._due[0][0] - time.monotonic() if self._due else None
                if wait_s is not None and wait_s <= 0:
                    self._acting = True
                    return heapq.heappop(self._due)[2]
                self._wake.wait(wait_s)
            return None
