"""The systems that documents come from and go to, and flows' routes: from an entity of a system to documents, and back."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlconn_pipelines.config.integration import InboundFlow, OutboundFlow
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.ports.delivery import FileExchange
from mlconn_pipelines.ports.mapping import ErpMapping, OutboundSet
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


@dataclass(frozen=True, slots=True)
class Route:
    """One outbound flow.

    declared: the entity that it begins at. quiet: by flow, what this process knows of sources in which nothing happens.
    """

    system: System
    declared: OutboundSet
    settings: OutboundFlow
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
    def mapping(self) -> ErpMapping:
        return self.system.mapping

    @property
    def name(self) -> str:
        """Of the integration."""
        return self.engine.name
