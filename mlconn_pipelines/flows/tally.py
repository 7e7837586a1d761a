"""What a step did, counted; added up over steps and shown as materialization metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from mlconn_pipelines.documents.lifecycle import State


@dataclass(slots=True)
class Tally:
    """counts: what happened, by word (`new`, `ready`, `sent` ...). problems: sentences for people, in order.

    folders: destinations that took something. stopped: why the step ended early, empty when it did not. Safe across threads.
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    folders: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    stopped: str = ""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, what: str | State, count: int = 1) -> None:
        """Count something that happened."""
        if count:
            with self._lock:
                self.counts[str(what)] += count

    def add_states(self, states: Mapping[State, int]) -> None:
        for state, count in states.items():
            self.add(state, count)

    def delivered(self, destination: str, size: int) -> None:
        with self._lock:
            self.folders[destination] += 1
            self.bytes += size

    def problem(self, sentence: str) -> None:
        with self._lock:
            self.problems.append(sentence)

    def stop(self, why: str) -> None:
        with self._lock:
            self.stopped = self.stopped or why

    def __getitem__(self, what: str | State) -> int:
        return self.counts[str(what)]

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Tally:
        """Several steps as one."""
        total = cls()
        for tally in tallies:
            total.counts.update(tally.counts)
            total.folders.update(tally.folders)
            total.problems.extend(tally.problems)
            total.bytes += tally.bytes
            total.stopped = total.stopped or tally.stopped
        return total
