"""The 997 or 999 to one functional group, from what validation found in its sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlconn_pipelines.documents.functional_acknowledgment import (
    ContextNote,
    ElementNote,
    FunctionalAcknowledgment,
    SegmentNote,
    SetAcknowledgment,
)
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, number_at
from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding, is_refused, status_of, with_severities
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.sets import number_in

_VALUE_MAX = 99
_CODES_MAX = 5
_ELEMENT_NOTES_MAX = 99
_CONTEXT_MAX = 35
_COUNT_MAX = 999_999
_VERSION = re.compile(r"\d{6}[A-Z0-9]{0,6}", re.ASCII)

Results = Mapping[TransactionSet, Sequence[X12Finding]] | Sequence[Sequence[X12Finding]]


def acknowledge(
    interchange: Interchange, group: FunctionalGroup, results: Results, guide: PartnerGuide | None = None
) -> FunctionalAcknowledgment:
    """What to say to the sender of a group.

    results: the findings of each set, by set, or in the group's order; a set without any is accepted. Findings of severity
    `ignore` are not mentioned. guide: whose separators must not occur in copies of bad values.
    Accepted: A; with errors: E; rejected: R. The group: A when all are A, E when none is R, P when some are, R when all are
    or the group itself is at fault, whose sets are then R too. sets_stated is GE01 as received, or the count where the group
    has no readable GE. P also where a set was lost, and R for a group without any set whose GE01 states some: what was not read
    is accepted by nothing.
    Source: facts of AK5 and AK9 in 004010 and 005010. `P` exists for groups only.
    """
    by_set = results if isinstance(results, Mapping) else dict(zip(group.sets, results, strict=True))
    separators = _separators(interchange, guide)
    has_contexts = acknowledgment_set(group, guide) == "999"
    answers = tuple(_set_answer(s, tuple(by_set.get(s, ())), separators, has_contexts) for s in group.sets)
    group_findings = with_severities(group.findings, guide)
    is_group_refused = is_refused(found for found in group_findings if found.code != "set_header_missing")
    if is_group_refused:
        answers = tuple(replace(answer, status="R") for answer in answers)
    accepted = sum(1 for answer in answers if answer.status != "R")
    return FunctionalAcknowledgment(
        functional_id=group.functional_id,
        group_control_number=group.control_number,
        status=_group_status(group, answers, group_findings, is_group_refused),
        sets_stated=_stated(group),
        sets_received=len(group.sets),
        sets_accepted=accepted,
        sets=answers,
        group_version=group.version if group.version >= "005010" and _VERSION.fullmatch(group.version) else "",
        codes=_codes(group_findings, "AK905"),
    )


def acknowledgment_set(group: FunctionalGroup, guide: PartnerGuide | None = None) -> str:
    """`999` where the partner's guide wants it and the group is of 005010 or later, which first knew it; else `997`."""
    wants_999 = guide is not None and guide.acknowledgments == "999"
    return "999" if wants_999 and group.version[:6] >= "005010" else "997"


def is_answered(group: FunctionalGroup) -> bool:
    """Whether a group gets a 997 or 999: acknowledgments are never acknowledged, and a group without GS cannot be named.

    An empty group is answered: its sender counts on it.
    """
    holds_only_acknowledgments = bool(group.sets) and all(map(_is_acknowledgment, group.sets))
    return group.functional_id not in ("", "FA") and not holds_only_acknowledgments


def _is_acknowledgment(transaction_set: TransactionSet) -> bool:
    row = TRANSACTION_SETS.get(transaction_set.set_id)
    return row is not None and not row.is_acknowledged


def _stated(group: FunctionalGroup) -> int:
    """GE01 as received, where AK902 can take it."""
    stated = group.stated_sets
    return stated if stated is not None and stated <= _COUNT_MAX else len(group.sets)


