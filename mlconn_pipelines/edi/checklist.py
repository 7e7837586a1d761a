"""What a mapping notes down while it checks one document: findings, and what it looked for in vain."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.ports.mapping import Finding, Severity
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import reason_named


class Checklist:
    """Collects for one document. The guide of a trading partner, where there is one, may give a finding another severity than ours."""

    def __init__(self, partner: Partner | None = None) -> None:
        self.partner = partner
        self._severities: Mapping[str, Severity] = partner.guide.severities if partner else {}
        self._findings: dict[Finding, None] = {}
        self._missing: dict[tuple[str, str], None] = {}

    def reject(self, code: str, message: str, place: str = "") -> None:
        """Something that a person must decide or correct."""
        self.note(code, message, place, "reject")

    def note(self, code: str, message: str, place: str = "", severity: Severity | None = None) -> None:
        """Something that should be seen. severity: the reason's own where none is given; such a one does not stop the document."""
        reason = reason_named(code)
        usual = severity or (reason.severity if reason else "accept_with_error")
        self._findings[Finding(code, message, self._severities.get(code, usual), place)] = None

    def look_up(self, kind: str, key: str) -> None:
        """A reference record that is not known, or known as inactive: worth one look at the ERP before refusing."""
        self._missing[kind, key] = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._findings)

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._missing)

    @property
    def refused(self) -> bool:
        return any(finding.severity == "reject" for finding in self._findings)
