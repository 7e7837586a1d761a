"""What connectors need of the world, in memory: credentials, sessions, a limiter. Each with the contract of ports.connections."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlconn_pipelines.errors import ConnectionStopped, TryLater, VaultError
from mlconn_pipelines.ports.connections import Token

REFUSALS_MAX = 2
WAIT_MAX_S = 60.0


class MemoryCredentials:
    def __init__(self, **entries: Mapping[str, str]) -> None:
        self.entries = entries

    def credential(self, name: str) -> Mapping[str, str]:
        if name not in self.entries:
            raise VaultError(f"No vault entry {name!r}")
        return self.entries[name]


class MemorySessions:
    """passed_s: added to every age and idle time, to let time pass."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.generation = 0
        self.values: Mapping[str, str] | None = None
        self.stored_at = self.used_at = 0.0
        self.passed_s = 0.0
        self.refusals: list[str] = []
        self.uses = 0

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def current(self) -> Token | None:
        if len(self.refusals) >= REFUSALS_MAX:
            raise ConnectionStopped("The connection is stopped: " + self.refusals[-1])
        if self.values is None:
            return None
        now = time.monotonic() + self.passed_s
        return Token(self.generation, self.values, now - self.stored_at, now - self.used_at)

    def used(self) -> None:
        self.uses += 1
        self.used_at = time.monotonic() + self.passed_s

    @contextmanager
    def renewing(self, seen_generation: int) -> Iterator[MemoryRenewal]:
        with self.lock:
            yield MemoryRenewal(self, self.generation == seen_generation)

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)


class MemoryRenewal:
    def __init__(self, sessions: MemorySessions, needed: bool) -> None:
        self._sessions, self.needed = sessions, needed

    @property
    def token(self) -> Token | None:
        return self._sessions.current()

    def store(self, values: Mapping[str, str]) -> Token:
        sessions = self._sessions
        sessions.generation += 1
        sessions.values = dict(values)
        sessions.stored_at = sessions.used_at = time.monotonic() + sessions.passed_s
        sessions.refusals.clear()
        token = sessions.current()
        assert token is not None
        return token


class MemoryLimiter:
    """Evenly spaced turns per path, counted; the most calls at once that ever were."""

    def __init__(self) -> None:
        self.turns: defaultdict[str, int] = defaultdict(int)
        self.backed_off: defaultdict[str, list[float]] = defaultdict(list)
        self.most_at_once = 0
        self._next_at: dict[str, float] = {}
        self._at_once = 0
        self._places: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()

    def acquire(self, path: str, per_second: float | None) -> None:
        with self._lock:
            if per_second is None:
                return
            if (away_s := self._next_at.get(path, 0.0) - time.monotonic()) > WAIT_MAX_S:
                raise TryLater(f"the next call of {path} may be made in {away_s:.0f} s", retry_after_s=away_s)
            self.turns[path] += 1
            at = max(self._next_at.get(path, 0.0), time.monotonic())
            self._next_at[path] = at + 1 / per_second
        time.sleep(max(0.0, at - time.monotonic()))

    def back_off(self, path: str, seconds: float) -> None:
        with self._lock:
            self.backed_off[path].append(seconds)
            self._next_at[path] = max(self._next_at.get(path, 0.0), time.monotonic() + seconds)

    def pass_time(self, seconds: float) -> None:
        """Everybody's next turn comes so much earlier."""
        with self._lock:
            self._next_at = {path: at - seconds for path, at in self._next_at.items()}

    @contextmanager
    def in_flight(self, system: str, at_once: int) -> Iterator[None]:
        with self._lock:
            place = self._places.setdefault(system, threading.Semaphore(at_once))
        with place:
            with self._lock:
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                yield
            finally:
                with self._lock:
                    self._at_once -= 1
