"""Addresses that a simulated system calls when something happens: one POST for each event, on a thread of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlconn_simulators.callback import post
from mlconn_simulators.odata.json_text import dumps
from mlconn_simulators.timetable import Timetable

RETRIES = 3


@dataclass(frozen=True)
class Hook:
    """One address. about: what it wants to be told of, empty for everything. headers: sent with each call."""

    url: str
    about: frozenset[str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Hooks:
    """All addresses of one system. sent: every call with its answer. retry_s: between the tries of one call.

    known: what may be told of. An answer that is no success is tried again three times and then given up.
    """

    def __init__(self, name: str, known: Iterable[str], *, retry_s: float = 1.0) -> None:
        self.retry_s = retry_s
        self.sent: list[dict[str, Any]] = []
        self.work = Timetable(name)
        self._known = frozenset(known)
        self._hooks: list[Hook] = []
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self.work.close()

    def add(
        self,
        url: str,
        about: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Call there from now on. Errors: ValueError for something that there is not."""
        wanted = frozenset(about)
        if unknown := wanted - self._known:
            raise ValueError(f"nothing is told of {', '.join(sorted(unknown))}; there are {', '.join(sorted(self._known))}")
        self._hooks.append(Hook(url, wanted, dict(headers or {})))
        return {"url": url, "about": sorted(wanted)}

    def tell(self, about: str, message: Mapping[str, Any]) -> None:
        """Something happened; the caller does not wait for the calls."""
        for hook in list(self._hooks):
            if not hook.about or about in hook.about:
                # Numbered, so that no two events have the same body, and a repeated call has.
                body = dumps({"number": next(self._numbers), **message}).encode()
                self.work.after(0.0, lambda to=hook, what=body: self._call(to, what, 0))  # type: ignore[misc]

    def _call(self, hook: Hook, body: bytes, tried: int) -> None:
        headers = {"Content-Type": "application/json", **hook.headers}
        answer = post(hook.url, body, headers)
        self.sent.append({"url": hook.url, "status": answer.status, "tried": tried, "body": body.decode()})
        if not answer.accepted and tried < RETRIES:
            self.work.after(self.retry_s, lambda: self._call(hook, body, tried + 1))
