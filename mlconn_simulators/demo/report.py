"""What a demo ends with: a row a flow, counted against the sandbox's own state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class FlowReport:
    """One flow. duplicates, lost: by the sandbox's own books. commonest: the reason most documents are set aside for.

    differences: sent or posted documents whose amounts or lines are not those of their source, in words.
    """

    integration: str
    flow: str
    documents: int = 0
    sent: int = 0
    posted: int = 0
    recorded: int = 0
    set_aside: int = 0
    skipped: int = 0
    unknown: int = 0
    before_start: int = 0
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
        ended = self.sent + self.posted + self.recorded + self.set_aside + self.skipped + self.unknown + self.before_start
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
    "recorded": "recorded",
    "set_aside": "set_aside",
    "refused": "set_aside",
    "skipped": "skipped",
    "duplicate": "skipped",
    "unknown": "unknown",
    "before_start": "before_start",
}
"""Ledger state to column. A set that our 997 refused is set aside with its partner, a repeated file is skipped."""


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
            str(report.recorded),
            str(report.acknowledged),
            f"{report.set_aside}" + (f" ({report.commonest})" if report.commonest else ""),
            str(report.skipped),
            str(report.before_start),
            str(report.unknown),
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
    "recorded",
    "acknowledged",
    "set aside (mostly)",
    "skipped",
    "before start",
    "unknown",
    "duplicates",
    "lost",
    "seconds",
)
