"""The systems that documents come from and go to, and flows' routes: from an entity of a system to documents, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from mlconn_pipelines.config.integration import InboundFlow, OutboundFlow, VendorFlow
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import AfterSending
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.ports.delivery import FileExchange
from mlconn_pipelines.ports.mapping import ErpMapping, OutboundMapping, OutboundSet
from mlconn_pipelines.ports.records import Connector, RecordSource, Totals

INBOUND = "inbound"
"""The flow that receives, checks, posts and answers everything that arrives."""


@dataclass(frozen=True, slots=True)
class System:
    """A system whose records are read and written, with the engine that does it. mapping: what its records mean."""

    engine: Engine
    connector: Connector
    mapping: ErpMapping

    @property
    def name(self) -> str:
        """Of the integration."""
        return self.engine.name


@dataclass(frozen=True, slots=True)
class IdleWindow:
    """Looks at a source that found nothing new: under which watermark, and when the first and the last of them began."""

    watermark: str | None
    first_at: float
    last_at: float


class ReadingSettings(Protocol):
    """How a flow reads its records. send_from, after_sending: see `FetchRules`. missing_hold_h: see missing.py."""

    @property
    def send_from(self) -> date: ...
    @property
    def after_sending(self) -> AfterSending: ...
    @property
    def missing_hold_h(self) -> float: ...


class RecordRoute(Protocol):
    """The beginning of a flow: records of one entity of a system, on their way into the ledger. quiet: see `Route`."""

    @property
    def engine(self) -> Engine: ...
    @property
    def source(self) -> RecordSource: ...
    @property
    def outbound(self) -> OutboundMapping: ...
    @property
    def declared(self) -> OutboundSet: ...
    @property
    def settings(self) -> ReadingSettings: ...
    @property
    def quiet(self) -> dict[str, IdleWindow]: ...
    @property
    def name(self) -> str: ...
    @property
    def watch(self) -> Watch: ...
    @property
    def flow(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One outbound flow.

    declared: the entity that it begins at. quiet: by flow, what this process knows of sources in which nothing happens.
    """

    system: System
    declared: OutboundSet
    settings: OutboundFlow | VendorFlow
    quiet: dict[str, IdleWindow] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        return self.system.engine

    @property
    def source(self) -> RecordSource:
        return self.system.connector.source

    @property
    def totals(self) -> Totals:
        return self.system.connector.totals

    @property
    def mapping(self) -> ErpMapping:
        return self.system.mapping

    @property
    def outbound(self) -> OutboundMapping:
        return self.system.mapping.outbound

    @property
    def name(self) -> str:
        """Of the integration."""
        return self.engine.name

    @property
    def watch(self) -> Watch:
        return self.engine.watch

    @property
    def flow(self) -> str:
        return self.declared.flow


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """From the watched folders of an exchange to the entities of a system.

    downloads_at_once, posts_at_once: requests in flight to the two. leaves_files: received files stay in their folder.
    """

    exchange: FileExchange
    system: System
    partners: Partners
    settings: InboundFlow
    downloads_at_once: int
    posts_at_once: int
    leaves_files: bool

    @property
    def engine(self) -> Engine:
        return self.system.engine

    @property
    def entities(self) -> tuple[str, ...]:
        """Of the system, that documents become records of: orders first."""
        return self.mapping.created

    @property
    def mapping(self) -> ErpMapping:
        return self.system.mapping

    @property
    def name(self) -> str:
        """Of the integration."""
        return self.engine.name
