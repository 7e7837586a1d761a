"""Segments like those before them: which elements are filled, and with which codes, is the same in most lines of a file.

A general pattern must try every optional element, every relation and every code. A shape knows them already: `PO1` with its
elements 1-4 and 6-9 filled, `EA` or `CA` in the third, `VP` in the sixth, `UP` in the eighth. Only the values are left to match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

_LEARNED_AT_ONCE = 24  # segments; a file that has fewer of a kind never pays for a pattern of its own
_SHAPES_MAX = 8
_CODES_MAX = 12  # at one place of a shape
_LESSONS_MAX = 12


class ElementPattern(NamedTuple):
    """What one filled element may be. is_code: one of a list, of which a shape takes those that it saw; source is empty then."""

    source: str
    is_code: bool


class Shapes:
    """The shapes of one kind of segment. elements: the pattern of each, None where shapes cannot hold it.

    are_settled: enough was seen, no more is learned.
    """

    __slots__ = ("_elements", "_id", "_lessons", "_separator", "_shapes", "_waiting", "are_settled")

    def __init__(self, segment_id: str, elements: Sequence[ElementPattern | None], separator: str) -> None:
        self._id, self._elements, self._separator = segment_id, elements, separator
        self._shapes: dict[tuple[bool, ...], list[set[str]]] = {}
        self._waiting: list[str] = []
        self._lessons = 0
        self.are_settled = False

    def learn(self, text: str) -> Callable[[str], re.Match[str] | None] | None:
        """Takes in a segment that was found clean. A new pattern of all shapes now and then, None otherwise.

        What it matches is clean: each code of it was found in a clean segment at the same place, and whether relations
        hold depends only on which elements are filled.
        """
        self._waiting.append(text)
        if len(self._waiting) < _LEARNED_AT_ONCE:
            return None
        lesson, self._waiting = self._waiting, []
        self._lessons += 1
        self.are_settled = self._lessons >= _LESSONS_MAX
        grew = [self._take(one) for one in lesson]
        return self._compiled() if any(grew) else None

    def _take(self, text: str) -> bool:
        """Whether the shape, or a code at one of its places, was not known before."""
        values = text.split(self._separator)[1:]
        filled = tuple(value != "" for value in values)
        is_new = filled not in self._shapes
        if is_new:
            is_beyond = any(value and element is None for value, element in zip(values, self._elements, strict=False))
            if is_beyond or len(self._shapes) >= _SHAPES_MAX:
                return False
            self._shapes[filled] = [set() for _ in values]
        for value, element, seen in zip(values, self._elements, self._shapes[filled], strict=False):
            if value and element and element.is_code and value not in seen and len(seen) < _CODES_MAX:
                seen.add(value)
                is_new = True
        return is_new

    def _compiled(self) -> Callable[[str], re.Match[str] | None]:
        shapes = "|".join(map(self._source, self._shapes, self._shapes.values()))
        return re.compile(f"{re.escape(self._id)}(?:{shapes})", re.ASCII).fullmatch

    def _source(self, filled: tuple[bool, ...], codes: Sequence[set[str]]) -> str:
        separator, source = re.escape(self._separator), ""
        for is_filled, element, seen in zip(filled, self._elements, codes, strict=False):
            source += separator
            if is_filled and element is not None:
                source += f"(?:{'|'.join(sorted(map(re.escape, seen)))})" if element.is_code else element.source
        return source
