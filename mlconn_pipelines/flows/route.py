"""One outbound flow: the route from an entity of a system to the documents that are made of its records."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlconn_pipelines.config.integration import OutboundFlow
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.ports.mapping import ErpMapping, OutboundSet
from mlconn_pipelines.ports.records import RecordSource, Totals


@dataclass(frozen=True, slots=True)
class QuietSource:
    """Looks at a source that found nothing new: under which watermark, and when the first and the last of them began."""

    watermark: str | None
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Route:
    """declared: the entity that it begins at. quiet: by flow, what this process knows of sources in which nothing happens."""

    engine: Engine
    source: RecordSource
    totals: Totals
    mapping: ErpMapping
    declared: OutboundSet
    settings: OutboundFlow
    quiet: dict[str, QuietSource] = field(default_factory=dict)

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
