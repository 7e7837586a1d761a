"""What can go wrong with calls into the host, armed by a part of `OBJECT.MEMBER`, a count and a text of the document."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

NAMES = ("raise", "raise_after", "hang", "hang_after", "die", "die_after", "empty", "none", "unfilled")
"""raise: the call raises; after: it took effect first. hang: it does not return until it is let go, or its host is ended. die: the host
ends. empty, none: it takes effect and returns an empty text, or nothing.
unfilled: it takes effect, and its arguments by reference stay empty."""


@dataclass(eq=False)
class BoiFault:
    """left: how often it still strikes, None without end. skip: so many fitting calls pass first. holding: text of the document."""

    name: str
    member: str = ""
    left: int | None = 1
    skip: int = 0
    holding: str = ""
    text: str = "<Error: 15 in Method NWRITE>"
    rate: float = 1.0
    dice: random.Random = field(default_factory=lambda: random.Random(1), repr=False)
    let_go: threading.Event = field(default_factory=threading.Event, repr=False)
    struck: threading.Event = field(default_factory=threading.Event, repr=False)


class BoiFaults:
    def __init__(self) -> None:
        self.given: Counter[str] = Counter()
        self._armed: list[BoiFault] = []
        self._lock = threading.Lock()

    def arm(
        self, name: str, member: str = "", count: int | None = 1, *, skip: int = 0, holding: str = "", rate: float = 1.0, seed: int = 1,
        text: str = "<Error: 15 in Method NWRITE>",
    ) -> BoiFault:  # fmt: skip
        """member: part of `PO_PurchaseOrder_bus.nWrite`, whatever its case. rate: the chance of each fitting call, by `seed`.

        Errors: ValueError for a name that is none.
        """
        if name not in NAMES:
            raise ValueError(f"No fault is called {name!r}. Known are: {', '.join(NAMES)}")
        fault = BoiFault(name, member, count, skip, holding, text, rate, random.Random(seed))
        with self._lock:
            self._armed.append(fault)
        return fault

    def disarm(self) -> None:
        """Take all faults off, and let go of what hangs."""
        with self._lock:
            for fault in self._armed:
                fault.let_go.set()
            self._armed.clear()

    def take(self, member: str, document: str) -> BoiFault | None:
        """The fault that strikes this call now, used up by one."""
        with self._lock:
            for fault in self._armed:
                if fault.member.lower() not in member.lower() or fault.holding not in document:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.dice.random() >= fault.rate:
                    continue
                if fault.left is not None:
                    fault.left -= 1
                    if fault.left <= 0:
                        self._armed.remove(fault)
                self.given[fault.name] += 1
                fault.struck.set()
                return fault
        return None