def _group_status(
    group: FunctionalGroup, answers: Sequence[SetAcknowledgment], findings: Sequence[X12Finding], is_group_refused: bool
) -> str:
    accepted = sum(1 for answer in answers if answer.status != "R")
    if is_group_refused or (accepted == 0 and (answers or group.lost_sets or group.stated_sets)):
        return "R"
    if accepted < len(answers) or group.lost_sets:
        return "P"
    has_errors = any(answer.status == "E" for answer in answers) or status_of(findings) == "E"
    return "E" if has_errors else "A"


def _set_answer(
    answered: TransactionSet, findings: tuple[X12Finding, ...], separators: str, has_contexts: bool
) -> SetAcknowledgment:
    telling = [f for f in findings if f.severity != "ignore"]
    notes = _segment_notes([f for f in telling if f.level in ("segment", "element")], separators)
    codes = _codes(telling, "AK502")
    if "6" in codes and any(found.code == "set_id_missing" for found in telling):
        codes = tuple(code for code in codes if code != "1")  # nobody can support a set that does not say which it is
    if notes and "5" not in codes:
        codes = (*codes, "5")[:_CODES_MAX]
    if has_contexts and notes and (number := _cleaned(number_in(answered), separators)):
        segment, element = number_at(answered.set_id)
        context = (ContextNote(f"{segment}{element:02d}", number[:_CONTEXT_MAX]),)
        notes = tuple(replace(note, contexts=context) for note in notes)
    return SetAcknowledgment(
        set_id=answered.set_id,
        control_number=answered.control_number,
        status=status_of(telling),
        codes=codes,
        segments=notes,
        implementation=answered.implementation,
    )


def _segment_notes(findings: Sequence[X12Finding], separators: str) -> tuple[SegmentNote, ...]:
    """One AK3 for each segment and code; element faults of a segment stand together under the code 8."""
    notes: dict[tuple[int, str, str], list[ElementNote]] = {}
    loops: dict[tuple[int, str, str], str] = {}
    for finding in findings:
        place, _, code = finding.acknowledgment.partition("=")
        if not code:
            place, code = "AK304", "8" if finding.level == "element" else "2"
        key = (finding.segment or 1, finding.segment_id or "ST", code if place == "AK304" else "8")
        elements = notes.setdefault(key, [])
        loops.setdefault(key, finding.loop)
        if place == "AK403" and finding.element and len(elements) < _ELEMENT_NOTES_MAX:
            known = [(note.element, note.component, note.code) for note in elements]
            if (finding.element, finding.component, code) in known:
                continue  # parsing and validation may both have met it
            elements.append(
                ElementNote(
                    element=finding.element,
                    code=code,
                    component=finding.component,
                    reference=finding.reference if finding.reference.isdigit() else "",
                    value=_cleaned(finding.value, separators),
                )
            )
    return tuple(
        SegmentNote(segment, position, loops[position, segment, code], code, tuple(elements))
        for (position, segment, code), elements in sorted(notes.items(), key=lambda item: item[0][0])
    )


def _codes(findings: Sequence[X12Finding], place: str) -> tuple[str, ...]:
    codes = [
        code
        for f in findings
        for found, _, code in [f.acknowledgment.partition("=")]
        if found == place and f.severity != "ignore"
    ]
    return tuple(dict.fromkeys(codes))[:_CODES_MAX]


def _separators(interchange: Interchange, guide: PartnerGuide | None) -> str:
    received = interchange.separators
    used = received.element + received.component + received.repetition + received.segment
    if guide is not None:
        used += guide.delimiters.element + guide.delimiters.component + guide.delimiters.repetition + guide.delimiters.segment
    return used


def _cleaned(value: str, separators: str) -> str:
    """A copy of a bad value that cannot break the acknowledgment: printable, without separators, at most 99 characters."""
    shown = "".join(" " if c in separators or not " " <= c <= "~" else c for c in value)
    return shown[:_VALUE_MAX].strip()
