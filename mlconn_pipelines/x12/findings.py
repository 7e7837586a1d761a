"""What is wrong with a piece of X12, said so that a clerk can act on it, with the place and the acknowledgment code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from mlconn_pipelines.x12.guide import FindingSeverity, PartnerGuide

FindingLevel = Literal["interchange", "group", "set", "segment", "element"]
VALUE_SHOWN_MAX = 99


class FindingKind(NamedTuple):
    """acknowledgment: the place and code in a 997 or TA1 (`AK304=3`, `TA105=001`), empty where none fits.

    meaning: a sentence on all findings of the kind; the message of a finding says it of one place.
    """

    level: FindingLevel
    severity: FindingSeverity
    acknowledgment: str
    meaning: str


# fmt: off
KINDS: Mapping[str, FindingKind] = {
    # interchange
    "not_x12": FindingKind("interchange", "reject", "TA105=024",
        "The file is no X12."),
    "interchange_header_missing": FindingKind("interchange", "reject", "TA105=022",
        "There is X12 without an interchange header (ISA), so that nobody knows who sent it."),
    "interchange_header_widths": FindingKind("interchange", "accept_with_error", "TA105=024",
        "Elements of the interchange header (ISA) do not have their fixed widths."),
    "interchange_header_invalid": FindingKind("interchange", "accept_with_error", "TA105=024",
        "An element of the interchange header (ISA) has a value that it may not have."),
    "interchange_standard_id": FindingKind("interchange", "ignore", "TA105=016",
        "ISA11 is neither a repetition separator nor the id of the standard."),
    "interchange_terminator": FindingKind("interchange", "reject", "TA105=004",
        "The segment terminator cannot be told from the interchange header."),
    "interchange_number_invalid": FindingKind("interchange", "reject", "TA105=018",
        "The interchange control number (ISA13) is not nine digits."),
    "interchange_trailer_missing": FindingKind("interchange", "reject", "TA105=023",
        "The interchange has no end (IEA)."),
    "interchange_number_mismatch": FindingKind("interchange", "reject", "TA105=001",
        "The control numbers at the beginning and end of the interchange differ (ISA13, IEA02)."),
    "interchange_group_count": FindingKind("interchange", "accept_with_error", "TA105=021",
        "The interchange has another number of groups than it states (IEA01)."),
    "text_outside": FindingKind("interchange", "accept_with_error", "TA105=022",
        "Text stands outside of any interchange; it is not read."),
    "segments_outside": FindingKind("interchange", "reject", "TA105=022",
        "Segments stand outside of any transaction set."),
    "interchange_answer_invalid": FindingKind("interchange", "accept_with_error", "TA105=024",
        "A TA1 has a value that it may not have."),
    "interchange_answer_late": FindingKind("interchange", "ignore", "TA105=022",
        "A TA1 stands after the groups of its interchange, where X12 has none; it is read all the same."),
    "byte_order_mark": FindingKind("interchange", "ignore", "",
        "The file begins with a byte order mark, which X12 does not know."),
    "text_before_header": FindingKind("interchange", "ignore", "",
        "Blank characters stand before the interchange."),
    "terminator_missing": FindingKind("interchange", "ignore", "",
        "The last segment does not end with the terminator."),
    # group
    "group_header_missing": FindingKind("group", "reject", "TA105=022",
        "A transaction set stands outside of any group (no GS)."),
    "group_header_invalid": FindingKind("group", "accept_with_error", "TA105=024",
        "An element of the group header (GS) has a value that it may not have."),
    "group_version_mixed": FindingKind("group", "ignore", "AK905=2",
        "The groups of one interchange are of different releases (GS08)."),
    "group_trailer_missing": FindingKind("group", "reject", "AK905=3",
        "The group has no end (GE)."),
    "group_number_mismatch": FindingKind("group", "reject", "AK905=4",
        "The control numbers at the beginning and end of the group differ (GS06, GE02)."),
    "group_count": FindingKind("group", "accept_with_error", "AK905=5",
        "The group has another number of sets than it states (GE01)."),
    "group_number_invalid": FindingKind("group", "reject", "AK905=6",
        "The group control number (GS06) is no number of up to nine digits."),
    "group_number_duplicate": FindingKind("group", "reject", "AK905=19",
        "The group control number (GS06) occurs twice in one interchange."),
    "group_version_unsupported": FindingKind("group", "reject", "AK905=2",
        "There is no grammar for the group's release (GS08), nor for one near it."),
    # set
    "set_trailer_missing": FindingKind("set", "reject", "AK502=2",
        "The transaction set has no end (SE)."),
    "set_number_mismatch": FindingKind("set", "reject", "AK502=3",
        "The control numbers at the beginning and end of the transaction set differ (ST02, SE02)."),
    "set_count": FindingKind("set", "reject", "AK502=4",
        "The transaction set has another number of segments than it states (SE01)."),
    "set_id_missing": FindingKind("set", "reject", "AK502=6",
        "The transaction set does not say which one it is (ST01)."),
    "set_number_invalid": FindingKind("set", "reject", "AK502=7",
        "The control number of the transaction set (ST02) is not four to nine characters."),
    "set_header_missing": FindingKind("group", "reject", "AK905=5",
        "A transaction set of the group has no beginning (ST); the other sets of the group are taken."),
    "set_number_duplicate": FindingKind("set", "reject", "AK502=23",
        "The control number of the transaction set (ST02) occurs twice in one group."),
    "set_in_wrong_group": FindingKind("set", "accept_with_error", "AK502=18",
        "The transaction set stands in a group of another kind (GS01)."),
    "no_grammar": FindingKind("set", "ignore", "AK502=1",
        "There is no grammar for sets of this kind; only their envelope is checked."),
    "set_not_expected": FindingKind("set", "reject", "AK502=1",
        "The partner's file does not name the set under `sends`, and takes no other (`strict_sends`)."),
    "nearest_grammar": FindingKind("set", "ignore", "",
        "The set was checked by the grammar of a release near its own."),
    "encoding": FindingKind("set", "ignore", "",
        "The bytes are not those of the text that was expected; they were read one by one."),
    "more_findings": FindingKind("set", "ignore", "",
        "There are more findings than are shown."),
    "line_count": FindingKind("set", "ignore", "AK502=5",
        "The set states another number of lines than it has (CTT01)."),
    "hash_total": FindingKind("set", "ignore", "",
        "The set states another sum of its quantities than they make (CTT02)."),
    "value_unreadable": FindingKind("element", "reject", "AK403=6",
        "A value that the document needs cannot be read."),
    # segment
    "empty_segment": FindingKind("segment", "ignore", "",
        "A segment is empty."),
    "segment_unknown": FindingKind("segment", "reject", "AK304=1",
        "X12 has no segment of this name."),
    "segment_unexpected": FindingKind("segment", "reject", "AK304=2",
        "The segment has no place here."),
    "segment_missing": FindingKind("segment", "reject", "AK304=3",
        "A segment that must be there is missing."),
    "loop_repeats": FindingKind("segment", "reject", "AK304=4",
        "A loop occurs more often than it may."),
    "segment_repeats": FindingKind("segment", "reject", "AK304=5",
        "A segment occurs more often than it may."),
    "segment_not_in_set": FindingKind("segment", "reject", "AK304=6",
        "The segment does not belong to sets of this kind."),
    "segment_order": FindingKind("segment", "reject", "AK304=7",
        "The segment stands before or after its place."),
    "trailing_separators": FindingKind("segment", "accept_with_error", "AK304=8",
        "A segment ends with separators that separate nothing."),
    "level_parent": FindingKind("element", "accept_with_error", "AK403=7",
        "A level of a ship notice (HL) names a parent that is not there."),
    "level_parent_empty": FindingKind("element", "ignore", "AK403=2",
        "A level of a ship notice (HL) names no parent."),
    "level_number": FindingKind("element", "accept_with_error", "AK403=7",
        "The number of a level (HL01) is no number, or occurs twice."),
    # element
    "element_missing": FindingKind("element", "reject", "AK403=1",
        "An element that must be there is empty."),
    "element_conditional": FindingKind("element", "reject", "AK403=2",
        "An element that others of its segment ask for is empty."),
    "element_relation_doubtful": FindingKind("element", "ignore", "AK403=2",
        "An element that others of its segment seem to ask for is empty or too many."),
    "element_extra": FindingKind("element", "reject", "AK403=3",
        "A segment has more elements than it may."),
    "element_short": FindingKind("element", "reject", "AK403=4",
        "A value is shorter than it may be."),
    "element_long": FindingKind("element", "reject", "AK403=5",
        "A value is longer than it may be."),
    "element_characters": FindingKind("element", "reject", "AK403=6",
        "A value has characters that its element does not take."),
    "element_not_ascii": FindingKind("element", "accept_with_error", "AK403=6",
        "A value has characters outside of ASCII."),
    "element_number": FindingKind("element", "reject", "AK403=6",
        "A value is not the number that was expected."),
    "element_implied_point": FindingKind("element", "reject", "AK403=6",
        "A value has a decimal point where the point is implied."),
    "element_code": FindingKind("element", "accept_with_error", "AK403=7",
        "A value is none of the codes that the element takes."),
    "element_code_beyond_list": FindingKind("element", "ignore", "AK403=7",
        "A value is none of the codes of a list that others extend."),
    "element_date": FindingKind("element", "reject", "AK403=8",
        "A value is no date of the form that was expected."),
    "element_time": FindingKind("element", "reject", "AK403=9",
        "A value is no time of the form that was expected."),
    "element_exclusion": FindingKind("element", "reject", "AK403=10",
        "Elements that exclude each other are both there."),
    "element_repetitions": FindingKind("element", "reject", "AK403=12",
        "A value is repeated more often than it may be."),
    "component_extra": FindingKind("element", "reject", "AK403=13",
        "A value has more components than it may."),
    # what the partner's guide adds
    "guide_segment_missing": FindingKind("segment", "reject", "AK304=3",
        "A segment that the partner's rules ask for is missing."),
    "guide_segment_forbidden": FindingKind("segment", "reject", "AK304=2",
        "A segment that the partner's rules forbid is there."),
    "guide_element_missing": FindingKind("element", "reject", "AK403=1",
        "An element that the partner's rules ask for is empty."),
    "guide_element_forbidden": FindingKind("element", "reject", "AK403=10",
        "An element that the partner's rules forbid is there."),
    "guide_value": FindingKind("element", "reject", "AK403=7",
        "A value is another than the partner's rules fix."),
    "guide_fixed_nowhere": FindingKind("segment", "ignore", "",
        "A value that the partner's rules fix stands nowhere, as its segment or element is not there."),
    "guide_code": FindingKind("element", "reject", "AK403=7",
        "A code is none of those that the partner's rules allow."),
    "guide_length": FindingKind("element", "reject", "AK403=5",
        "A value is longer than the partner's rules allow."),
    "guide_length_min": FindingKind("element", "reject", "AK403=4",
        "A value is shorter than the partner's rules allow."),
    "guide_qualifier": FindingKind("element", "reject", "AK403=7",
        "A qualifier is none of those that the partner's rules allow."),
    "guide_repeats": FindingKind("segment", "reject", "AK304=5",
        "A segment or loop occurs more often than the partner's rules allow."),
    "guide_rule_unreadable": FindingKind("set", "ignore", "",
        "A rule of the partner's file cannot be applied."),
    # what rendering meets
    "document_unsupported": FindingKind("set", "reject", "",
        "The document cannot be written as this set."),
    "separator_conflict": FindingKind("interchange", "reject", "",
        "A value has a character that separates here, and no other separators are agreed."),
    "envelope_invalid": FindingKind("interchange", "reject", "",
        "The envelope cannot be written with these ids and numbers."),
    "amount_precision": FindingKind("element", "reject", "",
        "An amount has more decimals than the element takes."),
    "value_missing": FindingKind("element", "reject", "AK403=1",
        "A value that must be written is missing."),
    "character_replaced": FindingKind("element", "ignore", "",
        "A character that the partner cannot read was replaced."),
    "character_refused": FindingKind("element", "reject", "AK403=6",
        "A value has a character that the partner cannot read."),
    "other_separators": FindingKind("interchange", "ignore", "",
        "Other separators than the usual were taken, since a value has one of those."),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class X12Finding:
    """One fault. offset: byte in the file, from 0. line: from 1. segment: number in the set, ST = 1 (None above the set).

    element, component: position from 1. value: what was received, shortened. acknowledgment: `AK304=3`, `TA105=001`.
    rule: of the partner's guide, as `810.required.BIG04`; empty for those of the standard.
    """

    code: str
    level: FindingLevel
    severity: FindingSeverity
    message: str
    offset: int = 0
    line: int = 1
    segment: int | None = None
    segment_id: str = ""
    element: int | None = None
    component: int | None = None
    value: str = ""
    acknowledgment: str = ""
    reference: str = ""
    loop: str = ""
    rule: str = ""

    @property
    def place(self) -> str:
        """`PO102` or `PO1` or nothing, as people name it."""
        element = f"{self.element:02d}" if self.element else ""
        return f"{self.segment_id}{element}" + (f"-{self.component}" if self.component else "")


def finding(
    code: str,
    message: str,
    *,
    offset: int = 0,
    line: int = 1,
    segment: int | None = None,
    segment_id: str = "",
    element: int | None = None,
    component: int | None = None,
    value: str = "",
    reference: str = "",
    loop: str = "",
    rule: str = "",
) -> X12Finding:
    """A finding of a kind in `KINDS`, with that kind's level, severity and acknowledgment code."""
    kind = KINDS[code]
    return X12Finding(
        code=code,
        level=kind.level,
        severity=kind.severity,
        message=message,
        offset=offset,
        line=line,
        segment=segment,
        segment_id=segment_id,
        element=element,
        component=component,
        value=shortened(value),
        acknowledgment=kind.acknowledgment,
        reference=reference,
        loop=loop,
        rule=rule,
    )


