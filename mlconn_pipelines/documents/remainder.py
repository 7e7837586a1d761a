"""What a received set says beyond the fields of its document: kept as it stood, so that nothing of it is lost without a word."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemainderSegment:
    """A segment that no field of the document holds, or elements of one that a field holds in part.

    place: its number in the set, 1 for ST. segment: its id and all its elements, as they stood. elements: the numbers of those that
    the document does not hold, empty where it holds none of them. line: what the sender numbers the line by that it stands in, empty
    in the heading and the summary.
    """

    place: int
    segment: tuple[str, ...]
    elements: tuple[int, ...] = ()
    line: str = ""

    @property
    def id(self) -> str:
        return self.segment[0]

    @property
    def shown(self) -> str:
        """The segment, or the elements that are not held of it, as people write them.

        >>> RemainderSegment(7, ("REF", "IA", "83138")).shown, RemainderSegment(9, ("PO4", "1", "", "", "BX"), (4,)).shown
        ('REF IA 83138', 'PO404 BX')
        """
        if not self.elements:
            return " ".join(filter(None, self.segment))
        return " ".join(f"{self.id}{element:02d} {self.segment[element]}" for element in self.elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Of documents that partners send. remainder: in the order of the set; empty for documents that are made here.

    layout: the ids of all segments between ST and SE as the sender ordered them (`BEG CUR N1 N3`), empty where we would have written
    them so.
    """

    remainder: tuple[RemainderSegment, ...] = ()
    layout: str = ""
