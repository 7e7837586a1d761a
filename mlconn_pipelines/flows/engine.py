"""What every use case runs on, whichever systems it is between: the ledger's stores, clock, alerts, time-outs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mlconn_pipelines.flows.ports.acknowledgments import Acknowledgments
from mlconn_pipelines.flows.ports.claims import Claims
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.flows.ports.intake import Intake
from mlconn_pipelines.flows.ports.queue import Queue
from mlconn_pipelines.flows.ports.reports import LedgerReports
from mlconn_pipelines.flows.ports.watch import Watch


@dataclass(frozen=True, slots=True)
class Engine:
    """One integration's. name: of the integration. preview: it sends and posts nothing.

    alert: tells people of an alert; False when it could not be delivered and should be tried again.
    act_time_out_s: request time-out plus margin, after which what a dead process left may be taken over.
    absence_proves_after_s: after the end of an attempt at a system, before what is not there was surely not stored.
    gone_after_s: between two answers that a listed record is absent, which together prove that it is gone.
    hold_after_failures: error answers about one document before it is on hold.
    clock: running seconds. pause: waits for so many.
    """

    name: str
    config_hash: str
    preview: bool
    zone: ZoneInfo
    queue: Queue
    intake: Intake
    claims: Claims
    acknowledgments: Acknowledgments
    watch: Watch
    reports: LedgerReports
    alert: Callable[[Alert], bool] = lambda alert: True
    act_time_out_s: float = 90.0
    absence_proves_after_s: float = 1800.0
    gone_after_s: float = 60.0
    hold_after_failures: int = 5
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def local(self, at: datetime) -> datetime:
        """An aware time as the integration's own clock shows it, which is what interchanges are stamped with."""
        return at.astimezone(self.zone)

    def today(self) -> date:
        """The day that it is in the integration's zone, by the clock that all processes share."""
        return self.local(self.queue.now()).date()
