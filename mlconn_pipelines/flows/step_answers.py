"""What a step's acts drew, taken together: whether an error is about its document, and whether the connection is in trouble."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

from mlconn_pipelines.errors import OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import FailedAct
from mlconn_pipelines.flows.tally import Tally

IN_A_ROW_MAX = 5
"""So many acts that failed one after the other, with none in between that was answered, end a step: the rest stay ready."""


@dataclass(slots=True)
class StepAnswers:
    """Safe across threads. answered: systems that took or refused something; `erp`, `folder`, or an endpoint's address."""

    answered: set[str] = field(default_factory=set)
    _failed: list[tuple[str, str, Retryable | OutcomeUnknown]] = field(default_factory=list)
    _tried: Counter[str] = field(default_factory=Counter)
    _in_a_row: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def took(self, system: str) -> None:
        """It stored something, or refused it in its own words: it is there, and works."""
        with self._lock:
            self.answered.add(system)
            self._tried[system] += 1
            self._in_a_row[system] = 0

    def failed(self, system: str, claim_id: str, trouble: Retryable | OutcomeUnknown, tally: Tally, ours: bool = False) -> None:
        """claim_id: empty where nothing was claimed yet. After a number of failures in a row the step is stopped.

        ours: our own code tripped, which says nothing of the connection.
        """
        with self._lock:
            self._tried[system] += 1
            self._in_a_row[system] += not ours
            if claim_id and trouble.answered:
                self._failed.append((system, claim_id, trouble))
            in_a_row = self._in_a_row[system]
        if in_a_row >= IN_A_ROW_MAX:
            tally.stop(f"{in_a_row} requests in a row failed, the last one: {trouble}. The other documents stay ready.")

    def failures(self) -> list[FailedAct]:
        """Errors that may be about their documents. Alone is one that nothing can be compared with: it was the only act."""
        return [
            FailedAct(
                claim_id=claim_id,
                alone=self._tried[system] == 1 and trouble.answered == "system",
                looked_for=isinstance(trouble, OutcomeUnknown),
            )
            for system, claim_id, trouble in self._failed
        ]
