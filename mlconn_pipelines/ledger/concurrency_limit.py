"""Slots for calls in flight, over all processes: advisory locks on one connection a process, which die with the process.

A process keeps a place from call to call, so that most calls cost no query. It gives a place back when it has not used it
for a tenth of a second, and after half a second in any case, so that a process which waits comes in. A process that is
frozen (SIGSTOP, a sleeping machine) keeps its locks but no longer says that it lives; whoever waits then ends its connection.
"""

from __future__ import annotations

import os
import random
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.rows import TupleRow

from mlconn_pipelines.errors import DatabaseUnavailable, TryLater
from mlconn_pipelines.failures import unavailable

APPLICATION = "mlconn places in flight"
KEPT_UNUSED_S = 0.1
KEPT_IN_ALL_S = 0.5
RETRY_S = 0.1
SIGN_OF_LIFE_S = 5.0
FROZEN_AFTER_S = 20.0


@dataclass(slots=True, eq=False)
class _Held:
    """One lock of ours. number: of the place, from 0. Times on our own monotonic clock; free_since: None while in use."""

    number: int
    taken_at: float
    free_since: float | None = None


class Slots:
    """The places of this process, by system, for all its threads."""

    def __init__(self, engine: sa.Engine) -> None:
        _, self._arguments = engine.dialect.create_connect_args(engine.url)
        self._mutex = threading.Lock()
        self._systems: dict[str, _SystemPlaces] = {}
        self._process = os.getpid()

    @contextmanager
    def place(self, system: str, at_once: int, wait_max_s: float) -> Iterator[None]:
        """Hold one of the places `0 … at_once - 1` of that system. TryLater when none came free in time."""
        if self._process != os.getpid():
            # A forked child must neither speak on its parent's connections nor wait for locks of its parent's threads.
            self._mutex, self._systems, self._process = threading.Lock(), {}, os.getpid()
        with self._mutex:
            places = self._systems.setdefault(system, _SystemPlaces(system, self._arguments))
        held = places.take(at_once, wait_max_s)
        try:
            yield
        finally:
            places.leave(held)

    def close(self) -> None:
        """Give everything back."""
        with self._mutex:
            for places in self._systems.values():
                places.close()


class _SystemPlaces:
    """Those of one system, on a connection of their own. Methods with an underscore expect the condition to be held."""

    def __init__(self, system: str, arguments: Mapping[str, Any]) -> None:
        self._system = system
        self._key = _key(system)
        self._arguments = arguments
        self._changed = threading.Condition()
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._held: list[_Held] = []
        self._queueing = False
        self._next_try_at = 0.0
        self._spoke_at = 0.0
        self._caretaker: threading.Thread | None = None

    def take(self, at_once: int, wait_max_s: float) -> _Held:
        began = looked_for_frozen = time.monotonic()
        trouble: DatabaseUnavailable | None = None
        with self._changed:
            while True:
                for held in self._held:
                    if held.free_since is not None and held.number < at_once:
                        held.free_since = None
                        return held
                now = time.monotonic()
                if now - began > wait_max_s:
                    if trouble is not None:
                        raise trouble
                    raise TryLater(
                        f"all {at_once} places for calls to {self._system} were taken for {wait_max_s:.0f} s",
                        "Nothing is lost: the documents stay ready, and a later run goes on.",
                    )
                if self._queueing or (self._held and now < self._next_try_at):
                    self._changed.wait(RETRY_S)
                    continue
                self._next_try_at = now + RETRY_S
                try:
                    if now - looked_for_frozen > SIGN_OF_LIFE_S:
                        looked_for_frozen = now
                        self._end_frozen()
                    number = self._try(at_once)
                    if number is None and not self._held:
                        number = self._queue(random.randrange(at_once))  # noqa: S311 - which place is no secret
                except psycopg.OperationalError as ended:
                    # Ended by someone who took us for dead, or the server was restarted: the locks are gone, take them anew.
                    trouble = unavailable(ended)
                    self._lose()
                    self._changed.wait(RETRY_S)
                    continue
                trouble = None
                if number is not None:
                    held = _Held(number, time.monotonic())
                    self._held.append(held)
                    self._care()
                    return held

    def leave(self, held: _Held) -> None:
        with self._changed:
            held.free_since = time.monotonic()
            if held.free_since - held.taken_at > KEPT_IN_ALL_S:
                self._give_back(held)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._lose()

    def _open(self) -> psycopg.Connection[TupleRow]:
        if self._connection is None:
            self._connection = psycopg.connect(**self._arguments, autocommit=True)
            self._connection.execute(f"SET application_name = '{APPLICATION}'")
            self._connection.execute("SET lock_timeout = '1s'")
        self._spoke_at = time.monotonic()
        return self._connection

    def _try(self, at_once: int) -> int | None:
        """Any place that nobody has, at once; those that we have are left out, since a lock can be taken twice."""
        ours = {held.number for held in self._held}
        missing = [number for number in range(at_once) if number not in ours]
        if not missing:
            return None
        row = (
            self._open()
            .execute(
                "SELECT n FROM unnest(%s::int[]) AS n WHERE pg_try_advisory_lock(%s::int, n) LIMIT 1", (missing, self._key)
            )
            .fetchone()
        )
        return None if row is None else int(row[0])

    def _queue(self, number: int) -> int | None:
        """Stand in PostgreSQL's own queue for that place, a second at most: first come, first served, over all processes."""
        connection = self._open()
        self._queueing = True
        self._changed.release()
        try:
            connection.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (self._key, number))
        except psycopg.errors.LockNotAvailable:
            return None
        else:
            return number
        finally:
            self._changed.acquire()
            self._queueing = False
            self._changed.notify_all()

    def _give_back(self, held: _Held) -> None:
        if held not in self._held:
            return  # lost with its connection
        self._held.remove(held)
        self._next_try_at = 0.0  # if nobody queued for it, we may have it again at once
        try:
            self._open().execute("SELECT pg_advisory_unlock(%s::int, %s::int)", (self._key, held.number))
        except psycopg.OperationalError:
            self._lose()

    def _lose(self) -> None:
        """Close the connection, and with it every lock. Calls that are still open go on without their place."""
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
        self._changed.notify_all()

    def _end_frozen(self) -> None:
        self._open().execute(
            "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = %s::oid "
            "AND a.datname = current_database() AND a.application_name = %s AND a.state = 'idle' "
            "AND a.state_change < clock_timestamp() - make_interval(secs => %s)",
            (self._key, APPLICATION, FROZEN_AFTER_S),
        )

    def _care(self) -> None:
        if self._caretaker is None:
            self._caretaker = threading.Thread(target=self._take_care, name=APPLICATION, daemon=True)
            self._caretaker.start()

    def _take_care(self) -> None:
        """Give back what is not used, and show that we live while a long call is open. Ends when nothing is held."""
        while True:
            time.sleep(KEPT_UNUSED_S / 2)
            with self._changed:
                now = time.monotonic()
                for held in list(self._held):
                    if held.free_since is not None and now - held.free_since > KEPT_UNUSED_S:
                        self._give_back(held)
                if not self._held:
                    self._caretaker = None
                    return
                if now - self._spoke_at > SIGN_OF_LIFE_S and not self._queueing:
                    try:
                        self._open().execute("SELECT 1")
                    except psycopg.OperationalError:
                        self._lose()


def _key(system: str) -> int:
    """A positive int4 out of a system's name; the second number of the lock is the place."""
    return zlib.crc32(f"mlconn in flight {system}".encode()) & 0x7FFFFFFF
