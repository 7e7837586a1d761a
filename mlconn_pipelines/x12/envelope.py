"""What a file holds: interchanges, functional groups, transaction sets. Sets keep their place in the file, not copies of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mlconn_pipelines.x12.findings import X12Finding, finding
from mlconn_pipelines.x12.separators import Separators
from mlconn_pipelines.x12.source import FileContent, Source

Segment = tuple[str, ...]


class TransactionSet:
    """One set from ST to SE. segments: every segment as its elements, the id first (`("BEG", "00", ...)`), ST and SE included.

    offset, end: where it stands in the file. version: GS08 of its group. findings: what the reader noticed (counts, control
    numbers, trailer, empty segments); `validation.validate` returns these and its own. segment_count: ST and SE included,
    empty ones left out. Compared by identity.
    """

    __slots__ = (
        "_offsets",
        "_segments",
        "control_number",
        "end",
        "findings",
        "functional_id",
        "implementation",
        "offset",
        "segment_count",
        "separators",
        "set_id",
        "source",
        "version",
    )

    def __init__(
        self,
        source: Source,
        offset: int,
        end: int,
        separators: Separators,
        *,
        set_id: str,
        control_number: str,
        version: str = "",
        functional_id: str = "",
        implementation: str = "",
    ) -> None:
        self.source, self.offset, self.end, self.separators = source, offset, end, separators
        self.set_id, self.control_number, self.implementation = set_id, control_number, implementation
        self.version, self.functional_id = version, functional_id
        self.segment_count = 0
        self.findings: tuple[X12Finding, ...] = ()
        self._segments: tuple[Segment, ...] | None = None
        self._offsets: list[int] | None = None

    def __repr__(self) -> str:
        return f"TransactionSet({self.set_id!r}, {self.control_number!r}, offset={self.offset})"

    @property
    def content(self) -> bytes:
        """The bytes as they stand in the file."""
        return self.source.data[self.offset : self.end]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Split when first asked for, then kept."""
        if self._segments is None:
            separator = self.separators.element
            self._segments = tuple(tuple(text.split(separator)) for text in self.texts())
        return self._segments

    def texts(self) -> list[str]:
        """Every segment as text without its terminator, line ends and indentation; empty ones left out."""
        return segment_texts(self.content, self.separators.segment)

    def place(self, segment: int, element: int | None = None) -> int:
        """Offset in the file of a segment (ST = 1), or of its element (from 1; beyond the last: the segment's end)."""
        if self._offsets is None:
            self._offsets = list(_segment_offsets(self.source.data, self.offset, self.end, self.separators.segment))
        if not self._offsets:
            return self.offset
        start = self._offsets[min(max(segment, 1), len(self._offsets)) - 1]
        if element is None:
            return start
        terminator, separator = self.separators.segment.encode("latin-1"), self.separators.element.encode("latin-1")
        stop = self.source.data.find(terminator, start, self.end)
        stop = self.end if stop < 0 else stop
        at = start
        for _ in range(element):
            following = self.source.data.find(separator, at, stop)
            if following < 0:
                return max(start, min(stop, len(self.source.data) - 1))
            at = following + 1
        return min(at, len(self.source.data) - 1)

    def finding(
        self, code: str, message: str, segment: int, segment_id: str = "", element: int | None = None, **details: object
    ) -> X12Finding:
        """A finding at a place of this set, with its offset and line worked out."""
        offset = self.place(segment, element)
        return finding(
            code,
            message,
            offset=offset,
            line=self.source.line_of(offset),
            segment=segment,
            segment_id=segment_id,
            element=element,
            **details,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True, eq=False)
class FunctionalGroup:
    """GS to GE. stated_sets: GE01, None where it is missing or no number. sender_id, receiver_id: GS02, GS03.
    lost_sets: sets that have an SE and no ST, so that they were not read.

    sets: empty where the file is read part by part (`reader.iter_parts`), as they came before it then.
    """

    functional_id: str
    sender_id: str
    receiver_id: str
    control_number: str
    version: str
    stated_sets: int | None
    sets: tuple[TransactionSet, ...]
    findings: tuple[X12Finding, ...] = ()
    offset: int = 0
    lost_sets: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Interchange:
    """ISA to IEA. Ids are stripped, control_number is the text as received.

    date, time: ISA09, ISA10 as received. complete: it ends with an IEA whose number equals ISA13.
    interchange_acknowledgments: TA1 segments as their elements. groups: empty where the file is read part by part.
    """

    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    date: str
    time: str
    version: str
    control_number: str
    usage: str
    acknowledgment_requested: bool
    separators: Separators
    groups: tuple[FunctionalGroup, ...]
    complete: bool
    source: Source = field(repr=False)
    offset: int = 0
    end: int = 0
    findings: tuple[X12Finding, ...] = ()
    interchange_acknowledgments: tuple[Segment, ...] = ()

    @property
    def delimiters(self) -> Separators:
        """The separators that its header announces."""
        return self.separators

    @property
    def content(self) -> bytes:
        """Its bytes as they stand in the file."""
        return self.source.data[self.offset : self.end]

    def sets(self) -> Iterator[tuple[FunctionalGroup, TransactionSet]]:
        """Every set with its group."""
        for group in self.groups:
            for transaction_set in group.sets:
                yield group, transaction_set

    def all_findings(self) -> tuple[X12Finding, ...]:
        """The reader's findings here and below."""
        below = (f for group in self.groups for f in (*group.findings, *(f for s in group.sets for f in s.findings)))
        return (*self.findings, *below)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A file as read. findings: those that belong to no interchange."""

    interchanges: tuple[Interchange, ...]
    findings: tuple[X12Finding, ...] = ()

    def all_findings(self) -> tuple[X12Finding, ...]:
        """The reader's findings of the whole file."""
        return (*self.findings, *(f for interchange in self.interchanges for f in interchange.all_findings()))


def segment_texts(content: bytes, terminator: str) -> list[str]:
    """Segments without terminator, line ends and indentation; UTF-8 where the bytes are that, else Latin-1."""
    text = decoded(content, terminator)
    texts = text.split(terminator)
    has_blanks = terminator + " " in text or " " + terminator in text
    if has_blanks or "\n" in text or "\r" in text or "\t" in text or "\x00" in text or "\x1a" in text:
        texts = [stripped for part in texts if (stripped := part.strip(" \t\r\n\x00\x1a"))]
    elif "" in texts:
        texts = [part for part in texts if part]
    return texts


def decoded(content: bytes, terminator: str = "~") -> str:
    """UTF-8 where the bytes are that (and the terminator is one byte of it), else Latin-1, which reads anything."""
    if content.isascii():
        return content.decode("ascii")
    if terminator.isascii():
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return content.decode("latin-1")
    return content.decode("latin-1")


def _segment_offsets(data: FileContent, start: int, end: int, terminator: str) -> Iterator[int]:
    mark = terminator.encode("latin-1")
    while start < end:
        stop = data.find(mark, start, end)
        stop = end if stop < 0 else stop
        part = data[start:stop]
        visible = part.lstrip(b" \t\r\n\x00\x1a")
        if visible:
            yield start + len(part) - len(visible)
        start = stop + 1
