"""How far the demo is: read from the ledger, shown while it goes on, and whether anything is left to do."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from mlconn_pipelines.cli.output import say
from mlconn_pipelines.flows.ports.reports import LedgerReports
from mlconn_simulators.demo.description import DemoSystem, SourceDocument
from mlconn_simulators.demo.report import STATES

Lane = tuple[str, str]
"""Integration and flow."""

ON_THE_WAY = ("pending_validation", "ready")
SAID_EVERY_S = 10.0


def all_read(partner: Mapping[str, Any], files: Mapping[str, str]) -> bool:
    """Whether partners owe no answer and every file of theirs has been dealt with. files: what became of each, by our ledger."""
    if partner["announced"]:
        return False
    return all(files.get(sent["file"], "seen") not in ("seen", "stored") for sent in partner["sent"])


@dataclass(slots=True)
class Progress:
    """systems: what is watched. seconds: by integration and flow, when its totals last changed. stage: in words.

    more_lanes: those that belong to no ERP of the EDI flows. expected: how many documents each outbound flow has to find.
    """

    systems: Sequence[DemoSystem]
    more_lanes: Sequence[Lane] = ()
    started: float = field(default_factory=time.monotonic)
    expected: dict[Lane, int] = field(default_factory=dict)
    totals: dict[Lane, Mapping[str, int]] = field(default_factory=dict)
    seconds: dict[Lane, float] = field(default_factory=dict)
    stage: str = "starting"

    @property
    def lanes(self) -> list[Lane]:
        return [*((system.integration, flow) for system in self.systems for flow in system.flows), *self.more_lanes]

    def expect(self, system: DemoSystem, sources: Sequence[SourceDocument], send_from: dt.date) -> None:
        """Note what the ERP holds at the start; of older documents it depends on the ERP whether they are looked at."""
        for flow in system.sends:
            due = sum(one.flow == flow and one.date >= send_from for one in sources)
            self.expected[system.integration, flow] = due

    def read(self, reports: LedgerReports) -> None:
        """Take in the ledger's numbers."""
        for lane in self.lanes:
            totals = reports.totals(*lane)
            if totals != self.totals.get(lane):
                self.totals[lane] = dict(totals)
                self.seconds[lane] = self.elapsed
        self.stage = "documents are moving" if any(self.totals.values()) else "waiting for the first runs"

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def on_the_way(self) -> bool:
        """Whether a document is seen or ready, or one of the sources not even seen."""
        if any(totals.get(state) for totals in self.totals.values() for state in ON_THE_WAY):
            return True
        return any(self._found(lane) < count for lane, count in self.expected.items())

    def _found(self, lane: Lane) -> int:
        return sum(count for state, count in self.totals.get(lane, {}).items() if state != "before_go_live")

    def table(self) -> Table:
        table = Table(title=f"{self.stage} — {self.elapsed:.0f} s", title_justify="left", show_edge=False, pad_edge=False)
        for column in ("integration", "flow", "documents", "on the way", "sent", "posted", "processed", "on hold", "skipped"):
            table.add_column(column, justify="left" if column in ("integration", "flow") else "right")
        for integration, flow in self.lanes:
            totals = self.totals.get((integration, flow), {})
            counts = {name: sum(n for state, n in totals.items() if STATES.get(state) == name) for name in set(STATES.values())}
            way = sum(totals.get(state, 0) for state in ON_THE_WAY)
            shown = (counts["sent"], counts["posted"], counts["processed"], counts["on_hold"], counts["skipped"])
            table.add_row(integration, flow, str(sum(totals.values())), str(way), *(str(number or "") for number in shown))
        return table


class Display:
    """A live table on a terminal, a line every ten seconds elsewhere; always on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, refresh_per_second=4, transient=True) if self._console.is_terminal else None
        self._said = 0.0

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self) -> None:
        if self._live:
            self._live.update(self._progress.table())
        elif self._progress.elapsed - self._said >= SAID_EVERY_S:
            self._said = self._progress.elapsed
            parts = [f"{'/'.join(lane)} {sum(totals.values())}" for lane, totals in self._progress.totals.items()]
            say(f"{self._progress.elapsed:4.0f} s  {self._progress.stage}: {', '.join(parts) or '-'}")
