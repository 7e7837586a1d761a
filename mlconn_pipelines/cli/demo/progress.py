"""How far the demo is: read from the ledger and the sandbox, shown while it goes on, and whether anything is left to do."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from mlconn_pipelines.cli.demo.comparing import SOURCES
from mlconn_pipelines.cli.demo.report import STATES
from mlconn_pipelines.flows.ports.reports import LedgerReports

ON_THE_WAY = ("seen", "ready")
SAID_EVERY_S = 10.0


@dataclass(slots=True)
class Progress:
    """integration, flows: what is watched. seconds: by flow, when its totals last changed. stage: in words, before documents flow."""

    integration: str
    flows: Sequence[str]
    started: float = field(default_factory=time.monotonic)
    totals: dict[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    announced: int = 0
    stage: str = "starting"

    def read(self, reports: LedgerReports, partner: Mapping[str, Any]) -> None:
        """Take in both sides' numbers."""
        self.announced = partner["announced"]
        for flow in self.flows:
            totals = reports.totals(self.integration, flow)
            if totals != self.totals.get(flow):
                self.totals[flow] = dict(totals)
                self.seconds[flow] = self.elapsed
        self.stage = "documents are moving" if any(self.totals.values()) else "waiting for the first runs"

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def nothing_left(self, sources: Mapping[str, int], files: Mapping[str, str], partner: Mapping[str, Any]) -> bool:
        """No document on the way, every source document seen, and every answer that partners announced has been read.

        sources: how many documents the ERP holds by entity. files: what became of each file in the watched folders.
        """
        if self.announced or any(totals.get(state) for totals in self.totals.values() for state in ON_THE_WAY):
            return False
        for flow in self.flows:
            if flow in SOURCES and sum(self.totals.get(flow, {}).values()) < sources[SOURCES[flow][0]]:
                return False
        return all(files.get(sent["file"], "seen") not in ("seen", "stored") for sent in partner["sent"])

    def table(self) -> Table:
        table = Table(title=f"{self.stage} — {self.elapsed:.0f} s", title_justify="left", show_edge=False, pad_edge=False)
        for column in ("flow", "documents", "on the way", "sent", "posted", "recorded", "set aside", "skipped"):
            table.add_column(column, justify="left" if column == "flow" else "right")
        for flow in self.flows:
            totals = self.totals.get(flow, {})
            counts = {name: sum(n for state, n in totals.items() if STATES.get(state) == name) for name in set(STATES.values())}
            way = sum(totals.get(state, 0) for state in ON_THE_WAY)
            shown = (counts["sent"], counts["posted"], counts["recorded"], counts["set_aside"], counts["skipped"])
            table.add_row(flow, str(sum(totals.values())), str(way), *(str(number or "") for number in shown))
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
            parts = [f"{flow} {sum(totals.values())}" for flow, totals in self._progress.totals.items()]
            print(
                f"{self._progress.elapsed:4.0f} s  {self._progress.stage}: {', '.join(parts) or '-'}",
                file=sys.stderr,
                flush=True,
            )
