"""The bytes of a file, and where in them a line is."""

from __future__ import annotations

from bisect import bisect_left


class Source:
    """data: the whole file. Line ends are looked up only when the first finding asks for a line."""

    __slots__ = ("_line_ends", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._line_ends: list[int] | None = None

    def line_of(self, offset: int) -> int:
        """Line of a byte, from 1. Lines end with a line feed, or with a carriage return in files that have no line feed."""
        if self._line_ends is None:
            end = b"\n" if b"\n" in self.data else b"\r"
            ends, at = [], self.data.find(end)
            while at >= 0:
                ends.append(at)
                at = self.data.find(end, at + 1)
            self._line_ends = ends
        return bisect_left(self._line_ends, offset) + 1
