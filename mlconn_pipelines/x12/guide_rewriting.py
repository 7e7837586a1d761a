"""What a guide changes in segments of ours before they are written: fixed values put in, what is not wanted left out."""

from __future__ import annotations

from collections.abc import Sequence

from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.guide_targets import Target, target_of
from mlconn_pipelines.x12.segment_writing import OutSegment

_PARTY_MEMBERS = frozenset(("N2", "N3", "N4", "REF", "PER"))
_LOOP_MEMBERS = {"N1": _PARTY_MEMBERS, "N9": frozenset(("MSG", "MTX"))}
_ONLY_INFORM = frozenset(("N1", "N9", "REF", "DTM", "PER"))
"""Segments that are left out where the partner does not take their qualifier; without another (SAC, HL) the rest would be wrong."""

_NEVER_LEFT_OUT = frozenset(("HL", "IT1", "PO1", "POC", "LIN", "SN1", "ACK", "SAC", "TXI"))
"""Lines, levels and amounts: without them the document would be another, so that it is refused instead."""


def rewritten(segments: Sequence[OutSegment], guide: PartnerGuide, set_id: str) -> list[OutSegment]:
    """The segments with the guide's forbidden parts left out (a loop with its members) and its fixed elements put in.

    References, dates, contacts and parties with a qualifier that the partner does not take are left out too.
    """
    rules = guide.rules(set_id)
    if not (rules.forbidden or rules.fixed or rules.qualifiers):
        return list(segments)
    unwanted = [target for name in rules.forbidden if (target := _readable(name))]
    forbidden = [target for target in unwanted if target.element or target.segment not in _NEVER_LEFT_OUT]
    fixed = [(target, value) for name, value in rules.fixed.items() if (target := _readable(name))]
    taken = {id_: values for id_, values in rules.qualifiers.items() if id_ in _ONLY_INFORM}
    kept: list[OutSegment] = []
    left_out: frozenset[str] = frozenset()
    for segment in segments:
        id_ = str(segment[0])
        if id_ in left_out:
            continue
        left_out = frozenset()
        is_unwanted = id_ in taken and len(segment) > 1 and segment[1] not in taken[id_]
        if is_unwanted or any(target.element is None and _matches(target, segment) for target in forbidden):
            left_out = _LOOP_MEMBERS.get(id_, frozenset())
            continue
        for target in forbidden:
            if target.element and _matches(target, segment):
                segment = _with(segment, target.element, "")
        for target, value in fixed:
            if target.element and _matches(target, segment):
                segment = _with(segment, target.element, value)
        kept.append(segment)
    return kept


def _readable(name: str) -> Target | None:
    """What a rule is about; the second reading tells of one that names nothing."""
    try:
        return target_of(name)
    except ValueError:
        return None


def _matches(target: Target, segment: OutSegment) -> bool:
    return segment[0] == target.segment and target.matches([e if isinstance(e, str) else e[0] for e in segment])


def _with(segment: OutSegment, element: int, value: str) -> OutSegment:
    padded = [*segment, *("",) * (element + 1 - len(segment))]
    padded[element] = value
    return tuple(padded)
