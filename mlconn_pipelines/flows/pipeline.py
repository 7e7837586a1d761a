"""Everything a use case needs of one integration, put together once by whoever starts it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mlconn_pipelines.config.integration import EdiIntegration, InboundFlow, OutboundFlow
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import Alert, Run
from mlconn_pipelines.flows.ports.ledger import Ledger
from mlconn_pipelines.flows.ports.reports import LedgerReports
from mlconn_pipelines.flows.translation import Message
from mlconn_pipelines.ports.delivery import Delivery, FileExchange
from mlconn_pipelines.ports.mapping import ErpMapping, OutboundSet
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.subscriptions import Subscriber

INBOUND = "inbound"
"""The flow that receives, checks, posts and answers everything that arrives."""

EXCHANGE = "cleo"
"""The system at the other end of every flow of an ERP."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a partner's documents go. message: pure; X12 bytes and values about the document to the bytes that are delivered."""

    delivery: Delivery
    message: Message


@dataclass(frozen=True, slots=True)
class QuietSource:
    """Looks at a source that found nothing new: under which watermark, and when the first and the last of them began."""

    watermark: str | None
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One integration with its ledger, its systems and its partners.

    alert: tells people of an alert; False when it could not be delivered and should be tried again.
    act_time_out_s: request time-out plus margin, after which what a dead process left may be taken over.
    absence_proves_after_s: after the end of an attempt at the ERP, before what is not there was surely not stored.
    gone_after_s: between two answers that a listed record is absent, which together prove that it is gone.
    deliveries_at_once, posts_at_once: acts in flight towards the exchange and towards the ERP.
    leaves_files: received files stay in their folder. subscriber: None where the ERP's notifications need no subscription of ours.
    clock: running seconds. pause: waits for so many. quiet: by flow, what this process knows of a source in which nothing happens.
    """

    settings: EdiIntegration
    config_hash: str
    ledger: Ledger
    reports: LedgerReports
    erp: Connector
    mapping: ErpMapping
    exchange: FileExchange
    partners: Partners
    destinations: Mapping[str, Destination]
    alert: Callable[[Alert], bool] = lambda alert: True
    act_time_out_s: float = 90.0
    absence_proves_after_s: float = 1800.0
    gone_after_s: float = 60.0
    deliveries_at_once: int = 6
    posts_at_once: int = 4
    leaves_files: bool = False
    subscriber: Subscriber | None = None
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    quiet: dict[str, QuietSource] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.settings.integration

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)

    def run(self, flow: str, run_id: str, partition: date, preview: bool = False) -> Run:
        """A run of one of the flows, with the systems that it reads and writes."""
        ends: tuple[str, str] = (self.settings.erp.kind, EXCHANGE)
        source, target = reversed(ends) if flow == INBOUND else ends
        preview = preview or self.settings.mode == "preview"
        return Run(self.name, flow, run_id, partition, preview, self.config_hash, source, target)

    def local(self, at: datetime) -> datetime:
        """An aware time as the integration's own clock shows it, which is what interchanges are stamped with."""
        return at.astimezone(self.zone)

    def today(self) -> date:
        """The day that it is in the integration's zone, by the clock that all processes share."""
        return self.local(self.ledger.now()).date()

    def outbound_flow(self, flow: str) -> tuple[OutboundSet, OutboundFlow]:
        """What the flow reads and how it is set. ConfigurationError when it is off or the ERP has no such flow."""
        settings = self.settings.flows.outbound().get(flow)
        declared = self.mapping.outbound_sets.get(flow)
        if settings is None or declared is None:
            on = ", ".join(name for name in self.settings.flows.outbound() if name in self.mapping.outbound_sets) or "none"
            raise ConfigurationError(f"{self.name} has no outbound flow {flow!r}; those that are on: {on}")
        return declared, settings

    @property
    def inbound_flow(self) -> InboundFlow:
        """The inbound flow's settings. ConfigurationError when it is off."""
        if self.settings.flows.inbound is None:
            raise ConfigurationError(f"{self.name} has no inbound flow", hint="Add flows.inbound to the integration.")
        return self.settings.flows.inbound
