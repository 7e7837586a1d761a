"""Bytes to interchanges, groups and sets. Never raises, whatever the bytes; what is wrong becomes a finding with its place."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, Reading, TransactionSet
from mlconn_pipelines.x12.findings import Finding, finding
from mlconn_pipelines.x12.interchange_reader import InterchangeReader, empty_header
from mlconn_pipelines.x12.separators import (
    ANY_HEADER,
    WHITESPACE,
    Header,
    Separators,
    find_exact_header,
    guess_separators,
    read_header,
)
from mlconn_pipelines.x12.source import Source

__all__ = ["FunctionalGroup", "Interchange", "Reading", "TransactionSet", "iter_interchanges", "read"]

_GUESSES_MAX = 50
_BEFORE_SEGMENTS = (b"\n", b"\r", b"~", b"'", b"|", b"!", b"\x85")
_BOM = b"\xef\xbb\xbf"


def read(data: bytes) -> Reading:
    """Everything that a file holds, in order. Any separators, line ends, a byte order mark, text around, no envelope at all.

    >>> read(b"Dear Sirs").findings[0].code
    'not_x12'
    """
    outside: list[Finding] = []
    interchanges = tuple(iter_interchanges(data, outside))
    if not interchanges:
        outside.append(_not_x12(data))
    return Reading(interchanges, tuple(outside))


def iter_interchanges(data: bytes, outside: list[Finding]) -> Iterator[Interchange]:
    """The interchanges one by one. outside: takes the findings on what stands before, between and after them."""
    source = Source(data)
    position = 0
    if data.startswith(_BOM):
        position = len(_BOM)
        outside.append(finding("byte_order_mark", "The file begins with a UTF-8 byte order mark, which X12 does not know."))
    exact = find_exact_header(data, position)
    while True:
        start, header = _next_header(data, position, exact)
        if start is None:
            if position:
                outside.extend(_text_findings(source, position, len(data)))
            return
        outside.extend(_text_findings(source, position, start))
        if exact is not None and exact <= start:
            exact = find_exact_header(data, start + 3)
        limit = len(data) if exact is None else exact
        reader = InterchangeReader(source, start, limit, header, envelope(header))
        yield reader.read()
        position = max(reader.end, start + 1)


@functools.lru_cache(maxsize=512)
def _envelope(element: str, segment: str) -> re.Pattern[bytes]:
    terminator, separator = re.escape(segment.encode("latin-1")), re.escape(element.encode("latin-1"))
    return re.compile(
        terminator + rb"[ \t\r\n\x00\x1a]*((?:ISA|IEA|GS|GE|ST|SE|TA1)(?=" + separator + b"|" + terminator + rb"))"
    )


def envelope(header: Header) -> re.Pattern[bytes]:
    """Finds the segments that open and close things, each behind a terminator. Group 1 is the id."""
    return _envelope(header.separators.element, header.separators.segment)


def _next_header(data: bytes, position: int, exact: int | None) -> tuple[int, Header] | tuple[None, Header]:
    """Where the next interchange begins: at an ISA that can be read, else at a GS or ST without one.

    exact: where the next ISA stands that can surely be read.
    """
    guesses = 0
    for match in ANY_HEADER.finditer(data, position, len(data) if exact is None else exact):
        if match[1] == b"ISA":
            if (header := read_header(data, match.start())) is not None:
                return match.start(), header
            continue
        before = data[max(position, match.start() - 100) : match.start()].rstrip(b" \t")
        if before and not before.endswith(_BEFORE_SEGMENTS) and before.strip(WHITESPACE):
            continue  # the letters GS or ST within a sentence
        guesses += 1
        if guesses > _GUESSES_MAX:
            break
        if (separators := guess_separators(data, match.start())) is not None and _looks_like_segments(data, match, separators):
            return match.start(), empty_header(separators, match.start())
    while exact is not None:
        if (header := read_header(data, exact)) is not None:
            return exact, header
        exact = find_exact_header(data, exact + 3)
    return None, empty_header(Separators("*", "", "", "~"), 0)


def _looks_like_segments(data: bytes, match: re.Match[bytes], separators: Separators) -> bool:
    stop = data.find(separators.segment.encode("latin-1"), match.start(), match.start() + 500)
    first = data[match.start() : stop if stop >= 0 else match.start() + 500]
    return first.count(separators.element.encode("latin-1")) >= (2 if match[1] == b"ST" else 4)


def _text_findings(source: Source, start: int, end: int) -> Iterator[Finding]:
    text = source.data[start:end]
    visible = text.strip(WHITESPACE)
    if not visible:
        if text and start == 0:
            yield finding("text_before_header", f"{len(text)} blank characters stand before the first interchange.")
        return
    offset = start + text.index(visible)
    yield finding(
        "text_outside",
        f"{len(visible)} bytes stand outside of any interchange and were not read.",
        offset=offset,
        line=source.line_of(offset),
        value=visible[:200].decode("latin-1"),
    )


def _not_x12(data: bytes) -> Finding:
    if not data.strip(WHITESPACE):
        return finding("not_x12", "The file is empty.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return finding("not_x12", "The file is UTF-16 text; ask the sender for plain ASCII.")
    return finding(
        "not_x12",
        "No ISA, GS or ST segment was found: this is not an X12 file, or its beginning is missing.",
        value=data[:80].decode("latin-1"),
    )
