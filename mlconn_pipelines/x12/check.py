"""A whole file at once: what is in it, what is wrong with it, and what a 997 would say of each set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlconn_pipelines.x12.findings import Finding, status_of, with_severities
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.validation import has_grammar, validate


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """status: A accepted, E accepted with errors, R rejected, X no grammar for it (only its envelope was checked)."""

    type: str
    version: str
    control_number: str
    status: str
    segments: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """interchanges, groups: how many. findings: of the whole file, in its order."""

    interchanges: int
    groups: int
    transaction_sets: tuple[CheckedSet, ...]
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing rejects and nothing is accepted with errors."""
        return status_of(self.findings) == "A"

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


def check_file(data: bytes, guide: PartnerGuide | None = None) -> CheckReport:
    """Reads and validates everything in a file. Never raises."""
    reading = read(data)
    findings = list(with_severities(reading.findings, guide))
    checked: list[CheckedSet] = []
    groups = 0
    for interchange in reading.interchanges:
        findings += with_severities(interchange.findings, guide)
        for group in interchange.groups:
            groups += 1
            findings += with_severities(group.findings, guide)
            for transaction_set in group.sets:
                found = validate(transaction_set, group.version, guide)
                findings += found
                status = status_of(found)
                if status == "A" and not has_grammar(transaction_set.set_id, group.version):
                    status = "X"  # type: ignore[assignment]
                count = len(transaction_set.texts())
                number = transaction_set.control_number
                checked.append(CheckedSet(transaction_set.set_id, group.version, number, status, count))
    findings.sort(key=lambda finding: finding.offset)
    return CheckReport(len(reading.interchanges), groups, tuple(checked), tuple(findings))


def _finding_json(finding: Finding) -> dict[str, object]:
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
