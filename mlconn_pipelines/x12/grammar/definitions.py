"""The shapes that grammar files describe."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Element:
    """kind: AN, ID, N0 to N9, R, DT or TM. shortest, longest: characters; digits only in numbers."""

    id: str
    kind: str
    shortest: int
    longest: int
    name: str

    @property
    def implied_decimals(self) -> int | None:
        """How many of the last digits stand behind a point that is not written (`N2`: 2); None of what is no such number."""
        return int(self.kind[1]) if self.kind[0] == "N" else None


@dataclass(frozen=True, slots=True)
class ElementUse:
    """An element, or a composite (`C040`), at its place in a segment or composite."""

    id: str
    mandatory: bool
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Relation:
    """kind: P all or none, R at least one, E at most one, C if the first then all others, L if the first then one other.

    confirmed: False where no source states it; then it is reported and never refused.
    """

    kind: str
    positions: tuple[int, ...]
    confirmed: bool = True

    def is_broken(self, present: list[bool]) -> bool:
        """present: by position from 0 for the first; what lies beyond its end is absent."""
        there = [position <= len(present) and present[position - 1] for position in self.positions]
        match self.kind:
            case "P":
                return any(there) and not all(there)
            case "R":
                return not any(there)
            case "E":
                return sum(there) > 1
            case "C":
                return there[0] and not all(there)
            case _:
                return there[0] and not any(there[1:])


@dataclass(frozen=True, slots=True)
class SegmentDefinition:
    """The elements of a segment or composite in order, and what they demand of each other."""

    id: str
    elements: tuple[ElementUse, ...]
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeList:
    """is_closed: False where partners use codes beyond it, which is then reported and never refused."""

    codes: frozenset[str]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One place of a set. A loop is a node whose segment opens it; `members` are what may follow within it.

    index: position in `SetDefinition.nodes`. parent: index of the loop it stands in, -1 at the top. use_max: None = no limit,
    of the segment, or for a loop of its repeats.
    """

    index: int
    segment: str
    mandatory: bool
    use_max: int | None
    parent: int
    is_loop: bool
    members: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SetDefinition:
    """top: the nodes outside every loop, in order, from ST to SE."""

    release: str
    set_id: str
    nodes: tuple[Node, ...]
    top: tuple[int, ...]
    segment_ids: frozenset[str]
