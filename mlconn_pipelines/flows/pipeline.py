"""Everything a use case needs of one integration, put together once by whoever starts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from mlconn_pipelines.config.integration import EdiIntegration, OutboundFlow, VendorFlow
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.outlet import Destination, Outlet
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.flows.reprocessing import Reprocessor
from mlconn_pipelines.flows.route import INBOUND, IdleWindow, InboundRoute, Route, System
from mlconn_pipelines.ports.delivery import FileExchange
from mlconn_pipelines.ports.mapping import ErpMapping, OutboundSet
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.ports.subscriptions import Subscriber


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One integration with its engine, its systems and its partners.

    deliveries_at_once, posts_at_once: acts in flight towards the exchange and towards the ERP.
    leaves_files: received files stay in their folder. subscriber: None where the ERP's notifications need no subscription of ours.
    quiet: see `Route`.
    """

    engine: Engine
    settings: EdiIntegration
    operator: Operator
    erp: Connector
    mapping: ErpMapping
    exchange: FileExchange
    partners: Partners
    destinations: Mapping[str, Destination]
    deliveries_at_once: int = 6
    posts_at_once: int = 4
    leaves_files: bool = False
    subscriber: Subscriber | None = None
    quiet: dict[str, IdleWindow] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def calls(self) -> tuple[int, int]:
        """Requests made so far: to the ERP, and to the exchange."""
        return self.erp.calls, self.exchange.calls

    @property
    def watch(self) -> Watch:
        return self.engine.watch

    def run(self, flow: str, run_id: str, partition: date, preview: bool = False) -> Run:
        """A run of one of the flows, with the systems that it reads and writes."""
        ends: tuple[str, str] = (self.settings.erp.kind, self.settings.exchange.kind)
        source, target = reversed(ends) if flow == INBOUND else ends
        return Run(self.name, flow, run_id, partition, preview or self.engine.preview, self.engine.config_hash, source, target)

    @property
    def system(self) -> System:
        """The ERP, to read from and to write to."""
        return System(self.engine, self.erp, self.mapping)

    def route(self, flow: str) -> Route:
        """Where the flow's documents come from. ConfigurationError when it is off or the ERP has no such flow."""
        return Route(self.system, *self.outbound_flow(flow), self.quiet)

    def reprocessor(self, flow: str) -> Reprocessor:
        return Reprocessor(self.engine, self.operator, None if flow == INBOUND else self.route(flow))

    def routes(self) -> Iterator[Route]:
        """Of the outbound flows that are on."""
        return map(self.route, self.settings.flows.outbound())

    @property
    def subscribing(self) -> Subscriber:
        """Who keeps our subscriptions. ConfigurationError where the integration subscribes to nothing."""
        if self.subscriber is None:
            raise ConfigurationError(
                f"{self.name} has no subscriptions",
                "They are made for Business Central where the integration has events.erp; other systems are told by a person.",
            )
        return self.subscriber

    @property
    def outlet(self) -> Outlet:
        """Where documents go."""
        return Outlet(self.partners, self.destinations, self.deliveries_at_once)

    def resends_identical(self, flow: str) -> bool:
        """Whether a delivery of the flow that left no trace is made again; otherwise its 997 is waited for."""
        flows = self.settings.flows
        settings = flows.inbound if flow == INBOUND else flows.outbound().get(flow)
        return settings is not None and settings.unknown_delivery == "resend_identical"

    def outbound_flow(self, flow: str) -> tuple[OutboundSet, OutboundFlow | VendorFlow]:
        """What the flow reads and how it is set. ConfigurationError when it is off or the ERP has no such flow."""
        settings = self.settings.flows.outbound().get(flow)
        declared = self.mapping.outbound.sets.get(flow)
        if settings is None or declared is None:
            on = ", ".join(name for name in self.settings.flows.outbound() if name in self.mapping.outbound.sets) or "none"
            raise ConfigurationError(f"{self.name} has no outbound flow {flow!r}; those that are on: {on}")
        return declared, settings

    @property
    def inbound(self) -> InboundRoute:
        """Where what arrives comes from, and where it goes. ConfigurationError when the inbound flow is off."""
        if (settings := self.settings.flows.inbound) is None:
            raise ConfigurationError(f"{self.name} has no inbound flow", hint="Add flows.inbound to the integration.")
        at_once = self.deliveries_at_once, self.posts_at_once
        return InboundRoute(self.exchange, self.system, self.partners, settings, *at_once, self.leaves_files)
