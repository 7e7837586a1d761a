"""A whole file, of any size: what is in it, what is wrong with it, and what a 997 would say of each set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding, finding, status_of, with_severities
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.reader import iter_parts
from mlconn_pipelines.x12.source import FileContent
from mlconn_pipelines.x12.validation import has_grammar, validate

FINDINGS_MAX = 10_000
"""Of a whole file; what is beyond is counted."""


_Order = tuple[int, int, int]
"""Where a finding comes among others at the same byte: interchange, group, and 1 for sets."""
_OUTSIDE = (-1, -1, 0)


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """status: A accepted, E accepted with errors, R rejected, X no grammar for it: only its envelope was checked, whatever was noted."""

    type: str
    version: str
    control_number: str
    status: str
    segments: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """interchanges, groups: how many. findings: of the whole file, in its order; at most `FINDINGS_MAX` and one that says
    how many there are besides. is_clean: nothing rejects and nothing is accepted with errors, be it listed or not.
    """

    interchanges: int
    groups: int
    transaction_sets: tuple[CheckedSet, ...]
    findings: tuple[X12Finding, ...]
    is_clean: bool

    def as_json(self, file: str = "") -> Mapping[str, object]:
        """JSON values, in the shape of `mlconn x12 check --json`."""
        return {
            "file": file,
            "interchanges": self.interchanges,
            "groups": self.groups,
            "transaction_sets": [
                {
                    "type": s.type,
                    "version": s.version,
                    "control_number": s.control_number,
                    "status": s.status,
                    "segments": s.segments,
                }
                for s in self.transaction_sets
            ],
            "findings": [_finding_json(finding) for finding in self.findings],
        }


def check_file(data: FileContent, guide: PartnerGuide | None = None) -> CheckReport:
    """Reads and validates everything in a file, part by part. Never raises. data: a mapped file where it may be large."""
    found, outside = _Found(guide), list[X12Finding]()
    checked: list[CheckedSet] = []
    interchanges = groups = 0
    for part in iter_parts(data, outside):
        match part:
            case TransactionSet():
                findings = validate(part, part.version, guide)
                found.add_weighed(findings, (interchanges, groups, 1))
                checked.append(_checked(part, findings))
            case FunctionalGroup():
                found.add(part.findings, (interchanges, groups, 0))
                groups += 1
            case Interchange():
                found.add(part.findings, (interchanges, -1, 0))
                found.add(outside, _OUTSIDE)
                outside.clear()
                interchanges += 1
    found.add(outside, _OUTSIDE)
    return CheckReport(interchanges, groups, tuple(checked), found.in_order(), found.status == "A")


def _checked(transaction_set: TransactionSet, findings: tuple[X12Finding, ...]) -> CheckedSet:
    version: str = transaction_set.version
    status: str = status_of(findings)
    if status != "R" and not has_grammar(transaction_set.set_id, version):
        status = "X"
    return CheckedSet(transaction_set.set_id, version, transaction_set.control_number, status, transaction_set.segment_count)


class _Found:
    """The findings of a file: the first of them in full, of the others how many and how bad. status: the verdict on all."""

    def __init__(self, guide: PartnerGuide | None) -> None:
        self._guide = guide
        self._findings: list[tuple[int, _Order, X12Finding]] = []
        self._left_out = 0
        self.status: Literal["A", "E", "R"] = "A"

    def add(self, findings: Sequence[X12Finding], order: _Order) -> None:
        self.add_weighed(with_severities(findings, self._guide), order)

    def add_weighed(self, findings: Sequence[X12Finding], order: _Order) -> None:
        if not findings:
            return
        self.status = max(self.status, status_of(findings))
        room = max(0, FINDINGS_MAX - len(self._findings))
        self._findings += [(found.offset, order, found) for found in findings[:room]]
        self._left_out += len(findings[room:])

    def in_order(self) -> tuple[X12Finding, ...]:
        """By place, and where several have the same one, from the interchange down."""
        ordered = [found for _, _, found in sorted(self._findings, key=lambda one: one[:2])]
        if self._left_out:
            text = f"{self._left_out} more findings are not listed; the verdicts on the sets take them into account."
            ordered.append(finding("more_findings", text, offset=ordered[-1].offset, line=ordered[-1].line))
        return tuple(ordered)


def _finding_json(finding: X12Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "level": finding.level,
        "severity": finding.severity,
        "offset": finding.offset,
        "line": finding.line,
        "segment": finding.segment,
        "segment_id": finding.segment_id,
        "element": finding.element,
        "component": finding.component,
        "value": finding.value,
        "message": finding.message,
        "acknowledgment": finding.acknowledgment,
        "rule": finding.rule,
    }
