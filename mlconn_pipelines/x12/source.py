"""The bytes of a file, in memory or mapped, and where in them a line is."""

from __future__ import annotations

import mmap
from array import array

BLOCK = 1 << 16
"""Bytes between two counts of line ends, and looked at in one go where a long stretch is searched."""

FileContent = bytes | mmap.mmap


class Source:
    """data: the whole file. Of a mapped file only what is being read stays in memory, see `passed`.

    Line ends are counted only when the first finding asks for a line.
    """

    __slots__ = ("_counts", "_line_end", "_passed", "data")

    def __init__(self, data: FileContent) -> None:
        self.data = data
        self._line_end = b""
        self._counts = array("Q", [0])
        self._passed = 0

    def line_of(self, offset: int) -> int:
        """Line of a byte, from 1. Lines end with a line feed, or with a carriage return in files that have no line feed."""
        if not self._line_end:
            self._line_end = b"\n" if self._has_line_feed() else b"\r"
        block = offset // BLOCK
        while len(self._counts) <= block:
            start = (len(self._counts) - 1) * BLOCK
            self._counts.append(self._counts[-1] + self.data[start : start + BLOCK].count(self._line_end))
            self._give_back(start, start + BLOCK)
        return self._counts[block] + self.data[block * BLOCK : offset].count(self._line_end) + 1

    def visible(self, start: int, end: int, blanks: bytes) -> tuple[int, int] | None:
        """Where within a stretch the first byte that is not blank stands, and where the last one ends; None: all are blank."""
        while start < end:
            block = self.data[start : min(end, start + BLOCK)]
            rest = block.lstrip(blanks)
            self._give_back(start, start + len(block) - len(rest))
            start += len(block) - len(rest)
            if rest:
                break
        while start < end:
            begin = max(start, end - BLOCK)
            rest = self.data[begin:end].rstrip(blanks)
            if rest:
                return start, begin + len(rest)
            end = begin
        return None

    def passed(self, offset: int) -> None:
        """Tells that reading has come this far: a mapped file gives back the memory of what lies before."""
        self._give_back(self._passed, offset)
        self._passed = offset

    def _give_back(self, start: int, end: int) -> None:
        """What is looked at again later is read from the file again."""
        if isinstance(self.data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            start -= start % mmap.PAGESIZE  # whole pages only
            end = min(end, len(self.data))
            if end > start:
                self.data.madvise(mmap.MADV_DONTNEED, start, end - start)

    def _has_line_feed(self) -> bool:
        for start in range(0, len(self.data), BLOCK):
            if self.data.find(b"\n", start, start + BLOCK) >= 0:
                return True
            self._give_back(start, start + BLOCK)
        return False
