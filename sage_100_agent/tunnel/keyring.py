"""The agent's own key, and the one that follows it each 30 days. At no moment does the disk lack the key that the platform takes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Protocol

from sage_100_agent.tunnel.client import HelloFirst, NotKnown, Tunnel, Unreachable
from sage_100_agent.tunnel.statements import Signer, new_private

ROTATE_AFTER_S = 30 * 86_400
AGAIN_AFTER_S = 3_600
"""The platform takes the present key for seven more days, so there is time."""


@dataclass(frozen=True, repr=False)
class Keys:
    """Private keys, of 32 bytes. made_at: of the present one, in the platform's time.

    following: made, and perhaps known to the platform already. before: kept for a platform whose database was put back.
    """

    present: bytes
    made_at: int
    following: bytes = b""
    before: bytes = b""


class KeyStore(Protocol):
    def read(self) -> Keys: ...

    def write(self, keys: Keys) -> None:
        """All of it or nothing, and on the disk when it returns."""
        ...


class Keyring:
    """A key is made, kept, told to the platform, used, and becomes the present one when the platform has taken an envelope of it.

    Used by both threads of the service.
    """

    def __init__(self, store: KeyStore, tunnel: Tunnel) -> None:
        self._store, self._tunnel = store, tunnel
        self._keys = store.read()
        self._lock = threading.Lock()
        self._again_at = 0.0
        self._refused: set[str] = set()
        self._use(self._keys.present)

    def rotate(self, at_once: bool = False) -> None:
        """Where that is due, or somebody wants it. What fails is tried again in an hour. Errors: Stopped."""
        with self._lock:
            now, keys = self._tunnel.now(), self._keys
            is_due = keys.following or now - keys.made_at >= ROTATE_AFTER_S
            if not (at_once or (is_due and now >= self._again_at)) or self._in_use != keys.present:
                return
            self._again_at = now + AGAIN_AFTER_S
            if not keys.following:
                keys = self._keep(replace(keys, following=new_private()))
        try:
            self._tunnel.rotate(Signer(keys.following))
        except (Unreachable, HelloFirst):
            return
        with self._lock:
            self._use(keys.following)

    def try_another(self, not_known: NotKnown) -> bool:
        """The platform does not know the key in use: it has taken the next one, or has forgotten it. False: all were tried."""
        with self._lock:
            if not_known.key_id != self._signer.key_id:
                return True  # the other thread was told so before
            self._refused.add(not_known.key_id)
            keys = self._keys
            for private in filter(None, (keys.following, keys.present, keys.before)):
                if Signer(private).key_id not in self._refused:
                    self._use(private)
                    return True
            self._refused.clear()
            return False

    def works(self) -> None:
        """The platform has taken an envelope: the key that has signed it is the present one from now on."""
        with self._lock:
            if self._tunnel.taken_of != self._signer.key_id:
                return
            self._refused.clear()
            keys = self._keys
            if self._in_use == keys.following:
                self._keep(Keys(keys.following, int(self._tunnel.now()), before=keys.present))
            elif self._in_use == keys.before:
                self._keep(Keys(keys.before, 0, keys.following, keys.present))

    def _use(self, private: bytes) -> None:
        self._in_use, self._signer = private, Signer(private)
        self._tunnel.use(self._signer)

    def _keep(self, keys: Keys) -> Keys:
        self._store.write(keys)
        self._keys = keys
        return keys
