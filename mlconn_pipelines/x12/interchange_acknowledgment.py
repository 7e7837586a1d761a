"""The TA1: what to say of an interchange's envelope, and what a received one says of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.transaction_sets import sets_received_as
from mlconn_pipelines.x12.element_checks import is_date
from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, Segment
from mlconn_pipelines.x12.findings import X12Finding, finding, is_refused, status_of, with_severities
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.segment_writing import OutSegment

NO_ERROR = "000"
DUPLICATE = "025"
UNKNOWN_CONTENT = "024"

NOTES: Mapping[str, str] = {
    "000": "nothing is wrong with it",
    "001": "the control numbers of ISA and IEA differ",
    "002": "the standards id or repetition separator (ISA11) is not supported",
    "003": "the version of its controls (ISA12) is not supported",
    "004": "the segment terminator is invalid",
    "005": "the sender's qualifier (ISA05) is invalid",
    "006": "the sender's id (ISA06) is invalid",
    "007": "the receiver's qualifier (ISA07) is invalid",
    "008": "the receiver's id (ISA08) is invalid",
    "009": "the receiver's id (ISA08) is not known there",
    "010": "the authorization qualifier (ISA01) is invalid",
    "011": "the authorization information (ISA02) is invalid",
    "012": "the security qualifier (ISA03) is invalid",
    "013": "the security information (ISA04) is invalid",
    "014": "the date (ISA09) is invalid",
    "015": "the time (ISA10) is invalid",
    "016": "the standards id (ISA11) has an invalid value",
    "017": "the version (ISA12) has an invalid value",
    "018": "the control number (ISA13) is invalid",
    "019": "the request for an acknowledgment (ISA14) is invalid",
    "020": "the usage indicator (ISA15) is invalid",
    "021": "the number of groups (IEA01) is wrong",
    "022": "its control structure is invalid",
    "023": "it ends too early",
    "024": "its content is invalid, such as a faulty GS",
    "025": "its control number was used before",
    "026": "the element separator is invalid",
    "027": "the component separator is invalid",
    "028": "the delivery date of a deferred delivery is invalid",
    "029": "the delivery time of a deferred delivery is invalid",
    "030": "the time zone of a deferred delivery is invalid",
    "031": "the grade of service is invalid",
}
"""TA105 in words that follow "the interchange was refused: "."""

_ANSWERS = frozenset(sets_received_as("functional_acknowledgment"))
_FUNCTIONAL_ID = re.compile(r"[A-Z0-9]{2}")
_NAMELESS = frozenset((("group_header_missing", None), ("group_number_invalid", None), ("group_header_invalid", 1)))
"""Findings by which AK1 could not name a group: code and element."""
_NOTE = re.compile(r"\d{3}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3])[0-5]\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def acknowledge_interchange(interchange: Interchange, guide: PartnerGuide | None = None) -> InterchangeAcknowledgment:
    """What to say to the sender of an interchange. The worst finding on its envelope decides, the first of them names the note.

    Findings on groups and sets do not count here, those are what a 997 is for, unless it cannot name the group. What cannot be
    copied as received, because it is what was wrong, is written as zeros, since a TA1 that breaks the standard helps nobody.
    """
    findings = [f for f in envelope_findings(interchange, guide) if f.severity != "ignore"]
    status = status_of(findings)
    notes = [
        code
        for severity in ("reject", "accept_with_error")
        for f in findings
        if f.severity == severity
        for place, _, code in [f.acknowledgment.partition("=")]
        if place == "TA105"
    ]
    note = NO_ERROR if status == "A" else notes[0] if notes else UNKNOWN_CONTENT
    number = interchange.control_number
    return InterchangeAcknowledgment(
        control_number=number.zfill(9) if _NUMBER.fullmatch(number) else "0" * 9,
        date=interchange.date if len(interchange.date) == 6 and is_date(interchange.date) else "0" * 6,
        time=interchange.time if _TIME.fullmatch(interchange.time) else "0" * 4,
        status=status,
        note=note,
    )


def envelope_findings(interchange: Interchange, guide: PartnerGuide | None = None) -> tuple[X12Finding, ...]:
    """What is wrong with the interchange itself, and with groups of it that no 997 can name; severities as the partner has them.

    Only a TA1 can answer what stands outside of a nameable group, so that no setting makes that less than a refusal. Sets that lost
    their ST refuse the interchange where it has no other.
    """
    nameless = (f for group in interchange.groups if not can_be_named(group) for f in group.findings)
    refusing = (replace(f, severity="reject") for f in nameless if (f.code, f.element) in _NAMELESS)
    has_sets = any(group.sets for group in interchange.groups)
    lost = () if has_sets else lost_sets(interchange)
    refusing_too = (replace(f, severity="reject", acknowledgment="TA105=022") for f in lost)
    return (*with_severities(interchange.findings, guide), *refusing, *refusing_too)


def lost_sets(interchange: Interchange) -> tuple[X12Finding, ...]:
    """Of its groups, what is said of sets without ST."""
    return tuple(f for group in interchange.groups for f in group.findings if f.code == "set_header_missing")


def can_be_named(group: FunctionalGroup) -> bool:
    """Whether a 997 can say which group it answers: by GS01 and GS06."""
    return bool(_FUNCTIONAL_ID.fullmatch(group.functional_id) and _NUMBER.fullmatch(group.control_number))


def _is_answer(group: FunctionalGroup) -> bool:
    return group.functional_id == "FA" or (bool(group.sets) and all(one.set_id in _ANSWERS for one in group.sets))


def wants_interchange_acknowledgment(interchange: Interchange, guide: PartnerGuide | None = None) -> bool:
    """Whether its sender gets a TA1: they asked for one (ISA14), or the interchange cannot be used.

    Never one that holds nothing but acknowledgments, lest two parties thank each other for ever, and never text without ISA,
    whose sender nobody knows.
    """
    if not interchange.control_number and not interchange.sender_id:
        return False
    is_unusable = is_refused(envelope_findings(interchange, guide)) or not interchange.complete
    holds_only_answers = all(map(_is_answer, interchange.groups))
    if holds_only_answers and (interchange.groups or interchange.interchange_acknowledgments):
        return False
    return interchange.acknowledgment_requested or is_unusable


def parse_interchange_acknowledgment(segment: Segment) -> tuple[InterchangeAcknowledgment | None, tuple[X12Finding, ...]]:
    """A received TA1 and what is wrong with it; None where it names no interchange or gives no verdict.

    >>> parse_interchange_acknowledgment(("TA1", "5", "260301", "1200", "R", "009"))[0].note
    '009'
    """
    elements = [*(element.strip() for element in segment[1:6]), "", "", "", "", ""][:5]
    number, date, time, status, note = elements
    findings = tuple(ta1_findings(segment))
    if not _NUMBER.fullmatch(number) or status not in ("A", "E", "R"):
        return None, findings
    return InterchangeAcknowledgment(number.zfill(9), date, time, status, note or NO_ERROR), findings


def ta1_findings(segment: Segment) -> Iterator[X12Finding]:
    """What is wrong with the elements of a TA1."""
    elements = [*(element.strip() for element in segment[1:6]), "", "", "", "", ""][:5]
    number, date, time, status, note = elements
    for position, right, value, wanted in (
        (1, bool(_NUMBER.fullmatch(number)) and len(number) == 9, number, "the nine digits of an ISA13"),
        (2, len(date) == 6 and is_date(date), date, "a date YYMMDD"),
        (3, bool(_TIME.fullmatch(time)), time, "a time HHMM"),
        (4, status in ("A", "E", "R"), status, "A, E or R"),
        (5, bool(_NOTE.fullmatch(note)) and note in NOTES, note, "a note code from 000 to 031"),
    ):
        if not right:
            text = f"TA1{position:02d} is {value[:40]!r}; {wanted} was expected."
            yield finding("interchange_answer_invalid", text, segment_id="TA1", element=position, value=value)


def render_interchange_acknowledgment(document: InterchangeAcknowledgment) -> OutSegment:
    """The TA1, which stands directly behind the ISA."""
    return ("TA1", document.control_number, document.date, document.time, document.status, document.note)


def in_words(document: InterchangeAcknowledgment) -> str:
    """What it says, for a person.

    >>> in_words(InterchangeAcknowledgment("000000005", "260301", "1200", "R", "009"))
    "refused interchange 000000005: the receiver's id (ISA08) is not known there (TA1 note 009)"
    """
    verdict = {"A": "accepted", "E": "accepted with errors", "R": "refused"}.get(document.status, document.status)
    if document.note == NO_ERROR:
        return f"{verdict} interchange {document.control_number}"
    said = NOTES.get(document.note, "for a reason that X12 does not list")
    return f"{verdict} interchange {document.control_number}: {said} (TA1 note {document.note})"
