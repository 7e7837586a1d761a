"""What is wrong with a piece of X12, said so that a clerk can act on it, with the place and the acknowledgment code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from mlconn_pipelines.x12.guide import FindingSeverity, PartnerGuide

FindingLevel = Literal["interchange", "group", "set", "segment", "element"]
VALUE_SHOWN_MAX = 99


class FindingKind(NamedTuple):
    """acknowledgment: the place and code in a 997 or TA1 (`AK304=3`, `TA105=001`), empty where none fits."""

    level: FindingLevel
    severity: FindingSeverity
    acknowledgment: str = ""


KINDS: Mapping[str, FindingKind] = {
    # interchange
    "not_x12": FindingKind("interchange", "reject", "TA105=024"),
    "interchange_header_missing": FindingKind("interchange", "reject", "TA105=022"),
    "interchange_header_widths": FindingKind("interchange", "accept_with_error", "TA105=024"),
    "interchange_header_invalid": FindingKind("interchange", "accept_with_error", "TA105=024"),
    "interchange_standard_id": FindingKind("interchange", "ignore", "TA105=016"),
    "interchange_terminator": FindingKind("interchange", "reject", "TA105=004"),
    "interchange_number_invalid": FindingKind("interchange", "reject", "TA105=018"),
    "interchange_trailer_missing": FindingKind("interchange", "reject", "TA105=023"),
    "interchange_number_mismatch": FindingKind("interchange", "reject", "TA105=001"),
    "interchange_group_count": FindingKind("interchange", "accept_with_error", "TA105=021"),
    "text_outside": FindingKind("interchange", "accept_with_error", "TA105=022"),
    "segments_outside": FindingKind("interchange", "reject", "TA105=022"),
    "interchange_answer_invalid": FindingKind("interchange", "accept_with_error", "TA105=024"),
    "interchange_answer_late": FindingKind("interchange", "ignore", "TA105=022"),
    "byte_order_mark": FindingKind("interchange", "ignore"),
    "text_before_header": FindingKind("interchange", "ignore"),
    "terminator_missing": FindingKind("interchange", "ignore"),
    # group
    "group_header_missing": FindingKind("group", "reject", "TA105=022"),
    "group_header_invalid": FindingKind("group", "accept_with_error", "TA105=024"),
    "group_version_mixed": FindingKind("group", "ignore", "AK905=2"),
    "group_trailer_missing": FindingKind("group", "reject", "AK905=3"),
    "group_number_mismatch": FindingKind("group", "reject", "AK905=4"),
    "group_count": FindingKind("group", "accept_with_error", "AK905=5"),
    "group_number_invalid": FindingKind("group", "reject", "AK905=6"),
    "group_number_duplicate": FindingKind("group", "reject", "AK905=19"),
    "group_version_unsupported": FindingKind("group", "reject", "AK905=2"),
    # set
    "set_trailer_missing": FindingKind("set", "reject", "AK502=2"),
    "set_number_mismatch": FindingKind("set", "reject", "AK502=3"),
    "set_count": FindingKind("set", "reject", "AK502=4"),
    "set_id_missing": FindingKind("set", "reject", "AK502=6"),
    "set_number_invalid": FindingKind("set", "reject", "AK502=7"),
    "set_number_duplicate": FindingKind("set", "reject", "AK502=23"),
    "set_in_wrong_group": FindingKind("set", "accept_with_error", "AK502=18"),
    "no_grammar": FindingKind("set", "ignore", "AK502=1"),
    "nearest_grammar": FindingKind("set", "ignore"),
    "encoding": FindingKind("set", "ignore"),
    "more_findings": FindingKind("set", "ignore"),
    "line_count": FindingKind("set", "ignore", "AK502=5"),
    "hash_total": FindingKind("set", "ignore"),
    "value_unreadable": FindingKind("element", "reject", "AK403=6"),
    # segment
    "empty_segment": FindingKind("segment", "ignore"),
    "segment_unknown": FindingKind("segment", "reject", "AK304=1"),
    "segment_unexpected": FindingKind("segment", "reject", "AK304=2"),
    "segment_missing": FindingKind("segment", "reject", "AK304=3"),
    "loop_repeats": FindingKind("segment", "reject", "AK304=4"),
    "segment_repeats": FindingKind("segment", "reject", "AK304=5"),
    "segment_not_in_set": FindingKind("segment", "reject", "AK304=6"),
    "segment_order": FindingKind("segment", "reject", "AK304=7"),
    "trailing_separators": FindingKind("segment", "accept_with_error", "AK304=8"),
    "level_parent": FindingKind("element", "accept_with_error", "AK403=7"),
    "level_parent_empty": FindingKind("element", "ignore", "AK403=2"),
    "level_number": FindingKind("element", "accept_with_error", "AK403=7"),
    # element
    "element_missing": FindingKind("element", "reject", "AK403=1"),
    "element_conditional": FindingKind("element", "reject", "AK403=2"),
    "element_relation_doubtful": FindingKind("element", "ignore", "AK403=2"),
    "element_extra": FindingKind("element", "reject", "AK403=3"),
    "element_short": FindingKind("element", "reject", "AK403=4"),
    "element_long": FindingKind("element", "reject", "AK403=5"),
    "element_characters": FindingKind("element", "reject", "AK403=6"),
    "element_not_ascii": FindingKind("element", "accept_with_error", "AK403=6"),
    "element_number": FindingKind("element", "reject", "AK403=6"),
    "element_implied_point": FindingKind("element", "reject", "AK403=6"),
    "element_code": FindingKind("element", "accept_with_error", "AK403=7"),
    "element_code_beyond_list": FindingKind("element", "ignore", "AK403=7"),
    "element_date": FindingKind("element", "reject", "AK403=8"),
    "element_time": FindingKind("element", "reject", "AK403=9"),
    "element_exclusion": FindingKind("element", "reject", "AK403=10"),
    "element_repetitions": FindingKind("element", "reject", "AK403=12"),
    "component_extra": FindingKind("element", "reject", "AK403=13"),
    # what the partner's guide adds
    "guide_segment_missing": FindingKind("segment", "reject", "AK304=3"),
    "guide_segment_forbidden": FindingKind("segment", "reject", "AK304=2"),
    "guide_element_missing": FindingKind("element", "reject", "AK403=1"),
    "guide_element_forbidden": FindingKind("element", "reject", "AK403=10"),
    "guide_value": FindingKind("element", "reject", "AK403=7"),
    "guide_code": FindingKind("element", "reject", "AK403=7"),
    "guide_length": FindingKind("element", "reject", "AK403=5"),
    "guide_length_min": FindingKind("element", "reject", "AK403=4"),
    "guide_qualifier": FindingKind("element", "reject", "AK403=7"),
    "guide_repeats": FindingKind("segment", "reject", "AK304=5"),
    "guide_rule_unreadable": FindingKind("set", "ignore"),
    # what rendering meets
    "document_unsupported": FindingKind("set", "reject"),
    "separator_conflict": FindingKind("interchange", "reject"),
    "envelope_invalid": FindingKind("interchange", "reject"),
    "amount_precision": FindingKind("element", "reject"),
    "value_missing": FindingKind("element", "reject", "AK403=1"),
    "character_replaced": FindingKind("element", "ignore"),
    "character_refused": FindingKind("element", "reject", "AK403=6"),
    "other_separators": FindingKind("interchange", "ignore"),
}


@dataclass(frozen=True, slots=True)
class Finding:
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
) -> Finding:
    """A finding of a kind in `KINDS`, with that kind's level, severity and acknowledgment code."""
    kind = KINDS[code]
    return Finding(
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


def shortened(value: str) -> str:
    """At most `VALUE_SHOWN_MAX` characters, the last three dots when something was cut."""
    return value if len(value) <= VALUE_SHOWN_MAX else value[: VALUE_SHOWN_MAX - 3] + "..."


def with_severities(findings: Iterable[Finding], guide: PartnerGuide | None) -> tuple[Finding, ...]:
    """The findings with the severities that this partner wants."""
    wanted = guide.severities if guide is not None else {}
    if not wanted:
        return tuple(findings)
    return tuple(replace(f, severity=wanted[f.code]) if f.code in wanted else f for f in findings)


def is_refused(findings: Iterable[Finding]) -> bool:
    """Whether one of them rejects."""
    return any(finding.severity == "reject" for finding in findings)


def status_of(findings: Iterable[Finding]) -> Literal["A", "E", "R"]:
    """The verdict in the letters of AK501."""
    severities = {finding.severity for finding in findings}
    return "R" if "reject" in severities else "E" if "accept_with_error" in severities else "A"
