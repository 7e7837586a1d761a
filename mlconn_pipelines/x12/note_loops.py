"""The N9 loop as notes: N9 opens one, MSG (from 004030 MTX) holds its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.x12.element_reader import text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

MSG_LENGTH = 264
_TEXT_AT = {"MSG": 1, "MTX": 2}


class NoteLoop:
    """Collects notes: `start` at an N9, `add` what follows it, `end` before anything else, `notes` at the end."""

    __slots__ = ("_done", "_first", "_length", "_pieces")

    def __init__(self, length: int = MSG_LENGTH) -> None:
        self._length = length
        self._done: list[str] = []
        self._first: Segment | None = None
        self._pieces: list[str] = []

    def start(self, segment: Segment) -> None:
        """Begins the next note."""
        self.end()
        self._first, self._pieces = segment, []

    def add(self, segment: Segment) -> bool:
        """Whether a note is open; then whatever stands there is its own, and its text is kept."""
        if self._first is None:
            return False
        position = _TEXT_AT.get(segment[0], 0)
        if position and len(segment) > position:
            self._pieces.append(segment[position].rstrip())
        return True

    def end(self) -> None:
        """Ends the open note, where there is one. An N9 without a text of its own is known by its description."""
        if (first := self._first) is None:
            return
        self._first = None
        if note := joined(self._pieces, self._length) or text(first, 3):
            self._done.append(note)

    def notes(self) -> tuple[str, ...]:
        """All notes read."""
        self.end()
        return tuple(self._done)


def note_loop_segments(notes: Sequence[str], writing: Writing) -> Iterator[OutSegment]:
    """N9 with MSG, which 004030 replaced by MTX."""
    for note in notes:
        yield ("N9", "L1", "NOTE")
        for piece in writing.pieces(note, "MSG01", MSG_LENGTH):
            yield ("MTX", "", piece) if writing.writes_notes_as_mtx else ("MSG", piece)
