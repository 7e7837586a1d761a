"""How much of other people's files survives being read and written again, element by element.

Both texts are compared by `comparing`, which knows nothing of how a remainder is found, so that the one judges the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from mlconn_pipelines.documents.transaction_sets import READ_SETS
from mlconn_pipelines.x12.comparing import Difference, differences
from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.grammar.loading import release
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.remainder import with_remainder, written_again, written_whole

_HEADER = (
    "ISA*00*          *00*          *ZZ*ONE            *ZZ*OTHER          *261129*1200*U*00401*000000001*0*P*>~"
    "GS*XX*ONE*OTHER*20261129*1200*1*X*004010~ST*000*0001~"
)
_TRAILER = "SE*1*0001~GE*1*1~IEA*1*000000001~"
_SEPARATORS = {ord("*"): "\x1d", ord("~"): "\x1c"}
_LONG_TEXT_AT = {"PID": 5, "MSG": 1, "NTE": 2}
_PAIRS_FROM = {"PO1": 6, "IT1": 6, "POC": 8, "LIN": 2}


@dataclass(slots=True)
class Survival:
    """Of one kind of set. sets: distinct ones. elements: filled ones between ST and SE. in_fields: those that a field of the document
    holds. kept: those that are written again, by fields and remainder. lost: the others, as `file BIG05 '0042'`.

    remainder: segments that are kept beside the fields, by their id. passed_over: sets of which no document can be made, and why.
    """

    set_id: str
    sets: int = 0
    elements: int = 0
    in_fields: int = 0
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    remainder: Counter[str] = field(default_factory=Counter)
    passed_over: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """0 to 1; 1 where there was nothing to lose."""
        return self.kept / self.elements if self.elements else 1.0

    @property
    def share_in_fields(self) -> float:
        return self.in_fields / self.elements if self.elements else 1.0


def survival(files: Iterable[tuple[str, bytes]]) -> dict[str, Survival]:
    """By set, over all files, each a name and its bytes. Sets of which no document can be made are named and not counted."""
    found: dict[str, Survival] = {}
    seen: set[tuple[Segment, ...]] = set()
    for name, content in files:
        for interchange in read(content).interchanges:
            for group, received in interchange.sets():
                body = tuple(received.segments[1:-1])
                if received.set_id not in READ_SETS or body in seen:
                    continue
                seen.add(body)
                _take(found.setdefault(received.set_id, Survival(received.set_id)), name, received, group.version)
    return dict(sorted(found.items()))


def _take(so_far: Survival, name: str, received: TransactionSet, version: str) -> None:
    read_as, unreadable = parse_document(received, version)
    if read_as is None:
        so_far.passed_over.append(f"{name}: {unreadable[0].message}")
        return
    document = with_remainder(received, read_as, version)
    so_far.remainder.update(kept.id for kept in getattr(document, "remainder", ()))
    body = received.segments[1:-1]
    component = received.separators.component or ">"
    before = _text(body)
    lost = _missing(before, _text(written_whole(document, received.set_id, version, component)))
    not_in_fields = _missing(before, _text(written_again(document, received.set_id, version, component)))
    count = sum(_filled(segment) for segment in body)
    so_far.sets += 1
    so_far.elements += count
    so_far.in_fields += count - sum(map(_count, not_in_fields))
    so_far.kept += count - sum(map(_count, lost))
    so_far.lost += [f"{name} {one.place} {one.before!r}" for one in lost]


def _text(body: Iterable[Segment]) -> bytes:
    """As an interchange whose separators stand in no text of the set."""
    lines = ("*".join(element.translate(_SEPARATORS) for element in _without_gaps(segment)) + "~" for segment in body)
    return (_HEADER + "".join(lines) + _TRAILER).encode()


def _without_gaps(segment: Segment) -> Segment:
    """Pairs of product numbers say the same wherever they stand in a segment."""
    first = _PAIRS_FROM.get(segment[0])
    if first is None or len(segment) <= first or all(segment[first:]):
        return segment
    pairs = (segment[n : n + 2] for n in range(first, len(segment), 2))
    return (*segment[:first], *(element for pair in pairs if any(map(str.strip, pair)) for element in pair))


def _missing(before: bytes, after: bytes) -> list[Difference]:
    same_texts = {id_ for id_ in _LONG_TEXT_AT if _all_texts(before, id_) == _all_texts(after, id_)}
    return [
        one
        for one in differences(before, after, ignore_envelope=True)
        if one.kind != "added" and one.before and one.segment_id != "HL" and not _is_same(one, same_texts)
    ]


def _all_texts(content: bytes, id_: str) -> str:
    """The long texts of these segments one after another, without blanks: the same wherever they are cut."""
    segments = (line.split("*") for line in content.decode().split("~"))
    place = _LONG_TEXT_AT[id_]
    return "".join("".join(segment[place].split()) for segment in segments if segment[0] == id_ and len(segment) > place)


def _is_same(one: Difference, same_texts: Collection[str]) -> bool:
    """A number written otherwise, a time with seconds that are none, a text with other blanks or cut at another place."""
    before, after = " ".join(one.before.split()), " ".join(one.after.split())
    if before == after:
        return True
    place = _LONG_TEXT_AT.get(one.segment_id)
    if one.element is None:
        segment = before.split("*")
        return place is not None and one.segment_id in same_texts and not any((*segment[2:place], *segment[place + 1 :]))
    if one.element == place and one.segment_id in same_texts:
        return True
    if _is_time(one.segment_id, one.element):
        return before.ljust(8, "0") == after.ljust(8, "0")
    try:
        return Decimal(before) == Decimal(after)
    except InvalidOperation:
        return False


def _is_time(segment_id: str, element: int) -> bool:
    known = release("004010")
    definition = known.segments.get(segment_id)
    if definition is None or element > len(definition.elements):
        return False
    named = known.elements.get(definition.elements[element - 1].id)
    return named is not None and named.kind == "TM"


def _count(one: Difference) -> int:
    return 1 if one.element else _filled(one.before.split("*"))


def _filled(segment: Sequence[str]) -> int:
    return sum(1 for element in segment[1:] if element.strip())