def by_release(found: X12Finding, version: str) -> X12Finding:
    """The finding with the code that the group's release (GS08) has for it.

    Until 004050, 718 has no 18, and 19 of 716 is a missing security segment: the nearest codes are 6, an identifier or a control
    number that breaks the rules.
    """
    former = _BEFORE_004050.get(found.acknowledgment) if version[:6] < "004050" else None
    return found if former is None else replace(found, acknowledgment=former)


_BEFORE_004050 = {"AK502=18": "AK502=6", "AK905=19": "AK905=6"}


def shortened(value: str) -> str:
    """At most `VALUE_SHOWN_MAX` characters, the last three dots when something was cut."""
    return value if len(value) <= VALUE_SHOWN_MAX else value[: VALUE_SHOWN_MAX - 3] + "..."


def with_severities(findings: Iterable[X12Finding], guide: PartnerGuide | None) -> tuple[X12Finding, ...]:
    """The findings with the severities that this partner wants."""
    wanted = guide.severities if guide is not None else {}
    if not wanted:
        return tuple(findings)
    return tuple(replace(f, severity=wanted[f.code]) if f.code in wanted else f for f in findings)


def is_refused(findings: Iterable[X12Finding]) -> bool:
    """Whether one of them rejects."""
    return any(finding.severity == "reject" for finding in findings)


def status_of(findings: Iterable[X12Finding]) -> Literal["A", "E", "R"]:
    """The verdict in the letters of AK501."""
    severities = {finding.severity for finding in findings}
    return "R" if "reject" in severities else "E" if "accept_with_error" in severities else "A"
