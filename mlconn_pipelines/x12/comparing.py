"""Two X12 texts side by side: which segments were added or removed, and which elements changed. Pure; never raises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from mlconn_pipelines.documents.transaction_sets import number_at
from mlconn_pipelines.x12.envelope import Segment, decoded, segment_texts
from mlconn_pipelines.x12.reader import read

ENVELOPE_ELEMENTS = {"ISA": (9, 10, 13), "GS": (4, 5, 6), "ST": (2,), "SE": (2,), "GE": (2,), "IEA": (2,)}
"""Dates, times and control numbers: what differs between two renderings of one document, by segment."""

_BEGIN = frozenset(("ISA", "GS", "ST", "GE", "IEA"))
_LOOK_AHEAD = 64
_PAIRS_MAX = 40_000
"""Segments times segments of one changed stretch that are paired by likeness; a longer stretch is paired by ids alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. segment_before, segment_after: number in its file, from 1 (None where the segment is not there).

    element: from 1, with `before` and `after` its two values; None where a whole segment was added or removed, which then
    stands in `after` or `before` with `*` between its elements.
    """

    kind: Literal["changed", "added", "removed"]
    segment_before: int | None
    segment_after: int | None
    segment_id: str
    element: int | None
    before: str
    after: str

    @property
    def segment(self) -> int:
        """The segment's number in the first file or, where it is only in the second, in that."""
        return self.segment_before or self.segment_after or 0

    @property
    def place(self) -> str:
        """`BIG02`, or `PID` for a whole segment."""
        return f"{self.segment_id}{self.element:02d}" if self.element else self.segment_id


class _Text(NamedTuple):
    """All segments of a text, the component separator of each, and what is compared of each."""

    segments: list[Segment]
    components: list[str]
    keys: list[Segment]


def differences(before: bytes, after: bytes, *, ignore_envelope: bool = False) -> list[Difference]:
    """What differs between two texts, in their order; empty where segments and elements are the same.

    Each is read with its own separators, so line breaks and other separators are no difference of their elements (ISA11 and
    ISA16, which hold separators, are). Trailing empty elements count for nothing. ignore_envelope: dates, times and control
    numbers of the envelope (`ENVELOPE_ELEMENTS`) may differ. Bytes that are no X12 are compared by lines.

    >>> [(d.place, d.before, d.after) for d in differences(b"ST*810*1~BIG*20260301*A~", b"ST*810*2~BIG*20260301*B~")]
    [('ST02', '1', '2'), ('BIG02', 'A', 'B')]
    """
    if before == after:
        return []
    old, new = _text_of(before, ignore_envelope), _text_of(after, ignore_envelope)
    return [difference for pair in _aligned(old.keys, new.keys) for difference in _of_pair(old, new, *pair, ignore_envelope)]


def _text_of(data: bytes, ignore_envelope: bool) -> _Text:
    text = _Text([], [], [])
    interchanges = read(data).interchanges
    for interchange in interchanges:
        separators = interchange.separators
        for line in segment_texts(interchange.content, separators.segment):
            segment = tuple(line.split(separators.element))
            while len(segment) > 1 and not segment[-1].strip():
                segment = segment[:-1]
            text.segments.append(segment)
            text.components.append(separators.component)
    if not interchanges:
        text.segments.extend((line,) for line in decoded(data).splitlines() if line.strip())
        text.components.extend("" for _ in text.segments)
    text.keys.extend(map(_key, text.segments) if ignore_envelope else text.segments)
    return text


def _key(segment: Segment) -> Segment:
    ignored = ENVELOPE_ELEMENTS.get(segment[0])
    return tuple("" if n in ignored else e for n, e in enumerate(segment)) if ignored else segment


def _aligned(old: Sequence[Segment], new: Sequence[Segment]) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of positions that belong together and are not alike; None where one side has nothing."""
    for (a, b), (c, d) in _parts_paired(_parts(old), _parts(new)):
        for one, other in _aligned_within(old[a:b], new[c:d]):
            yield None if one is None else a + one, None if other is None else c + other


class _Part(NamedTuple):
    """A transaction set, or one segment of the envelope. kind: `850` or `GS`; number: the document's own, where it has one."""

    start: int
    stop: int
    kind: str
    number: str = ""


def _parts(segments: Sequence[Segment]) -> list[_Part]:
    parts: list[_Part] = []
    at = 0
    while at < len(segments):
        stop, kind, number = at + 1, segments[at][0], ""
        if kind == "ST":
            while stop < len(segments) and segments[stop][0] not in _BEGIN:
                stop += 1
                if segments[stop - 1][0] == "SE":
                    break
            kind = segments[at][1] if len(segments[at]) > 1 else ""
            name, place = number_at(kind)
            beginning = next((s for s in segments[at:stop][:5] if s[0] == name and len(s) > place), None)
            number = beginning[place] if beginning else ""
        parts.append(_Part(at, stop, kind, number))
        at = stop
    return parts


