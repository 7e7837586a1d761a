"""The tree of an 856 or 870: who stands under whom, by HL02, and by the order of the levels where HL02 does not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.segment_writing import OutSegment

_RANK: Mapping[str, int] = {"S": 0, "O": 1, "T": 2, "P": 3, "I": 4}
_RANK_OTHER = 2


@dataclass(slots=True, eq=False)
class Level:
    """One HL with the segments that follow it. index: position of the HL in the set's segments, from 0.

    id, parent_id: HL01, HL02. code: HL03 (`S`, `O`, `T`, `P`, `I`). parent: None at the top.
    fault: why HL02 was of no use, empty where it was. is_parent_named: the fault is that HL02 names what is not there.
    """

    id: str
    parent_id: str
    code: str
    index: int
    segments: list[Segment] = field(default_factory=list)
    parent: Level | None = None
    fault: str = ""
    is_parent_named: bool = False

    def ancestors(self) -> Iterator[Level]:
        """The levels above, nearest first."""
        level = self.parent
        while level is not None:
            yield level
            level = level.parent


def levels_of(segments: Sequence[Segment]) -> list[Level]:
    """Every HL in order, with its parent found. `fault` says where HL02 was of no use and the order of levels decided."""
    levels: list[Level] = []
    for index, segment in enumerate(segments):
        if segment[0] == "HL":
            id_, parent_id, code = (*segment[1:4], "", "", "")[:3]
            levels.append(Level(id_.strip(), parent_id.strip(), code.strip(), index))
        elif levels and segment[0] not in ("CTT", "SE"):
            levels[-1].segments.append(segment)
    by_id: dict[str, Level] = {}
    previous: list[Level] = []
    for level in levels:
        named = by_id.get(level.parent_id) if level.parent_id else None
        if named is not None:
            level.parent = named
        else:
            level.parent = _by_order(level, previous)
            if level.parent_id:
                level.fault = f"HL02 names the level {level.parent_id!r}, which was not opened before"
                level.is_parent_named = True
            elif level.parent is not None and level.code != "S":
                level.fault = f"HL02 is empty, although this is a level {level.code!r}"
        if level.id and level.id not in by_id:
            by_id[level.id] = level
        previous.append(level)
    return levels


def _by_order(level: Level, previous: Sequence[Level]) -> Level | None:
    rank = _RANK.get(level.code, _RANK_OTHER)
    return next((other for other in reversed(previous) if _RANK.get(other.code, _RANK_OTHER) < rank), None)


class LevelNumbers:
    """Numbers the levels of a set that is written, from 1."""

    def __init__(self) -> None:
        self.count = 0

    def start(self, code: str, parent: OutSegment | None) -> OutSegment:
        """The HL of the next level."""
        self.count += 1
        return ("HL", str(self.count), "" if parent is None else parent[1], code)
