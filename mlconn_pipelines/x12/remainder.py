"""What a set says beyond its document: found by writing the document again and looking at what is missing.

No table of what is read has to be kept true: a segment that a parser passes over is missing in what is written, whoever wrote the
parser. What a sender states in another form (`12.50` for `12.5`, a text cut at other places, HL numbers) says the same.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import pairwise
from typing import cast

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.remainder import Received, RemainderSegment
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.grammar.loading import nearest_release, release
from mlconn_pipelines.x12.guide import Delimiters, PartnerGuide
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.sets import module_of

Key = tuple[str, ...]
Shape = Mapping[int, str]
"""By the number of an element whose value has more than one way to be written: `number`, `time` or `text`."""

_ENVELOPE = frozenset(("ST", "SE"))
_SUMMARY = frozenset(("CTT", "TDS"))
_TEXTS = {"PID": 5, "MSG": 1, "NTE": 2}
"""Long texts, which a document holds whole and a set in pieces."""
_LIKENESS_TRIED_MAX = 200


class _AllOfIt(Writing):
    """Writes every product number, in the order that the document has them in, and nothing that it does not state."""

    def __init__(self, set_id: str, version: str, component: str) -> None:
        guide = PartnerGuide("", "", "", "", "", "", "", version=version, delimiters=Delimiters(component=component))
        super().__init__(guide, set_id, str)

    def product_pairs(self, ids: Sequence[ProductId]) -> tuple[str, ...]:
        return tuple(part for one in ids for part in (one.qualifier, one.id))


def with_remainder(received: TransactionSet, document: Document, version: str) -> Document:
    """The document with what it does not hold of the set, and in which order that had it. version: GS08."""
    if not isinstance(document, Received):
        return document
    segments, set_id = received.segments, received.set_id
    own = written_again(document, set_id, version, received.separators.component or ">")
    ids = [segment[0] for segment in segments if segment[0] not in _ENVELOPE]
    found = remainder_of(segments, own, set_id, version)
    if not found and ids == [segment[0] for segment in own]:
        return document
    whole, merged = _checked(segments, own, document, found, version)
    if ids == [segment[0] for segment in merged]:
        return whole
    return _checked(segments, own, replace(document, layout=" ".join(ids)), found, version)[0]


def _checked(
    segments: Sequence[Segment], own: Sequence[Segment], document: Received, found: Sequence[RemainderSegment], version: str
) -> tuple[Document, list[Segment]]:
    """The document with its remainder, and what is written of both. Elements that would not come back to their own segment are kept
    with all of it, as where a set has the same segment several times."""
    set_id = segments[0][1].strip()
    while True:
        whole = cast("Document", replace(document, remainder=tuple(found)))
        merged = _merged(own, whole, version)
        astray = {kept.place for kept in remainder_of(segments, merged, set_id, version)}
        if not astray:
            return whole, merged
        kept_whole = {kept.place for kept in found if not kept.elements}
        if astray <= kept_whole:  # its like, at another place, was taken for it
            ids = {segments[place - 1][0] for place in astray}
            astray = {place for place, segment in enumerate(segments, start=1) if segment[0] in ids}
            if astray <= kept_whole:
                return whole, merged
        lines = _lines_of(segments, set_id)
        anew = [RemainderSegment(place, _trimmed(segments[place - 1]), (), lines[place - 1]) for place in astray]
        found = sorted([*anew, *(kept for kept in found if kept.place not in astray)], key=lambda kept: kept.place)


def written_again(document: Document, set_id: str, version: str, component: str = ">") -> list[Segment]:
    """The segments between ST and SE that the document's own fields make, without a partner's guide; its remainder is not among them."""
    made: Iterable[OutSegment] = module_of(set_id).render(document, _AllOfIt(set_id, version, component))
    return [_flat(segment, component) for segment in made]


def written_whole(document: Document, set_id: str, version: str, component: str = ">") -> list[Segment]:
    """The same with its remainder, in the order of the set that it was read from."""
    return _merged(written_again(document, set_id, version, component), document, version)


def _merged(own: Sequence[Segment], document: Document, version: str) -> list[Segment]:
    if not isinstance(document, Received):
        return list(own)
    shapes = _shapes(nearest_release(version) or "004010")
    free = _Free(own)
    placed = {kept.place: free.filled(kept, shapes) if kept.elements else kept.segment for kept in document.remainder}
    rest = free.left()
    if not document.layout:
        others = iter(rest)
        wanted = (placed.get(place) or next(others, None) for place in range(2, max(placed, default=0) + 1))
        return [*(segment for segment in wanted if segment is not None), *others]
    waiting: defaultdict[str, deque[Segment]] = defaultdict(deque)
    for segment in rest:
        waiting[segment[0]].append(segment)
    whole = []
    for place, id_ in enumerate(document.layout.split(), start=2):
        if (kept := placed.get(place)) is not None:
            whole.append(kept)
        elif waiting[id_]:
            whole.append(waiting[id_].popleft())
    # What is left says what is kept whole instead, but for texts, which may be cut into more pieces than they came in.
    return [*whole, *(segment for id_, left in waiting.items() if id_ in _TEXTS for segment in left)]


def remainder_of(
    segments: Sequence[Segment], written: Sequence[Segment], set_id: str, version: str
) -> tuple[RemainderSegment, ...]:
    """What stands in a set and not in what was written of its document. segments: of the set, with ST and SE. written: without them."""
    shapes = _shapes(nearest_release(version) or "004010")
    unmatched = Counter(_key(segment, shapes) for segment in written)
    left: list[tuple[int, Segment, Key]] = []
    for place, segment in enumerate(segments, start=1):
        if segment[0] in _ENVELOPE:
            continue
        key = _key(segment, shapes)
        if unmatched[key] > 0:
            unmatched[key] -= 1
        else:
            left.append((place, segment, key))
    if not left:
        return ()
    others: defaultdict[str, list[Key]] = defaultdict(list)
    for key in unmatched.elements():
        others[key[0]].append(key)
    texts = {id_: _Texts(id_, segments, written) for id_ in _TEXTS}
    lines = _lines_of(segments, set_id)
    return tuple(
        RemainderSegment(place, _trimmed(segment), elements, lines[place - 1])
        for place, segment, key in left
        if (elements := _not_held(segment, key, others[segment[0]], texts)) is not None
    )


def _not_held(segment: Segment, key: Key, others: list[Key], texts: Mapping[str, _Texts]) -> tuple[int, ...] | None:
    """The elements that are not held, none where the whole segment is not; None where all is."""
    best = max(others[:_LIKENESS_TRIED_MAX], key=lambda other: _likeness(key, other), default=None)
    long_text = _TEXTS.get(segment[0])
    if long_text is not None and len(key) > long_text and (best is None or best[long_text:][:1] != key[long_text:][:1]):
        says_more = any((*key[3:long_text], *key[long_text + 1 :]))
        return None if not says_more and texts[segment[0]].hold(key[long_text]) else ()
    if best is None or segment[0] == "HL" or _likeness(key, best) == 0:
        return ()
    others.remove(best)
    pairs = set(pairwise(best[1:]))
    missing = tuple(
        n
        for n, value in enumerate(key[1:], start=1)
        if value and (n >= len(best) or best[n] != value) and not _is_in_a_pair(key, n, pairs)
    )
    return missing or None


def _is_in_a_pair(key: Key, n: int, pairs: set[tuple[str, str]]) -> bool:
    """Whether a product number stands elsewhere in the segment with its own qualifier."""
    if key[0] not in ("PO1", "IT1", "POC", "LIN"):
        return False
    return (key[n - 1], key[n]) in pairs or (n + 1 < len(key) and (key[n], key[n + 1]) in pairs)


def _likeness(one: Key, other: Key) -> int:
    """How many filled elements are alike; 0 where qualifiers, the first ones, differ in segments that have one."""
    if one[1:2] != other[1:2] and one[0] in _QUALIFIED:
        return 0
    return 1 + sum(a == b != "" for a, b in zip(one[1:], other[1:], strict=False))


_QUALIFIED = frozenset(("REF", "DTM", "N1", "PER", "MAN", "SAC", "AMT", "TXI", "ITD", "QTY", "CTP", "ACK", "MEA", "N9", "SLN"))


def _key(segment: Segment, shapes: Mapping[str, Shape]) -> Key:
    """The segment as all who state the same write it."""
    if segment[0] == "HL":
        return ("HL", segment[3].strip() if len(segment) > 3 else "")
    shape = shapes.get(segment[0])
    elements = [element.strip() for element in segment]
    if shape:
        for n, kind in shape.items():
            if n < len(elements) and elements[n]:
                elements[n] = _plain(elements[n], kind)
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    return tuple(elements)


def _plain(value: str, kind: str) -> str:
    if kind == "time":
        return value.ljust(8, "0")
    if kind == "text":
        return _words(value)
    if value.isdigit() and not value.startswith("0"):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return value
    return format(number.normalize(), "f") if number else "0"


@cache
def _shapes(release_name: str) -> Mapping[str, Shape]:
    known = release(release_name)
    shapes: dict[str, Shape] = {}
    for id_, definition in known.segments.items():
        kinds = {}
        for n, use in enumerate(definition.elements, start=1):
            element = known.elements.get(use.id)
            if element is None:
                continue
            if element.kind == "R" or element.kind[0] == "N":
                kinds[n] = "number"
            elif element.kind == "TM":
                kinds[n] = "time"
            elif element.kind == "AN":
                kinds[n] = "text"
        shapes[id_] = kinds
    return shapes


_BLANKS = re.compile(r"\s+")


def _words(value: str) -> str:
    return _BLANKS.sub(" ", value).strip() if "  " in value or "\n" in value else value


class _Texts:
    """The long texts of one kind of segment, which a document holds whole and may cut at other places."""

    def __init__(self, id_: str, segments: Sequence[Segment], written: Sequence[Segment]) -> None:
        theirs, ours = _texts_of(id_, segments), _texts_of(id_, written)
        self._all_held = _squashed(theirs) == _squashed(ours)
        self._left = f" {' '.join(' '.join(ours).split())} "

    def hold(self, text: str) -> bool:
        """Whether the document says it: all texts together are the same, or these words stand in what no other piece was found in."""
        if self._all_held:
            return True
        words = f" {' '.join(text.split())} "
        if words not in self._left:
            return False
        self._left = self._left.replace(words, "  ", 1)
        return True


def _texts_of(id_: str, segments: Sequence[Segment]) -> list[str]:
    return [segment[_TEXTS[id_]] for segment in segments if segment[0] == id_ and len(segment) > _TEXTS[id_]]


def _squashed(texts: Sequence[str]) -> str:
    return "".join("".join(text.split()) for text in texts)


def _lines_of(segments: Sequence[Segment], set_id: str) -> list[str]:
    """For each segment, what the sender numbers the line by that it stands in, else the line's place; empty outside of lines."""
    line_id, label, count = TRANSACTION_SETS[set_id].line, "", 0
    labels = []
    for segment in segments:
        if segment[0] == line_id:
            count += 1
            stated = segment[1].strip() if len(segment) > 1 and line_id != "HL" else ""
            label = stated or str(count)
        elif segment[0] in _SUMMARY:
            label = ""
        labels.append(label)
    return labels


