"""A session shared by all runs: kept until it runs out or is refused, renewed under a lock, never signed out."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Protocol

from mlconn_pipelines.errors import CredentialRefused, VaultError
from mlconn_pipelines.ports.connections import SessionStore, Token

LOOKED_UP_S = 5.0
"""How long a process goes on with a session before it looks at the shared store again."""

TOKEN_RENEWED_EARLY_S = 60.0
"""A token is renewed this long before it runs out, where the server says when that is."""


class SignIn(Protocol):
    """One system's way to get a session, and how requests carry it."""

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        """The values of a new session; one try. previous: the session that it replaces. Errors: CredentialRefused, Retryable."""
        ...

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """What a request carries to be let in."""
        ...

    def is_old(self, token: Token) -> bool:
        """Whether the server has forgotten it by now, or is about to."""
        ...


class SharedSession:
    """The session that requests use. Safe to use from several threads and processes: the store holds the lock.

    A refused sign-in is counted by the store, which stops the connection after the second; nothing here tries in a loop.
    """

    def __init__(self, store: SessionStore, way: SignIn) -> None:
        self._store, self._way = store, way
        self._lock = threading.Lock()
        self._known: tuple[Token, float] | None = None

    def token(self) -> Token:
        """A session that the server should still know. Errors: CredentialRefused, ConnectionStopped, Retryable."""
        with self._lock:
            if self._known is not None and time.monotonic() - self._known[1] < LOOKED_UP_S:
                return self._known[0]
        token = self._store.current()
        if token is None or self._way.is_old(token):
            return self.renew(token.generation if token else 0)
        self._store.used()
        return self._remember(token)

    def renew(self, seen_generation: int) -> Token:
        """A session newer than the one seen, by signing in unless someone else has meanwhile. Errors: as `token`."""
        with self._store.renewing(seen_generation) as renewal:
            if not renewal.needed and renewal.token is not None:
                return self._remember(renewal.token)
            previous = self._store.current()  # raises for whoever waited while the last allowed try was refused
            try:
                values = self._way.sign_in(previous)
            except CredentialRefused as refused:
                self._store.refused(refused.what)
                raise
            return self._remember(renewal.store(values))

    def headers(self, token: Token) -> Mapping[str, str]:
        """What a request carries to be let in."""
        return self._way.headers(token.values)

    def _remember(self, token: Token) -> Token:
        with self._lock:
            if self._known is None or self._known[0].generation <= token.generation:
                self._known = (token, time.monotonic())
        return token


def outlived(token: Token) -> bool:
    """Whether a token with `expires_in` seconds is about to run out; one without it is used until it is refused."""
    try:
        lifetime_s = float(token.values["expires_in"])
    except (KeyError, ValueError):
        return False
    return token.age_s > lifetime_s - min(TOKEN_RENEWED_EARLY_S, lifetime_s / 2)


def needed_of(entry: Mapping[str, str], name: str, credential: str) -> str:
    """A value of a vault entry. Errors: VaultError when the entry lacks it."""
    if not entry.get(name):
        fields = " --field client_id --field client_secret" if name.startswith("client_") else ""
        raise VaultError(
            f"Vault entry {credential!r} has no {name}", hint=f"Store it with `mlconn credentials set {credential}{fields}`."
        )
    return entry[name]
