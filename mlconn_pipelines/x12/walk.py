"""Which place of a set each segment takes: steps from place to place, worked out when first needed and then remembered."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from mlconn_pipelines.x12.grammar.definitions import Node, SetDefinition
from mlconn_pipelines.x12.grammar.loading import release, set_definition
from mlconn_pipelines.x12.patterns import SegmentPattern
from mlconn_pipelines.x12.separators import Separators

_COMPILED_AFTER = 20  # segments of a kind
HEAD = 3
"""As long as the longest segment ids; two-letter ids have their element separator behind them, which no other id has."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one place to the next. is_repeat: the place is the same, or the same loop once more.

    use_max: how often it may be taken in a row, 0 = without limit. missing: mandatory places that were passed over.
    pattern: of the segment that takes the place.
    """

    target: int
    is_repeat: bool
    use_max: int
    missing: tuple[int, ...]
    pattern: SegmentPattern
    id: str


class Walk:
    """The grammar of one set ready to be walked, for one choice of separators.

    `steps[place][head]` is the fast way, head being the first three characters of a segment (`PO1`, `N1*`). It knows the steps
    that were taken before; what it finds for a segment that proves to be clean is right, else the id must be looked at.
    """

    def __init__(self, definition: SetDefinition, separators: Separators) -> None:
        self.definition, self.separators = definition, separators
        self.steps: list[dict[str, Step]] = [{} for _ in definition.nodes]
        self._patterns: dict[str, SegmentPattern] = {}
        self._release = release(definition.release)

    def step(self, place: int, segment_id: str, beyond: bool = False) -> Step | None:
        """Where a segment goes from a place, None where it cannot stand there. beyond: not the same place once more."""
        if not beyond and (known := self.steps[place].get(segment_id)) is not None:
            return known
        if segment_id not in self.definition.segment_ids:
            return None
        found = self._search(place, segment_id, beyond)
        if found is None:
            return None
        target, is_repeat, missing = found
        made = Step(
            target,
            is_repeat,
            self.definition.nodes[target].use_max or 0,
            tuple(missing),
            self.pattern(segment_id),
            segment_id,
        )
        if not beyond:
            self.steps[place][segment_id] = self.steps[place][(segment_id + self.separators.element)[:HEAD]] = made
        return made

    def pattern(self, segment_id: str) -> SegmentPattern:
        """The fast check of a segment."""
        if segment_id not in self._patterns:
            definition = self._release.segments[segment_id]
            self._patterns[segment_id] = SegmentPattern(definition, self._release, self.separators, _COMPILED_AFTER)
        return self._patterns[segment_id]

    def _search(self, place: int, segment_id: str, beyond: bool) -> tuple[int, bool, list[int]] | None:
        """Greedily from the deepest open loop outwards: the same place, what follows in the loop, the loop again, outside."""
        nodes = self.definition.nodes
        here = nodes[place]
        missing: list[int] = []
        if here.is_loop:
            members, start = here.members, 0
            loop: Node | None = here
        else:
            if here.segment == segment_id and not beyond:
                return place, True, []
            loop = nodes[here.parent] if here.parent >= 0 else None
            members = loop.members if loop else self.definition.top
            start = members.index(place) + 1
        while True:
            for index in members[start:]:
                if nodes[index].segment == segment_id:
                    return index, False, missing
                if nodes[index].mandatory:
                    missing.append(index)
            if loop is None:
                return None
            if loop.segment == segment_id and not (beyond and loop.index == place):
                return loop.index, True, missing
            place = loop.index
            loop = nodes[loop.parent] if loop.parent >= 0 else None
            members = loop.members if loop else self.definition.top
            start = members.index(place) + 1

    def loop_of(self, place: int) -> str:
        """The id of the loop that a place stands in, empty outside of loops."""
        node = self.definition.nodes[place]
        if node.is_loop:
            return node.segment
        return self.definition.nodes[node.parent].segment if node.parent >= 0 else ""


@functools.lru_cache(maxsize=256)
def walk_of(release_name: str, set_id: str, separators: Separators) -> Walk | None:
    """The walk of a set, compiled once for each choice of separators. None: no grammar for it."""
    definition = set_definition(release_name, set_id)
    return None if definition is None else Walk(definition, separators)
