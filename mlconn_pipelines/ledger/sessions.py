"""Sessions of one credential, shared by all processes: one sign-in at a time, and two refused ones stop the connection."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.errors import ConnectionStopped, DatabaseUnavailable, TryLater, VaultError
from mlconn_pipelines.failures import LOCKED
from mlconn_pipelines.ledger.connection_states import clear_refusals, count_refusal
from mlconn_pipelines.ledger.tables_credentials import connection_state, session
from mlconn_pipelines.ports.connections import Token
from mlconn_pipelines.vault import Vault

LOOK_AGAIN_S = 5.0
"""A process asks the database for the session at most this often; a session that others renewed meanwhile shows as refused."""

USED_AGAIN_S = 60.0
SIGN_IN_WAIT_MAX_S = 180


@dataclass(slots=True)
class _Seen:
    """A session as last read or stored, with the moment on our own clock."""

    generation: int
    values: Mapping[str, str] = field(repr=False)
    age_s: float
    idle_s: float
    at: float

    def token(self) -> Token:
        elapsed = time.monotonic() - self.at
        return Token(self.generation, self.values, self.age_s + elapsed, self.idle_s + elapsed)


class PostgresSessionStore:
    """Implements `ports.connections.SessionStore` for one credential. Safe to share between threads; one a process is enough.

    name: of the vault entry. refusals_max: sign-ins that may be refused before the connection stops.
    integration: whose alert it is when that happens.
    """

    def __init__(self, engine: sa.Engine, vault: Vault, name: str, refusals_max: int = 2, integration: str = "") -> None:
        self._engine = engine
        self._integration = integration
        self._vault = vault
        self._name = name
        self._refusals_max = refusals_max
        self._mutex = threading.Lock()
        self._sign_in = threading.Lock()
        self._seen: _Seen | None = None
        self._looked_at = float("-inf")

    def __repr__(self) -> str:
        return f"PostgresSessionStore({self._name!r})"

    def now(self) -> dt.datetime:
        with self._engine.connect() as connection:
            at: dt.datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return at

    def current(self) -> Token | None:
        """The cached session, None when there is none. Raises ConnectionStopped while the connection is stopped."""
        with self._mutex:
            if time.monotonic() - self._looked_at >= LOOK_AGAIN_S:
                with self._engine.connect() as connection:
                    self._look(connection)
            return self._seen.token() if self._seen is not None else None

    def used(self) -> None:
        """Note a use; written at most once a minute, so `idle_s` may be up to a minute too high, never too low."""
        with self._mutex:
            seen = self._seen
            if seen is None or seen.idle_s + time.monotonic() - seen.at < USED_AGAIN_S:
                return
            with self._engine.begin() as connection:
                connection.execute(
                    sa.update(session)
                    .where(session.c.name == self._name, session.c.generation == seen.generation)
                    .values(used_at=sa.func.clock_timestamp())
                )
            now = time.monotonic()
            self._seen = _Seen(seen.generation, seen.values, seen.age_s + now - seen.at, 0.0, now)

    @contextmanager
    def renewing(self, seen_generation: int) -> Iterator[PostgresRenewal]:
        """Take the lock across all processes; the sign-in happens inside, with no transaction open.

        The renewal is not needed when the stored generation is another than the one seen. Raises ConnectionStopped when the
        connection is stopped, also if that happened while waiting, and TryLater after 180 s of waiting.
        """
        with self._sign_in, self._engine.connect() as pooled:
            connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
            self._lock(connection)
            try:
                with self._mutex:
                    self._look(connection)
                    found = self._seen
                yield PostgresRenewal(self, connection, found, seen_generation)
            finally:
                self._unlock(connection)

    def refused(self, reason: str) -> None:
        """Count a refused sign-in. The second since the last good one stops the connection and raises one alert.

        reason: for people; without secrets.
        """
        with self._engine.begin() as connection:
            count_refusal(connection, self._integration, self._name, reason, self._refusals_max)
        with self._mutex:
            self._looked_at = float("-inf")

    def _look(self, connection: sa.Connection) -> None:
        """Read session and state into `_seen`; the caller holds the mutex."""
        now = sa.func.clock_timestamp()
        row = connection.execute(
            sa.select(
                session.c.generation,
                session.c.ciphertext,
                sa.extract("epoch", now - session.c.stored_at).label("age_s"),
                sa.extract("epoch", now - session.c.used_at).label("idle_s"),
                connection_state.c.stopped_at,
                connection_state.c.reason,
            )
            .select_from(sa.select(sa.literal(self._name).label("name")).subquery("wanted"))
            .outerjoin(session, session.c.name == self._name)
            .outerjoin(connection_state, connection_state.c.name == self._name)
        ).one()
        if row.stopped_at is not None:
            self._seen, self._looked_at = None, float("-inf")
            raise ConnectionStopped(
                f"connection {self._name!r} is stopped since {row.stopped_at:%Y-%m-%d %H:%M} UTC: {row.reason}",
                f"Run `mlconn credentials set {self._name}`, or `mlconn connection resume {self._name}` if nothing was wrong.",
            )
        self._seen, self._looked_at = None, time.monotonic()
        if row.ciphertext is None:
            return
        try:
            values = self._vault.decrypt(row.ciphertext, f"session {self._name!r}")
        except VaultError:
            return  # left by another key: a cached session is worth no more than a sign-in
        self._seen = _Seen(row.generation, values, float(row.age_s), float(row.idle_s), time.monotonic())

    def _store(self, connection: sa.Connection, values: Mapping[str, str]) -> Token:
        ciphertext = self._vault.encrypt(values)
        now = sa.func.clock_timestamp()
        fresh = {"ciphertext": ciphertext, "stored_at": now, "used_at": now}
        generation = connection.execute(
            insert(session)
            .values(name=self._name, generation=1, **fresh)
            .on_conflict_do_update(index_elements=["name"], set_={**fresh, "generation": session.c.generation + 1})
            .returning(session.c.generation)
        ).scalar_one()
        clear_refusals(connection, self._name)
        with self._mutex:
            self._seen = _Seen(generation, dict(values), 0.0, 0.0, time.monotonic())
            self._looked_at = time.monotonic()
            return self._seen.token()

    def _lock(self, connection: sa.Connection) -> None:
        connection.execute(sa.text(f"SET lock_timeout = '{SIGN_IN_WAIT_MAX_S}s'"))
        try:
            connection.execute(_lock_call("pg_advisory_lock", self._name))
        except DatabaseUnavailable as waited:
            if waited.sqlstate != LOCKED:
                raise
            raise TryLater(
                f"another process has been signing in to {self._name!r} for over {SIGN_IN_WAIT_MAX_S} s",
                "The next run tries again.",
            ) from waited
        finally:
            connection.execute(sa.text("RESET lock_timeout"))

    def _unlock(self, connection: sa.Connection) -> None:
        try:
            connection.execute(_lock_call("pg_advisory_unlock", self._name))
        except (sa.exc.DBAPIError, DatabaseUnavailable):
            connection.invalidate()  # closed for good, which frees the lock too


class PostgresRenewal:
    """The right to sign in, while the lock is held. Implements `ports.connections.Renewal`."""

    def __init__(
        self, store: PostgresSessionStore, connection: sa.Connection, found: _Seen | None, seen_generation: int
    ) -> None:
        self._store = store
        self._connection = connection
        self._found = found
        self.needed = found is None or found.generation == seen_generation

    @property
    def token(self) -> Token | None:
        """The stored session; after `store`, the new one."""
        return self._found.token() if self._found is not None else None

    def store(self, values: Mapping[str, str]) -> Token:
        """Keep a new session for everyone and forget earlier refusals."""
        token = self._store._store(self._connection, values)
        self._found = _Seen(token.generation, token.values, 0.0, 0.0, time.monotonic())
        self.needed = False
        return token


def _lock_call(function: str, name: str) -> sa.Select[tuple[object]]:
    return sa.select(getattr(sa.func, function)(sa.func.hashtextextended(f"mlconn session {name}", 0)))