def _parts_paired(old: Sequence[_Part], new: Sequence[_Part]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Stretches of both texts to be compared with each other: by kind and document number, else by kind in their order."""
    at_old = at_new = 0
    for one, other in (*_matches([part[2:] for part in old], [part[2:] for part in new]), (len(old), len(new))):
        gone, come = old[at_old:one], new[at_new:other]
        kinds = _in_step([part.kind for part in gone], [part.kind for part in come])
        in_gone = in_come = 0
        for n, m in (*kinds, (len(gone), len(come))):
            yield from (((part.start, part.stop), (part.start, part.start)) for part in gone[in_gone:n])
            yield from (((part.start, part.start), (part.start, part.stop)) for part in come[in_come:m])
            if n < len(gone) and m < len(come):
                yield gone[n][:2], come[m][:2]
            in_gone, in_come = n + 1, m + 1
        if one < len(old):
            yield old[one][:2], new[other][:2]
        at_old, at_new = one + 1, other + 1


def _matches(old: Sequence[object], new: Sequence[object]) -> list[tuple[int, int]]:
    blocks = SequenceMatcher(None, old, new).get_matching_blocks()
    return [(block.a + n, block.b + n) for block in blocks for n in range(block.size)]


def _in_step(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Equal names paired in one pass, with a look ahead where they part: for long stretches of few different names."""
    pairs, n, m = [], 0, 0
    while n < len(old) and m < len(new):
        if old[n] == new[m]:
            pairs.append((n, m))
            n, m = n + 1, m + 1
            continue
        for ahead in range(1, _LOOK_AHEAD):
            if n + ahead < len(old) and old[n + ahead] == new[m]:
                n += ahead
                break
            if m + ahead < len(new) and new[m + ahead] == old[n]:
                m += ahead
                break
        else:
            n, m = n + 1, m + 1
    return pairs


def _aligned_within(old: Sequence[Segment], new: Sequence[Segment]) -> Iterator[tuple[int | None, int | None]]:
    start, stop_old, stop_new = 0, len(old), len(new)
    while start < min(stop_old, stop_new) and old[start] == new[start]:
        start += 1
    while stop_old > start and stop_new > start and old[stop_old - 1] == new[stop_new - 1]:
        stop_old, stop_new = stop_old - 1, stop_new - 1
    matcher = SequenceMatcher(None, old[start:stop_old], new[start:stop_new])
    for operation, a, b, c, d in matcher.get_opcodes():
        if operation != "equal":
            for one, other in _paired(old[start + a : start + b], new[start + c : start + d]):
                yield None if one is None else start + a + one, None if other is None else start + c + other


def _paired(old: Sequence[Segment], new: Sequence[Segment]) -> Iterator[tuple[int | None, int | None]]:
    """Segments of one changed stretch: those of one id that have most in common are one segment that was changed."""
    if not old or not new:
        yield from ((n, None) for n in range(len(old)))
        yield from ((None, n) for n in range(len(new)))
        return
    matched = (
        _by_likeness(old, new) if len(old) * len(new) <= _PAIRS_MAX else _in_step([s[0] for s in old], [s[0] for s in new])
    )
    at_old = at_new = 0
    for one, other in (*matched, (len(old), len(new))):
        yield from ((n, None) for n in range(at_old, one))
        yield from ((None, n) for n in range(at_new, other))
        if one < len(old) and old[one] != new[other]:
            yield one, other
        at_old, at_new = one + 1, other + 1


def _by_likeness(old: Sequence[Segment], new: Sequence[Segment]) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, whose likeness is largest in sum."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[_likeness(one, other) for other in new] for one in old]
    for n in range(len(old) - 1, -1, -1):
        row, below = best[n], best[n + 1]
        for m in range(len(new) - 1, -1, -1):
            paired = alike[n][m] + below[m + 1] if alike[n][m] else 0.0
            row[m] = max(paired, below[m], row[m + 1])
    pairs, n, m = [], 0, 0
    while n < len(old) and m < len(new):
        if alike[n][m] and best[n][m] == alike[n][m] + best[n + 1][m + 1]:
            pairs.append((n, m))
            n, m = n + 1, m + 1
        elif best[n][m] == best[n + 1][m]:
            n += 1
        else:
            m += 1
    return pairs


def _likeness(one: Segment, other: Segment) -> float:
    """0 for segments of different ids, else 1 and more: the first element, often a qualifier, counts for two."""
    if one[0] != other[0]:
        return 0.0
    same = sum(a == b for a, b in zip(one[1:], other[1:], strict=False)) + (one[1:2] == other[1:2])
    return 1.0 + same / max(len(one), len(other), 2)


def _of_pair(old: _Text, new: _Text, before: int | None, after: int | None, ignore_envelope: bool) -> Iterator[Difference]:
    if after is None and before is not None:
        segment = old.segments[before]
        yield Difference("removed", before + 1, None, segment[0], None, "*".join(segment), "")
    elif before is None and after is not None:
        segment = new.segments[after]
        yield Difference("added", None, after + 1, segment[0], None, "", "*".join(segment))
    elif before is not None and after is not None:
        one, other = old.segments[before], new.segments[after]
        ignored = ENVELOPE_ELEMENTS.get(one[0], ()) if ignore_envelope else ()
        separators = (old.components[before], new.components[after])
        for element in range(1, max(len(one), len(other))):
            a = one[element] if element < len(one) else ""
            b = other[element] if element < len(other) else ""
            if element not in ignored and a != b and not _same_components(a, b, *separators):
                yield Difference("changed", before + 1, after + 1, one[0], element, a, b)


def _same_components(a: str, b: str, separator_a: str, separator_b: str) -> bool:
    """Whether two composites differ in their separator only."""
    if separator_a == separator_b or not separator_a or not separator_b or separator_a not in a or a == separator_a:
        return False
    return a.split(separator_a) == b.split(separator_b)
