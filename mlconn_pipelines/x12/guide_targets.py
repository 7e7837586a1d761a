"""What a rule of a guide is about: an element, a segment, or those of one qualifier, by the names that people use."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

_TARGET = re.compile(r"([A-Z][A-Z0-9]{1,2})(?:_([A-Z0-9]{1,4}))?(?:(?(2)\.)(\d\d))?")
PAIRS_FROM = {"PO1": 6, "IT1": 6, "LIN": 2, "POC": 8}
"""Where the pairs of product id qualifier and product id begin."""


def qualifier_positions(segment_id: str, length: int) -> range:
    """Where a segment has its qualifiers: the first element, of HL the third, of a line those of its product ids.

    length: of the segment, its id counted.

    >>> list(qualifier_positions("N1", 5)), list(qualifier_positions("IT1", 10))
    ([1], [6, 8])
    """
    if (start := PAIRS_FROM.get(segment_id)) is not None:
        return range(start, length, 2)
    position = 3 if segment_id == "HL" else 1
    return range(position, min(position + 1, length))


class Target(NamedTuple):
    """What a rule is about. qualifier: of the segment, empty for all of them. element: from 1, None for the segment itself."""

    segment: str
    qualifier: str = ""
    element: int | None = None

    def matches(self, segment: Sequence[str]) -> bool:
        """Whether a segment is meant: by its first element, HL by its third, lines by any of their product id qualifiers."""
        if segment[0] != self.segment:
            return False
        if not self.qualifier:
            return True
        return any(segment[n] == self.qualifier for n in qualifier_positions(self.segment, len(segment)))

    def value(self, segment: Sequence[str]) -> str:
        """The element of a segment, empty where it has none."""
        return segment[self.element] if self.element and self.element < len(segment) else ""

    @property
    def of_segment(self) -> Target:
        """The segment that an element stands in."""
        return self._replace(element=None)

    def __str__(self) -> str:
        qualifier = f"_{self.qualifier}" if self.qualifier else ""
        dot = "." if self.qualifier and self.element else ""
        return f"{self.segment}{qualifier}{dot}" + (f"{self.element:02d}" if self.element else "")


@functools.lru_cache(maxsize=4096)
def target_of(name: str) -> Target:
    """`BIG07` an element, `PID` a segment, `N1_ST` a segment by its qualifier, `N1_ST.04` an element of that.

    ValueError: the name is none of these.

    >>> target_of("IT101"), target_of("DTM_002").qualifier, target_of("N1_ST.04").element
    (Target(segment='IT1', qualifier='', element=1), '002', 4)
    """
    match = _TARGET.fullmatch(name)
    if match is None or match[3] == "00":
        raise ValueError(f"{name!r} names no element or segment; BIG07, PID, N1_ST or N1_ST.04 was expected")
    return Target(match[1], match[2] or "", int(match[3]) if match[3] else None)