def _trimmed(segment: Segment) -> Segment:
    elements = [element.rstrip() for element in segment]
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    return tuple(elements)


class _Free:
    """The document's own segments, of which those are taken that get elements back."""

    def __init__(self, own: Sequence[Segment]) -> None:
        self._own: list[Segment | None] = list(own)
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for place, segment in enumerate(own):
            self._places[segment[0]].append(place)

    def left(self) -> list[Segment]:
        return [segment for segment in self._own if segment is not None]

    def filled(self, kept: RemainderSegment, shapes: Mapping[str, Shape]) -> Segment:
        """The first segment that holds the other elements of this one, with all of them; what is kept where none does."""
        held = _without(_key(kept.segment, shapes), kept.elements)
        for n, place in enumerate(self._places[kept.id]):
            segment = self._own[place]
            if segment is not None and _without(_key(segment, shapes), kept.elements) == held:
                self._own[place] = None
                del self._places[kept.id][n]
                elements = [*segment, *[""] * (len(kept.segment) - len(segment))]
                for element in kept.elements:
                    elements[element] = kept.segment[element]
                return tuple(elements)
        return kept.segment


def _without(key: Key, elements: Sequence[int]) -> Key:
    left = [value for n, value in enumerate(key) if n not in elements]
    while left and not left[-1]:
        left.pop()
    return tuple(left)


def _flat(segment: OutSegment, component: str) -> Segment:
    return _trimmed(tuple(one if isinstance(one, str) else component.join(one).rstrip(component) for one in segment))
