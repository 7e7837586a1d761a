"""Which separators an interchange uses: read from its header, never assumed, also where the header was trimmed or is missing."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass

from mlconn_pipelines.x12.source import FileContent

WHITESPACE = b" \t\r\n\x00\x1a"
_ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1)
# No look-behind: only a pattern that begins with letters is searched for at the speed of memory.
_EXACT_HEADER = re.compile(rb"ISA([^A-Za-z0-9 ])" + rb"\1".join(b".{%d}" % width for width in _ISA_WIDTHS) + rb"\1.", re.DOTALL)
_EXACT_LENGTH = 3 + sum(_ISA_WIDTHS) + 16 + 1
ANY_HEADER = re.compile(rb"(?<![A-Za-z0-9])(ISA|GS|ST)([^A-Za-z0-9\s.,;'\"()-])")
_GUESS_FROM = 4_000  # bytes
_AFTER_ISA = rb"(?:GS|TA1|IEA|ST|ISA)"


def find_exact_header(data: FileContent, start: int, end: int) -> int | None:
    """Where in a stretch the next ISA with all its elements in their places begins, which surely begins an interchange."""
    for match in _EXACT_HEADER.finditer(data, start, end + _EXACT_LENGTH):
        at = match.start()
        if at >= end:
            return None
        if at == 0 or not data[at - 1 : at].isalnum():
            return at
    return None


@dataclass(frozen=True, slots=True)
class Separators:
    """One byte each, as text. component and repetition are empty where the interchange has none."""

    element: str
    component: str
    repetition: str
    segment: str


@dataclass(frozen=True, slots=True)
class Header:
    """What was read of an ISA. elements: 16 texts without their padding removed. end: where the next segment begins.

    has_exact_widths: every element stands at its place of the 106 bytes.
    """

    elements: tuple[str, ...]
    separators: Separators
    end: int
    has_exact_widths: bool


def read_header(data: FileContent, start: int) -> Header | None:
    """The ISA at `start`, None where it cannot be made out. Works by counting separators, as editors and mail trim widths."""
    separator = data[start + 3 : start + 4]
    if not separator or separator.isalnum():
        return None
    places = [start + 3]
    while len(places) < 16:
        at = data.find(separator, places[-1] + 1, places[-1] + 200)
        if at < 0:
            return None
        places.append(at)
    follower = re.compile(re.escape(separator).join((_AFTER_ISA, b"")))
    tail = data[places[15] + 1 : places[15] + 40]
    found = follower.search(tail)
    component, terminator, length = _component_and_terminator(_between(tail, found))
    if terminator in (b"\r", b"\n") and component and _line_ends_with(data, places[15] + 1 + length, component):
        component, terminator, length = b"", component, 1  # `~` and a line end: ISA16 was left out, `~` terminates
    if terminator in (b"", separator) or terminator.isalnum():
        return None
    texts = [data[a + 1 : b].decode("latin-1") for a, b in itertools.pairwise(places)]
    repetition = ""
    if texts[11].strip() >= "00402" and len(texts[10]) == 1 and not texts[10].isalnum() and not texts[10].isspace():
        repetition = texts[10]
    exact = tuple(map(len, texts)) == _ISA_WIDTHS and component != b""
    separators = Separators(separator.decode("latin-1"), component.decode("latin-1"), repetition, terminator.decode("latin-1"))
    return Header((*texts, separators.component), separators, places[15] + 1 + length, exact)


def _between(tail: bytes, follower: re.Match[bytes] | None) -> bytes:
    """What stands before the next segment; where that is none of an envelope, a line end behind ISA16 is the terminator."""
    if follower is not None:
        return tail[: follower.start()]
    return tail[:2] if tail[1:2] in (b"\r", b"\n") and tail[2:3] not in (b"\r", b"\n") else tail[:3]


def _line_ends_with(data: FileContent, start: int, character: bytes) -> bool:
    """Whether the first line from `start` on ends with the character."""
    line = data[start : start + 2000].lstrip(WHITESPACE).splitlines()[:1]
    return bool(line) and line[0].endswith(character)


def _component_and_terminator(between: bytes) -> tuple[bytes, bytes, int]:
    """What stands between the last separator of ISA and the next segment: `>~`, `>\\r\\n`, `> ~`, or only `~`."""
    visible = between.rstrip(WHITESPACE)
    if not visible:  # a line end stands for both, or ISA16 is missing and a line end terminates
        end = b"\r" if b"\r" in between else b"\n" if b"\n" in between else b""
        return b"", end, len(between) if end else 0
    component, rest = between[:1], between[1:]
    if shown := rest.strip(WHITESPACE):
        at = rest.index(shown)
        return component, shown[:1], 1 + at + 1
    if rest and rest[:1] in (b"\r", b"\n"):
        return component, rest[:1], 2
    if b"\r" in rest or b"\n" in rest:
        end = b"\r" if b"\r" in rest else b"\n"
        return component, end, 1 + rest.index(end) + 1
    return b"", component, 1  # only one character: it terminates, ISA16 was left out


def guess_separators(data: FileContent, start: int, id_length: int = 2) -> Separators | None:
    """Separators of text without ISA, from a segment at `start`: what follows its id, and what stands before the next ids."""
    element = data[start + id_length : start + id_length + 1]
    if not element:
        return None
    sep = re.escape(element)
    before_ids = re.compile(rb"([^A-Za-z0-9 ])\s*(?<![A-Za-z0-9])[A-Z][A-Z0-9]{1,2}" + sep)
    seen = Counter(m[1] for m in before_ids.finditer(data, start, start + _GUESS_FROM) if m[1] != element)
    if not seen:
        end = data[start : start + _GUESS_FROM].rstrip(WHITESPACE)[-1:]
        if not end or end.isalnum() or end == element:
            return None
        return Separators(element.decode("latin-1"), "", "", end.decode("latin-1"))
    terminator = seen.most_common(1)[0][0]
    if terminator == b"\n" and seen[b"\r"]:
        terminator = b"\r"
    return Separators(element.decode("latin-1"), "", "", terminator.decode("latin-1"))
