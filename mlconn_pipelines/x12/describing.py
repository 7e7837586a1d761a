"""A file explained: every segment with its name, its elements with names and meanings, and the findings where they belong."""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mlconn_pipelines.documents.remainder import Received
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.x12.envelope import Interchange, TransactionSet, decoded
from mlconn_pipelines.x12.findings import X12Finding, with_severities
from mlconn_pipelines.x12.grammar.definitions import ElementUse
from mlconn_pipelines.x12.grammar.loading import Release, available, release, release_of
from mlconn_pipelines.x12.grammar.naming import meaning_of, name_of
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.hierarchy import levels_of
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.remainder import with_remainder
from mlconn_pipelines.x12.separators import WHITESPACE, Separators
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines.x12.walk import walk_of

_DEPTHS = {"ISA": 0, "IEA": 0, "TA1": 1, "GS": 1, "GE": 1, "ST": 2, "SE": 2}
_OLDEST = "004010"
"""Names the segments and elements of releases that have no grammar; they hardly changed."""


class DescribedElement(NamedTuple):
    """place: `BIG02`, or `AK401-1` for a component. meaning: of a code, a date or an amount with implied decimals."""

    place: str
    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class DescribedSegment:
    """number: in the file, from 1. depth: of what it stands in. offset: byte in the file, from 0.

    set_id: of the set that it stands in. beside: numbers of the elements that no field of the document holds, empty where it holds
    none of the segment; None where fields hold it all, or no document can be made.
    """

    number: int
    depth: int
    line: int
    offset: int
    id: str
    name: str
    elements: tuple[DescribedElement, ...]
    findings: tuple[X12Finding, ...]
    set_id: str = ""
    beside: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """findings: those that belong to no segment, such as text before the first."""

    segments: tuple[DescribedSegment, ...]
    findings: tuple[X12Finding, ...]


class _Piece(NamedTuple):
    offset: int
    text: str
    separators: Separators
    release_name: str
    depth: int
    set_id: str = ""
    beside: tuple[int, ...] | None = None


def describe(data: bytes, guide: PartnerGuide | None = None) -> Description:
    """Everything that a file holds, in its order. Never raises; what is no X12 has findings and no segments."""
    reading = read(data)
    findings = list(with_severities(reading.findings, guide))
    pieces: list[_Piece] = []
    for interchange in reading.interchanges:
        findings += with_severities(interchange.findings, guide)
        for group in interchange.groups:
            findings += with_severities(group.findings, guide)
            for transaction_set in group.sets:
                findings += validate(transaction_set, group.version, guide)
        pieces += _pieces(interchange, data)
    offsets = [piece.offset for piece in pieces]
    placed: list[list[X12Finding]] = [[] for _ in pieces]
    elsewhere: list[X12Finding] = []
    for finding in sorted(findings, key=lambda one: one.offset):
        at = bisect.bisect_right(offsets, finding.offset) - 1
        (placed[at] if at >= 0 and finding.code != "text_outside" else elsewhere).append(finding)
    lines = _line_numbers(data, offsets)
    segments = (
        _described(number, piece, line, tuple(found))
        for number, (piece, line, found) in enumerate(zip(pieces, lines, placed, strict=True), start=1)
    )
    return Description(tuple(segments), tuple(elsewhere))


def _pieces(interchange: Interchange, data: bytes) -> Iterator[_Piece]:
    sets = [(group.version, one) for group in interchange.groups for one in group.sets]
    depths: dict[int, Sequence[int]] = {one.offset: _depths(one, version) for version, one in sets}
    versions = {one.offset: version for version, one in sets}
    remainders = {one.offset: (one.set_id, _remainder(one, version)) for version, one in sets}
    version, number = "", 0  # of the set that the segment stands in
    current: Sequence[int] = ()
    set_id, remainder = "", dict[int, tuple[int, ...]]()
    mark = interchange.separators.segment.encode("latin-1")
    start = interchange.offset
    while start < interchange.end:
        stop = data.find(mark, start, interchange.end)
        stop = interchange.end if stop < 0 else stop
        raw = data[start:stop]
        visible = raw.strip(WHITESPACE)
        if visible:
            offset = start + raw.index(visible)
            text = decoded(visible, interchange.separators.segment)
            if offset in depths:
                version, current, number = versions[offset], depths[offset], 0
                set_id, remainder = remainders[offset]
            depth = _DEPTHS.get(text.partition(interchange.separators.element)[0], 2)
            of_set = number < len(current)
            if of_set:
                depth, number = 2 + current[number], number + 1
            where = (set_id, remainder.get(number)) if of_set else ("", None)
            yield _Piece(offset, text, interchange.separators, release_of(version), depth, *where)
        start = stop + 1


