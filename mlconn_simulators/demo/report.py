"""What a demo ends with: a row a flow, counted against the sandbox's own state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class FlowReport:
    """One flow. duplicates, lost: by the sandbox's own books. commonest: the reason most documents are on hold for.

    differences: sent or posted documents whose amounts or lines are not those of their source, in words.
    """

    integration: str
    flow: str
    documents: int = 0
    sent: int = 0
    posted: int = 0
    processed: int = 0
    on_hold: int = 0
    skipped: int = 0
    outcome_unknown: int = 0
    before_go_live: int = 0
    acknowledged: int = 0
    awaited: int = 0
    overdue: int = 0
    rejected: int = 0
    duplicates: int = 0
    lost: int = 0
    seconds: float = 0.0
    commonest: str = ""
    expecting: int = 0
    compared: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Every document is somewhere, none twice, none lost, and every expected 997 is accounted for."""
        return not self.complaints

    @property
    def complaints(self) -> list[str]:
        """What does not add up, in words."""
        ended = (
            self.sent + self.posted + self.processed + self.on_hold + self.skipped + self.outcome_unknown + self.before_go_live
        )
        acknowledged = self.acknowledged + self.awaited + self.overdue + self.rejected
        said, name = [], f"{self.integration} {self.flow}"
        if ended != self.documents:
            said.append(f"{name}: {self.documents} documents, but {ended} are accounted for")
        if self.duplicates:
            said.append(f"{name}: {self.duplicates} arrived twice")
        if self.lost:
            said.append(f"{name}: {self.lost} were lost")
        if acknowledged != self.expecting:
            said.append(f"{name}: {self.expecting} documents expect a 997, but {acknowledged} are accounted for")
        return said + self.differences

    def as_json(self) -> dict[str, Any]:
        """The keys that `mlconn demo --json` promises, and no others."""
        left_out = {"commonest", "expecting", "compared", "differences"}
        return {key: value for key, value in asdict(self).items() if key not in left_out}


STATES: Mapping[str, str] = {
    "sent": "sent",
    "accepted": "sent",
    "accepted_with_errors": "sent",
    "rejected_by_partner": "sent",
    "posted": "posted",
    "processed": "processed",
    "on_hold": "on_hold",
    "syntax_rejected": "on_hold",
    "skipped": "skipped",
    "duplicate": "skipped",
    "outcome_unknown": "outcome_unknown",
    "before_go_live": "before_go_live",
}
"""Ledger state to column. A set that our 997 refused is on hold with its partner, a repeated file is skipped."""


def count_states(report: FlowReport, totals: Mapping[str, int]) -> None:
    """Add the ledger's totals to the row; states on the way count as documents only, so that they show up as missing."""
    for state, count in totals.items():
        report.documents += count
        if (column := STATES.get(state)) is not None:
            setattr(report, column, getattr(report, column) + count)


def table_rows(reports: Sequence[FlowReport]) -> list[tuple[str, ...]]:
    """As the final table shows it."""
    return [
        (
            report.integration,
            report.flow,
            str(report.documents),
            str(report.sent),
            str(report.posted),
            str(report.processed),
            str(report.acknowledged),
            str(report.rejected),
            f"{report.on_hold}" + (f" ({report.commonest})" if report.commonest else ""),
            str(report.skipped),
            str(report.before_go_live),
            str(report.outcome_unknown),
            str(report.duplicates),
            str(report.lost),
            f"{report.seconds:.0f}",
        )
        for report in reports
    ]


COLUMNS = (
    "integration",
    "flow",
    "documents",
    "sent",
    "posted",
    "processed",
    "acknowledged",
    "rejected",
    "on hold (mostly)",
    "skipped",
    "before go-live",
    "outcome unknown",
    "duplicates",
    "lost",
    "seconds",
)
