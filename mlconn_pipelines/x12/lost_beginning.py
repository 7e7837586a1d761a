"""Files that lost their beginning: segments of a set up to its SE, or only what ends things, without an ISA, GS or ST before.

Looked at strictly: tables and lists whose lines begin with two or three letters and a separator are no X12.
"""

from __future__ import annotations

import functools
import re

from mlconn_pipelines.x12.grammar.loading import available, release
from mlconn_pipelines.x12.separators import WHITESPACE, Separators, guess_separators
from mlconn_pipelines.x12.source import Source

_LOOKED_AT = 1 << 20  # bytes: a set that was cut off before more than these is not recognized
_FIRST = re.compile(rb"([A-Z][A-Z0-9]{1,2})[^A-Za-z0-9\s.,;'\"()-]")
_ID = re.compile(rb"[A-Z][A-Z0-9]{1,2}")
_OPENING = frozenset((b"ISA", b"GS", b"ST"))
_FOLLOWING = _OPENING | {b"TA1", b"SE", b"GE", b"IEA"}
_TRAILERS = {
    b"SE": (re.compile(rb"\d{1,10}"), re.compile(rb"(?=.*\d)[A-Za-z0-9]{4,9}")),
    b"GE": (re.compile(rb"\d{1,6}"), re.compile(rb"\d{1,9}")),
    b"IEA": (re.compile(rb"\d{1,5}"), re.compile(rb"\d{4,9}")),
}
"""What their first element, a count, and their second, a control number, look like."""


def separators_without_beginning(source: Source, start: int) -> Separators | None:
    """The separators of text from `start` on that is the rest of an X12 file, None where it is not surely that.

    It is where its first segment is an SE, GE or IEA with a count and a control number, or where only segments stand before
    an SE of that kind, at least one of them known to a grammar of ours; and where an enveloping segment or nothing follows.
    """
    first = _FIRST.match(source.data, start)
    if first is None or first[1] in _OPENING:
        return None
    separators = guess_separators(source.data, start, len(first[1]))
    if separators is None:  # a lone segment, which a line end terminates, or nothing
        separators = Separators(source.data[first.end(1) : first.end()].decode("latin-1"), "", "", "\n")
    text = source.data[start : start + _LOOKED_AT]
    parts = [part.strip(WHITESPACE) for part in text.split(separators.segment.encode("latin-1"))]
    segments = [part.split(separators.element.encode("latin-1")) for part in parts if part]
    return separators if _is_rest_of_a_file(segments) else None


def _is_rest_of_a_file(segments: list[list[bytes]]) -> bool:
    for number, (segment_id, *values) in enumerate(segments):
        if segment_id in _TRAILERS:
            before = [segment[0] for segment in segments[:number]]
            following = segments[number + 1][0] if number + 1 < len(segments) else None
            return (
                _is_trailer(segment_id, values)
                and (not before or (segment_id == b"SE" and not _known_ids().isdisjoint(before)))
                and (following is None or following in _FOLLOWING)
            )
        if segment_id in _OPENING or _ID.fullmatch(segment_id) is None:
            return False
    return False


def _is_trailer(segment_id: bytes, values: list[bytes]) -> bool:
    patterns = _TRAILERS[segment_id]
    return len(values) == len(patterns) and all(
        pattern.fullmatch(value.strip()) for pattern, value in zip(patterns, values, strict=True)
    )


@functools.cache
def _known_ids() -> frozenset[bytes]:
    return frozenset(segment.encode("ascii") for name in available() for segment in release(name).segments)
