"""Logins, sessions and the nodes they stick to."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from mlconn_simulators.sap_business_one.errors import no_session


@dataclass
class Session:
    """node: `.node3`, empty on a server with a single node. used: running seconds of the last request."""

    id: str
    node: str
    used: float


class Sessions:
    """Sessions in memory; one ends after `timeout_min` idle minutes, at log-out, or when a test ends it."""

    def __init__(self, timeout_min: float, nodes: int, ticks: Callable[[], float] = time.monotonic) -> None:
        self.timeout_min = timeout_min
        self.logins = 0
        self.failed_logins = 0
        self._nodes, self._ticks = nodes, ticks
        self._live: dict[str, Session] = {}

    def open(self) -> Session:
        """A new session; each login lands on the next node, as the balancer spreads them."""
        self.logins += 1
        node = f".node{self.logins % self._nodes + 1}" if self._nodes > 1 else ""
        session = Session(str(uuid.uuid4()), node, self._ticks())
        self._live[session.id] = session
        return session

    def of(self, session_id: str, node: str) -> Session:
        """The live session with this cookie pair. Errors: 401 with code 301 for all others, a session of another node too."""
        session = self._live.get(session_id)
        now = self._ticks()
        if session is None or session.node != node:
            raise no_session()
        if now - session.used > self.timeout_min * 60:
            del self._live[session_id]
            raise no_session()
        session.used = now
        return session

    def end(self, session_id: str) -> None:
        self._live.pop(session_id, None)

    def end_all(self) -> None:
        """What a restart of the server does."""
        self._live.clear()

    def idle(self, minutes: float) -> None:
        """Let time pass over all sessions without a request."""
        for session in self._live.values():
            session.used -= minutes * 60

    def __len__(self) -> int:
        return len(self._live)
