"""The fault menu: what can go wrong with a simulated system's answers, armed by name, path and count; and its rate limit."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.middleware import Middleware

from mlconn_simulators.faults_middleware import BUILT_IN, FaultMiddleware
from mlconn_simulators.lies import EMPTY_LIST
from mlconn_simulators.paths import path_template
from mlconn_simulators.rate_limit import RateLimit

StateOf = Callable[[Mapping[str, str]], dict[str, Any]]
ErrorBody = Callable[[int, str], bytes]

COMMITS_WITHIN_S = 6.0
"""How late after its arrival a simulated server still carries out a request."""


@dataclass(eq=False)
class Fault:
    """One armed fault. left: how often it still strikes, None without end. skip: so many matching requests pass first.

    holding: a text that the body must have, so that one document draws the fault and others do not.

    let_go: set, requests that are held back by a `slow` go on at once.
    """

    name: str
    path: str = ""
    left: int | None = 1
    method: str = ""
    skip: int = 0
    holding: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(1), repr=False)
    let_go: threading.Event = field(default_factory=threading.Event, repr=False)

    def matches(self, path: str, method: str = "", body: bytes = b"") -> bool:
        """path: a substring of the decoded path with its query string, its end where it ends with `$`. method: empty fits all."""
        named = path.endswith(self.path[:-1]) if self.path.endswith("$") else self.path in path
        asked = (not self.method or not method or self.method == method.upper()) and named
        return asked and self.holding.encode() in body

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "path": self.path,
            "method": self.method,
            "left": self.left,
            "skip": self.skip,
        } | self.options


def plain_error_body(status: int, message: str) -> bytes:
    """The error body of a system without a form of its own."""
    return json.dumps({"error": {"code": str(status), "message": message}}).encode()


class FaultMenu:
    """Which faults strike which requests, and what was asked so far.

    names: further faults that the server itself looks for with `take`. template: a path with its keys left out, so that
    requests are counted and limited by kind (`/b1s/v2/Invoices({})`). rate_limit: requests a second for each method and path
    template, None for no limit; as many may come at once after a quiet second. retry_after: 429s tell how long to wait.
    error_body: the bytes of an error answer in the system's own form, from status and message. commits_within_s: the server's own
    limit; a request that is `slow` beyond it is dropped, so that what is not there after it will never be. empty_list: a collection
    without entries, in the system's form. answers: the last good answer of each kind, kept from the first `200_duplicate` on, which
    tells it again (with `skip`, so that there is one).
    """

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        template: Callable[[str], str] = path_template,
        rate_limit: float | None = None,
        retry_after: bool = True,
        error_body: ErrorBody = plain_error_body,
        commits_within_s: float = COMMITS_WITHIN_S,
        empty_list: Mapping[str, Any] = EMPTY_LIST,
    ) -> None:
        self.names = frozenset((*BUILT_IN, *names))
        self.template = template
        self.limit = RateLimit(rate_limit)
        self.retry_after = retry_after
        self.error_body = error_body
        self.commits_within_s = commits_within_s
        self.empty_list = empty_list
        self.answers: dict[str, bytes] | None = None
        self.requests: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.rate_limited = 0
        self._armed: list[Fault] = []
        self._lock = threading.RLock()

    def arm(
        self,
        name: str,
        path: str = "",
        count: int | None = 1,
        *,
        method: str = "",
        skip: int = 0,
        holding: str = "",
        **options: Any,
    ) -> Fault:
        """Arm a fault for the next `count` requests (None: all) whose path with query contains `path`.

        Options: `slow`, `slow_after`: seconds (5.0). `slow` reads the whole request, waits (or until the fault is let go), then carries it
        out, whether or not its client is still there; `slow_after` carries it out at once and answers late.
        `429`: retry_after (seconds, or None to leave the header out); the other statuses send that header only where it is given.
        `random`: rate (0.05), seed, names (a list of other faults); strikes each matching request with that chance.
        Errors: ValueError for a name that this system does not know.
        """
        if name == "random":
            options = {"rate": 0.05, "seed": 1, "names": ["500", "503", "cut_before"]} | options
            count = None if count == 1 else count
        names: list[str] = list(options["names"]) if name == "random" else [name]
        for each in names:
            self._known(each)
        fault = Fault(name, path, count, method.upper(), skip, holding, options, random.Random(options.get("seed", 1)))
        with self._lock:
            self._armed.append(fault)
            if self.answers is None and any(each.startswith("200_duplicate") for each in names):
                self.answers = {}
        return fault

    def _known(self, name: str) -> None:
        if name not in self.names:
            raise ValueError(f"No fault is called {name!r}. Known are: {', '.join(sorted(self.names))}, random")

    def disarm(self, fault: Fault | None = None) -> None:
        """Take one fault off the menu, or all of them."""
        with self._lock:
            if fault is None:
                self._armed.clear()
            else:
                with contextlib.suppress(ValueError):
                    self._armed.remove(fault)

    def armed(self) -> list[Fault]:
        """The faults that still may strike."""
        with self._lock:
            return list(self._armed)

    def take(self, name: str, path: str = "", method: str = "") -> Fault | None:
        """The armed fault of this name that strikes a request to `path` now, used up by one; None if there is none."""
        if not self._armed:
            return None
        with self._lock:
            for fault in self._armed:
                if fault.name == name and fault.matches(path, method) and self._strikes(fault):
                    return fault
        return None

    @property
    def reads_bodies(self) -> bool:
        """Whether some fault strikes by what a request holds."""
        return any(fault.holding for fault in self.armed()) if self._armed else False

    def take_any(self, path: str, method: str, body: bytes = b"") -> Fault | None:
        """The first built-in or random fault that strikes this request; the servers' own faults are left to them."""
        if not self._armed:
            return None
        with self._lock:
            for fault in list(self._armed):
                if fault.name in BUILT_IN:
                    if fault.matches(path, method, body) and self._strikes(fault):
                        return fault
                elif fault.name == "random" and fault.matches(path, method, body) and (struck := self._roll(fault, path)):
                    return struck
        return None

    def _strikes(self, fault: Fault) -> bool:
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._armed.remove(fault)
        self.given[fault.name] += 1
        return True

    def _roll(self, fault: Fault, path: str) -> Fault | None:
        if fault.dice.random() >= fault.options["rate"] or not self._strikes(fault):
            return None
        name = fault.dice.choice(list(fault.options["names"]))
        struck = Fault(name, path, 1, options={k: v for k, v in fault.options.items() if k not in ("rate", "seed", "names")})
        if name in BUILT_IN:
            self.given[name] += 1
        else:  # one of the server's own: it strikes while this very request is handled, or not at all
            self._armed.append(struck)
        return struck

    def middleware(self, state: StateOf, acts: Mapping[str, Callable[..., Any]] | None = None) -> Middleware:
        """Starlette middleware with the faults, the counts, the rate limit and `/_sandbox/state` and `/_sandbox/faults`.

        state: makes what `GET /_sandbox/state` answers, from the query's parameters. acts: what `POST /_sandbox/NAME` does,
        called with the members of the posted JSON object; its answer is JSON.
        """
        return Middleware(FaultMiddleware, menu=self, state=state, acts=acts or {})

    def counts(self) -> dict[str, Any]:
        """requests: by method and path template. rate_limited: 429s given, armed ones included. faults: given, by name."""
        return {
            "requests": dict(sorted(self.requests.items())),
            "rate_limited": self.rate_limited,
            "faults": dict(sorted(self.given.items())),
        }
