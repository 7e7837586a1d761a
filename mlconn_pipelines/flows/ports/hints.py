"""Hints: somebody outside says that there is something to look at. They only make polling faster; losing one costs time only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """Where to look. source: who said so. place: an entity or a folder, for people; never business data.

    key: tells one hint of the flow from the others. once: the key names one event for good, so that a repetition is never news;
    without it a repetition counts again once a run has begun after the first one.
    """

    integration: str
    flow: str
    source: str
    place: str
    key: str
    once: bool = True


@dataclass(frozen=True, slots=True)
class WaitingHints:
    """Hints of one flow that no run has begun after. places: the first few, each once."""

    flow: str
    count: int
    places: Sequence[str]

    def words(self) -> str:
        """As a reason to start a run."""
        return (
            f"{self.count} {'hint says' if self.count == 1 else 'hints say'} that something changed: {', '.join(self.places)}."
        )
