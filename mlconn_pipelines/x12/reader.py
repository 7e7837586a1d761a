"""Bytes to interchanges, groups and sets. Never raises, whatever the bytes; what is wrong becomes a finding with its place.

`read` is for files as partners send them. `iter_parts` is for those of any size: it keeps nothing of what it gave out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, Reading, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding, finding
from mlconn_pipelines.x12.interchange_reader import STRETCH, InterchangeReader, Part, empty_header
from mlconn_pipelines.x12.lost_beginning import separators_without_beginning
from mlconn_pipelines.x12.separators import (
    ANY_HEADER,
    WHITESPACE,
    Header,
    Separators,
    find_exact_header,
    guess_separators,
    read_header,
)
from mlconn_pipelines.x12.source import BLOCK, FileContent, Source

__all__ = ["FunctionalGroup", "Interchange", "Part", "Reading", "TransactionSet", "iter_interchanges", "iter_parts", "read"]

_GUESSES_MAX = 50
_ANY_HEADER_LENGTH = 4
_BEFORE_SEGMENTS = (b"\n", b"\r", b"~", b"'", b"|", b"!", b"\x85")
_BOM = b"\xef\xbb\xbf"


def read(data: bytes) -> Reading:
    """Everything that a file holds, in order. Any separators, line ends, a byte order mark, text around, no envelope at all.

    >>> read(b"Dear Sirs").findings[0].code
    'not_x12'
    """
    outside: list[X12Finding] = []
    interchanges = tuple(iter_interchanges(data, outside))
    return Reading(interchanges, tuple(outside))


def iter_interchanges(data: FileContent, outside: list[X12Finding]) -> Iterator[Interchange]:
    """The interchanges one by one. outside: takes the findings on what stands before, between and after them."""
    return (part for part in _parts(data, outside, keeps=True) if isinstance(part, Interchange))


def iter_parts(data: FileContent, outside: list[X12Finding]) -> Iterator[Part]:
    """Sets, groups and interchanges in the order in which they end, so that files of any size are read in little memory.

    Groups come without their sets and interchanges without their groups, as these came before them. data: best a mapped
    file, of which only what is being read stays in memory. outside: as above; the caller may empty it at any time.
    """
    return _parts(data, outside, keeps=False)


def _parts(data: FileContent, outside: list[X12Finding], keeps: bool) -> Iterator[Part]:
    source = Source(data)
    position = 0
    is_x12 = False
    if data[: len(_BOM)] == _BOM:
        position = len(_BOM)
        outside.append(finding("byte_order_mark", "The file begins with a UTF-8 byte order mark, which X12 does not know."))
    found = _lost_beginning(source, position) or _next_header(source, position)
    while found is not None:
        is_x12 = True
        start, header = found
        outside.extend(_text_findings(source, position, start))
        reader = InterchangeReader(source, start, header, envelope(header), keeps)
        yield from reader.parts()
        position = max(reader.end, start + 1)
        found = _next_header(source, position)
    if position:
        outside.extend(_text_findings(source, position, len(data)))
    if not is_x12:
        outside.append(_not_x12(source))


@functools.lru_cache(maxsize=512)
def _envelope(element: str, segment: str) -> re.Pattern[bytes]:
    terminator, separator = re.escape(segment.encode("latin-1")), re.escape(element.encode("latin-1"))
    return re.compile(
        terminator + rb"[ \t\r\n\x00\x1a]*((?:ISA|IEA|GS|GE|ST|SE|TA1)(?=" + separator + b"|" + terminator + rb"))"
    )


def envelope(header: Header) -> re.Pattern[bytes]:
    """Finds the segments that open and close things, each behind a terminator. Group 1 is the id."""
    return _envelope(header.separators.element, header.separators.segment)


def _lost_beginning(source: Source, position: int) -> tuple[int, Header] | None:
    """Where the file begins in the middle of a set or behind it, so that its first ISA, GS or ST, if any, comes too late."""
    if source.data[position : position + 3] == b"ISA":  # as nearly every file does
        return None
    visible = source.visible(position, min(len(source.data), position + BLOCK), WHITESPACE)
    if visible is None or (separators := separators_without_beginning(source, visible[0])) is None:
        return None
    return visible[0], empty_header(separators, visible[0])


def _next_header(source: Source, position: int) -> tuple[int, Header] | None:
    """Where the next interchange begins: at an ISA that can be read, else at a GS or ST without one."""
    data, guesses, only_exact = source.data, 0, False
    for begin in range(position, len(data), STRETCH):
        end = min(begin + STRETCH, len(data))
        source.passed(begin)
        exact = find_exact_header(data, begin, end)
        for match in () if only_exact else _candidates(data, position, begin, end, exact):
            if match[1] == b"ISA":
                if (header := read_header(data, match.start())) is not None:
                    return match.start(), header
                continue
            guesses += 1
            if guesses > _GUESSES_MAX:
                only_exact = True
                break
            separators = guess_separators(data, match.start())
            if separators is not None and _looks_like_segments(data, match, separators):
                return match.start(), empty_header(separators, match.start())
        while exact is not None:
            if (header := read_header(data, exact)) is not None:
                return exact, header
            only_exact = True
            exact = find_exact_header(data, exact + 3, end)
    return None


def _candidates(data: FileContent, position: int, begin: int, end: int, exact: int | None) -> Iterator[re.Match[bytes]]:
    """The letters ISA, GS and ST in a stretch where they may open something, as far as the next ISA that surely does."""
    for match in ANY_HEADER.finditer(data, begin, end + _ANY_HEADER_LENGTH if exact is None else exact):
        if match.start() >= end:
            return
        before = data[max(position, match.start() - 100) : match.start()].rstrip(b" \t")
        is_in_sentence = before and not before.endswith(_BEFORE_SEGMENTS) and before.strip(WHITESPACE)
        if match[1] == b"ISA" or not is_in_sentence:
            yield match


def _looks_like_segments(data: FileContent, match: re.Match[bytes], separators: Separators) -> bool:
    stop = data.find(separators.segment.encode("latin-1"), match.start(), match.start() + 500)
    first = data[match.start() : stop if stop >= 0 else match.start() + 500]
    return first.count(separators.element.encode("latin-1")) >= (2 if match[1] == b"ST" else 4)


def _text_findings(source: Source, start: int, end: int) -> Iterator[X12Finding]:
    found = source.visible(start, end, WHITESPACE)
    if found is None:
        if start == 0 and end > 0:
            yield finding("text_before_header", f"{end} blank characters stand before the first interchange.")
        return
    offset, stop = found
    yield finding(
        "text_outside",
        f"{stop - offset} bytes stand outside of any interchange and were not read.",
        offset=offset,
        line=source.line_of(offset),
        value=source.data[offset : min(stop, offset + 200)].decode("latin-1"),
    )


def _not_x12(source: Source) -> X12Finding:
    if source.visible(0, len(source.data), WHITESPACE) is None:
        return finding("not_x12", "The file is empty.")
    if source.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return finding("not_x12", "The file is UTF-16 text; ask the sender for plain ASCII.")
    return finding(
        "not_x12",
        "No ISA, GS or ST segment was found: this is not an X12 file, or its beginning is missing.",
        value=source.data[:80].decode("latin-1"),
    )
