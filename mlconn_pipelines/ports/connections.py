"""What connectors need of the world: credentials, a place for sessions that all processes share, and a limiter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from mlconn_pipelines.ports.agents import AgentDesk


class Credentials(Protocol):
    """The vault, read only. The values are secret: never in a message, a repr, a URL or a log."""

    def credential(self, name: str) -> Mapping[str, str]:
        """username, password, and what else the entry holds (totp_secret, client_id, client_secret). VaultError when absent."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A cached session. values: what the connector keeps (cookie values, access and refresh token); secret, left out of repr.

    generation: grows with every renewal; a refusal names the generation it saw. idle_s: seconds since its last use, by the
    store's clock. age_s: seconds since it was stored.
    """

    generation: int
    values: Mapping[str, str] = field(repr=False)
    age_s: float
    idle_s: float


class Renewal(Protocol):
    """The right to sign in, held under a lock across all processes."""

    @property
    def needed(self) -> bool:
        """False when someone else renewed since: `token` is then theirs."""
        ...

    @property
    def token(self) -> Token | None: ...

    def store(self, values: Mapping[str, str]) -> Token: ...


class SessionStore(Protocol):
    """Sessions of one credential, shared by all processes. Two tries at a wrong password at most: `refused` stops the connection."""

    def now(self) -> dt.datetime:
        """The clock that all processes share, aware: that of a machine which runs us may be wrong."""
        ...

    def current(self) -> Token | None:
        """The cached session, None before the first. Raises ConnectionStopped while the connection is stopped."""
        ...

    def used(self) -> None:
        """Note a use; written at most once a minute."""
        ...

    def renewing(self, seen_generation: int) -> AbstractContextManager[Renewal]:
        """Take the lock; `needed` is false when the generation is no longer the one seen. seen_generation 0: none was seen."""
        ...

    def refused(self, reason: str) -> None:
        """A sign-in was refused: count it, stop the connection after the second, raise one alert."""
        ...


class Limiter(Protocol):
    """One budget per (host, path template), shared by all processes through the database."""

    def acquire(self, path: str, per_second: float | None) -> None:
        """Wait for a turn on that path; None costs nothing. Raises TryLater when it would take over 60 s."""
        ...

    def back_off(self, path: str, seconds: float) -> None:
        """A 429 or Retry-After moves everyone's next turn."""
        ...

    def in_flight(self, system: str, at_once: int) -> AbstractContextManager[None]:
        """Hold one of `at_once` places for calls to a system, over all processes."""
        ...


@dataclass(frozen=True, slots=True)
class Reach:
    """How a system is got at. sessions: by vault entry. agent: by its name, for systems that are reached through one."""

    credentials: Credentials
    sessions: Callable[[str], SessionStore]
    limiter: Limiter
    agent: Callable[[str], AgentDesk]
