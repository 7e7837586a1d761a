"""Secrets shared with senders, read from the vault and kept for half a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from mlconn_pipelines.config.events import SECRET_FIELD, SECRET_MAX, SECRET_MIN
from mlconn_pipelines.errors import VaultError
from mlconn_pipelines.gateway.verification import usable
from mlconn_pipelines.ports.connections import Credentials

KEPT_S = 30.0


@dataclass(frozen=True, slots=True)
class _Kept:
    secret: str
    read_at: float

    def __repr__(self) -> str:
        return "_Kept(…)"


class SharedSecrets:
    """A changed vault entry counts half a minute later. While the vault gives no answer, the last value holds."""

    def __init__(self, credentials: Credentials, clock: Callable[[], float] = time.monotonic) -> None:
        self._credentials, self._clock = credentials, clock
        self._kept: dict[str, _Kept] = {}
        self._reading = asyncio.Lock()

    async def of(self, name: str) -> str:
        """The entry's secret. Errors: VaultError without such an entry, or for one that is too short or too long."""
        if self._fresh(name) is None:
            async with self._reading:
                if self._fresh(name) is None:
                    await self._read(name)
        return self._kept[name].secret

    def _fresh(self, name: str) -> _Kept | None:
        kept = self._kept.get(name)
        return kept if kept is not None and self._clock() - kept.read_at < KEPT_S else None

    async def _read(self, name: str) -> None:
        try:
            secret = (await asyncio.to_thread(self._credentials.credential, name)).get(SECRET_FIELD, "")
        except VaultError:
            self._kept.pop(name, None)  # removed by a person: whoever knew it is a stranger now
            raise
        except Exception:
            if name not in self._kept:
                raise
            secret = self._kept[name].secret
        if not usable(secret):
            self._kept.pop(name, None)
            raise VaultError(
                f"credential {name!r} has no `{SECRET_FIELD}` of {SECRET_MIN} to {SECRET_MAX} characters",
                f"Run `mlconn credentials set {name} --field {SECRET_FIELD}`; `openssl rand -hex 24` makes a good one.",
            )
        self._kept[name] = _Kept(secret, self._clock())
