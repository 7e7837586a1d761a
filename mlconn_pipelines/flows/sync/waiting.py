"""Documents on hold that wait for something outside, and go on by themselves once it is there: a customer's code at an account."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason


@dataclass(slots=True)
class Waits:
    """What a flow's held documents wait for.

    reason: of the hold. key: what the held record waits for, empty for nothing. there: which of such keys are there by now.
    every_s: how often a sensor asks for it.
    """

    reason: Reason
    key: Callable[[Record], str]
    there: Callable[[Sequence[str]], Collection[str]]
    every_s: float
    looked_at: float = -math.inf

    def over(self, engine: Engine, flow: str, at_once: bool) -> list[DocumentRow]:
        """Documents whose wait is over. at_once: asked however short ago the last look was."""
        now = time.monotonic()
        if not at_once and now - self.looked_at < self.every_s:
            return []
        self.looked_at = now
        rows = engine.queue.documents(engine.name, flow, (State.ON_HOLD,), due_only=False)
        waiting = [(row, key) for row in rows if row.reason_code == self.reason and row.raw and (key := self.key(row.raw))]
        there = self.there(sorted({key for _, key in waiting})) if waiting else ()
        return [row for row, key in waiting if key in there]
