"""Over what a partner has sent: which elements came how often, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mlconn_pipelines.documents.remainder import Received, RemainderSegment
from mlconn_pipelines.documents.transaction_sets import READ_SETS
from mlconn_pipelines.edi.not_carried_over import MAY_REACH_NO_RECORD, QUALIFIED
from mlconn_pipelines.edi.remainder_rules import rule_of
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.receipt_checks import check_received

_VERDICTS = {"hold": "holds the document", "tell": "told on the document", "ignore": "of no account"}


@dataclass(slots=True)
class CoveredElement:
    """place: `REF02`, with the qualifier of its segment where it has one (`REF02 of IA`). sets: in how many it came. times: how often.

    became: in words; why: the reason of the row, empty where a field decides something by it. example: the first value that came.
    """

    set_id: str
    place: str
    became: str
    why: str
    example: str
    times: int = 0
    sets: int = 0


@dataclass(slots=True)
class Coverage:
    """sets: how many of each were looked at. unread: sets of which no document can be made, by their id."""

    elements: list[CoveredElement] = field(default_factory=list)
    sets: dict[str, int] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)


def coverage(contents: Iterable[bytes], partner: Partner) -> Coverage:
    """contents: files or interchanges; those that another partner sent are left out."""
    found = Coverage()
    rows: dict[tuple[str, str, str], CoveredElement] = {}
    for content in contents:
        for interchange in read(content).interchanges:
            if (interchange.sender_qualifier, interchange.sender_id) != (partner.guide.their_qualifier, partner.guide.their_id):
                continue
            for group, received in interchange.sets():
                if received.set_id in READ_SETS:
                    _take(received, group.version, partner, found, rows)
    found.elements = list(rows.values())
    return found


def _take(
    received: TransactionSet, version: str, partner: Partner, found: Coverage, rows: dict[tuple[str, str, str], CoveredElement]
) -> None:
    set_id = received.set_id
    document = check_received(received, version, partner.guide).document
    if document is None:
        found.unread[set_id] = found.unread.get(set_id, 0) + 1
        return
    found.sets[set_id] = found.sets.get(set_id, 0) + 1
    kept = {one.place: one for one in document.remainder} if isinstance(document, Received) else {}
    here = set()
    for place, segment in enumerate(received.segments, start=1):
        for name, value, became, why in _elements(segment, kept.get(place), set_id, partner):
            key = (set_id, name, became)
            row = rows.setdefault(key, CoveredElement(set_id, name, became, why, value))
            row.times += 1
            if key not in here:
                row.sets += 1
                here.add(key)


def _elements(
    segment: Segment, kept: RemainderSegment | None, set_id: str, partner: Partner
) -> Iterator[tuple[str, str, str, str]]:
    id_ = segment[0]
    if id_ in ("ST", "SE"):
        return
    qualifier = segment[1].strip() if len(segment) > 1 else ""
    of = f" of {qualifier}" if qualifier and id_ in QUALIFIED else ""
    for number, element in enumerate(segment[1:], start=1):
        if not element.strip():
            continue
        is_kept = kept is not None and (not kept.elements or number in kept.elements)
        if is_kept or id_ in MAY_REACH_NO_RECORD:
            rule = rule_of(set_id, id_, qualifier, partner.unread, in_field=not is_kept)
            became, why = _VERDICTS[rule.verdict], rule.why
        else:
            became, why = "read", ""
        yield f"{id_}{number:02d}{of}", element.strip(), became, why


def as_rows(found: Coverage) -> list[Mapping[str, object]]:
    """A row an element, those that hold or are told first."""
    order = {"holds the document": 0, "told on the document": 1, "of no account": 2, "read": 3}
    ranked = sorted(found.elements, key=lambda row: (row.set_id, order[row.became], -row.sets))
    return [
        {
            "set": row.set_id,
            "element": row.place,
            "sets": row.sets,
            "of": found.sets[row.set_id],
            "times": row.times,
            "what becomes of it": row.became,
            "why": row.why,
            "example": row.example,
        }
        for row in ranked
    ]