def _remainder(received: TransactionSet, version: str) -> dict[int, tuple[int, ...]]:
    """By the place of a segment in its set, 1 for ST, the elements that no field of the document holds."""
    document, _ = parse_document(received, version)
    whole = None if document is None else with_remainder(received, document, version)
    return {kept.place: kept.elements for kept in whole.remainder} if isinstance(whole, Received) else {}


def _depths(transaction_set: TransactionSet, version: str) -> list[int]:
    """Of every segment of a set: 0 for ST and SE, 1 for what stands directly in it, more within loops and HL levels."""
    segments = transaction_set.segments
    walk = walk_of(release_of(version), transaction_set.set_id, transaction_set.separators)
    depths = [0 if segment[0] in ("ST", "SE") else 1 for segment in segments]
    if walk is None:
        return depths
    place = 0
    for number, segment in enumerate(segments[1:], start=1):
        step = walk.step(place, segment[0])
        if step is None or segment[0] == "SE":
            continue
        place = step.target
        node, above = walk.definition.nodes[place], 1
        while node.parent >= 0:
            node, above = walk.definition.nodes[node.parent], above + 1
        depths[number] = above
    row = TRANSACTION_SETS.get(transaction_set.set_id)
    if row is not None and row.line == "HL" and any(segment[0] == "HL" for segment in segments):
        _deepen_levels(transaction_set, depths)
    return depths


def _deepen_levels(transaction_set: TransactionSet, depths: list[int]) -> None:
    """The levels of an 856 or 870 stand within each other, though its grammar has them side by side."""
    levels = levels_of(transaction_set.segments)
    ends = [*(level.index for level in levels[1:]), len(depths)]
    for level, end in zip(levels, ends, strict=True):
        above = sum(1 for _ in level.ancestors())
        for at in range(level.index, end):
            if depths[at] > 1 or at == level.index:
                depths[at] += above


def _line_numbers(data: bytes, offsets: Sequence[int]) -> Iterator[int]:
    line, at = 1, 0
    for offset in offsets:
        line, at = line + data.count(b"\n", at, offset), offset
        yield line


def _described(number: int, piece: _Piece, line: int, findings: tuple[X12Finding, ...]) -> DescribedSegment:
    id_, *values = piece.text.split(piece.separators.element)
    known = release(piece.release_name if piece.release_name in available() else _OLDEST)
    definition = known.segments.get(id_)
    uses = definition.elements if definition else ()
    elements = [
        described
        for position, value in enumerate(values, start=1)
        if value.strip()
        for described in _elements(
            f"{id_}{position:02d}", value, uses[position - 1] if position <= len(uses) else None, known, piece.separators
        )
    ]
    return DescribedSegment(
        number, piece.depth, line, piece.offset, id_, name_of(id_), tuple(elements), findings, piece.set_id, piece.beside
    )


def _elements(
    place: str, value: str, use: ElementUse | None, known: Release, separators: Separators
) -> Iterator[DescribedElement]:
    composite = known.composites.get(use.id) if use else None
    if composite is not None and separators.component and separators.component in value:
        for number, part in enumerate(value.split(separators.component), start=1):
            inner = composite.elements[number - 1] if number <= len(composite.elements) else None
            if part:
                yield from _elements(f"{place}-{number}", part, inner, known, separators)
        return
    element = known.elements.get(use.id) if use else None
    if element is None:
        yield DescribedElement(place, name_of(use.id) if use else "", value, "")
    else:
        yield DescribedElement(place, element.name, value.rstrip(), _meaning(element.id, element.kind, value.strip()))


def _meaning(element: str, kind: str, value: str) -> str:
    if kind == "ID":
        return meaning_of(element, value)
    if kind == "DT" and len(value) == 8 and value.isascii() and value.isdigit():
        try:
            return dt.date(int(value[:4]), int(value[4:6]), int(value[6:])).isoformat()
        except ValueError:
            return ""
    digits = value.removeprefix("-")
    if kind[0] == "N" and (decimals := int(kind[1])) and digits.isascii() and digits.isdigit():
        digits = digits.rjust(decimals + 1, "0")
        return f"{'-' if value.startswith('-') else ''}{digits[:-decimals]}.{digits[-decimals:]}"
    return ""
