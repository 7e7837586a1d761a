"""997s: written about what was received, read about what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlconn_simulators.partner.findings import Fault, verdict_of
from mlconn_simulators.partner.x12_text import Group, Segment, TransactionSet, element

_FAULTS_TOLD = 10
"""A set with more faults is told the first ones; the sender will find the rest when they correct it."""


def acknowledgment_of(group: Group, version: str, group_faults: list[Fault], set_faults: list[list[Fault]]) -> list[Segment]:
    """The segments between ST*997 and SE. set_faults: one list for each set of the group, in order."""
    first = ["AK1", group.header[1], group.control]
    segments: list[Segment] = [[*first, group.version] if version.startswith("005") else first]
    accepted = 0
    verdicts = []
    refused = any(fault.rejects for fault in group_faults)
    for document, faults in zip(group.sets, set_faults, strict=True):
        verdict = "R" if refused else verdict_of(faults)
        verdicts.append(verdict)
        accepted += verdict != "R"
        segments += _about(document, verdict, faults)
    codes = list(dict.fromkeys(fault.code for fault in group_faults if fault.level == "group"))[:5]
    stated = element(group.trailer, 1) if group.trailer else ""
    whole = _whole(verdicts, refused)
    segments.append(["AK9", whole, stated or str(len(group.sets)), str(len(group.sets)), str(accepted), *codes])
    return segments


def _whole(verdicts: Sequence[str], refused: bool) -> str:
    if refused or (verdicts and all(verdict == "R" for verdict in verdicts)):
        return "R"
    if "R" in verdicts:
        return "P"
    return "E" if "E" in verdicts else "A"


def _about(document: TransactionSet, verdict: str, faults: list[Fault]) -> list[Segment]:
    segments: list[Segment] = [["AK2", document.id, document.control]]
    open_at = 0
    for fault in [fault for fault in faults if fault.level in ("segment", "element")][:_FAULTS_TOLD]:
        if fault.level == "segment":
            segments.append(["AK3", fault.segment, str(fault.position), "", fault.code])
            open_at = 0
            continue
        if fault.position != open_at:
            segments.append(["AK3", fault.segment, str(fault.position), "", "8"])
            open_at = fault.position
        number = fault.number if fault.number.isdigit() else ""
        segments.append(["AK4", str(fault.element), number, fault.code, fault.bad])
    codes = dict.fromkeys(fault.code for fault in faults if fault.level == "set")
    if any(fault.level in ("segment", "element") for fault in faults):
        codes["5"] = None
    segments.append(["AK5", verdict, *list(codes)[:5]])
    return segments


def habitual_fault(document: TransactionSet, pick: int, *, rejects: bool) -> Fault:
    """A fault that is none: what a partner's over-strict or broken translator finds in a sound document."""
    lines = [
        (position, segment)
        for position, segment in enumerate(document.segments, start=1)
        if segment[0] in ("IT1", "PO1", "SN1")
    ]
    if not lines:
        return Fault("element", "7", "Refused by habit", document.segments[1][0], 2, 1, rejects=rejects)
    position, segment = lines[pick % len(lines)]
    text = f"{segment[0]}03 is not in our list of units"
    return Fault("element", "7", text, segment[0], position, 3, "355", element(segment, 3), rejects)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a 997 says: about one set, or, with an empty set_control, about all sets of the group."""

    functional_id: str
    group_control: str
    set_id: str
    set_control: str
    code: str
    faults: tuple[str, ...] = ()


def answers_of(document: TransactionSet) -> list[Answer]:
    """Every AK2 with its AK5, and AK9 for the rest of the group."""
    answers: list[Answer] = []
    functional_id = group_control = set_id = set_control = ""
    faults: list[str] = []
    for segment in document.segments:
        match segment[0]:
            case "AK1":
                functional_id, group_control = element(segment, 1), element(segment, 2)
            case "AK2":
                set_id, set_control, faults = element(segment, 1), element(segment, 2), []
            case "AK3" | "AK4":
                faults.append("*".join(segment))
            case "AK5":
                answers.append(Answer(functional_id, group_control, set_id, set_control, element(segment, 1), tuple(faults)))
            case "AK9":
                answers.append(Answer(functional_id, group_control, "", "", element(segment, 1)))
    return answers
