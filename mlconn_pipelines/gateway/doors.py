"""Who may call, out of the configuration: one door for each integration and sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlconn_pipelines.config.events import CLEO, SOURCE_OF, Sender
from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.gateway.pace import Bucket
from mlconn_pipelines.gateway.tellings import Listener
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.wiring.systems import mapping_of

REFUSED_PER_SECOND = 10.0
"""Refusals to one door; more are told to come later. They take nothing from genuine calls."""


@dataclass(slots=True)
class Door:
    """Where one sender calls about one integration. genuine, refused: buckets of calls that bear our secret and of the others."""

    listener: Listener
    sender: Sender
    genuine: Bucket
    refused: Bucket = field(default_factory=lambda: Bucket(REFUSED_PER_SECOND))


Doors = Mapping[tuple[str, str], Door]
"""By integration and source, as they stand in addresses."""


def doors_of(configuration: Configuration) -> Doors:
    """Of every integration that has `events`."""
    doors: dict[tuple[str, str], Door] = {}
    for name, integration in configuration.integrations.items():
        events = integration.events
        if events is None:
            continue
        if events.erp is not None and (source := SOURCE_OF.get(integration.erp.kind)) is not None:
            doors[name, source] = _door(_erp_listener(integration, source), events.erp)
        if events.cleo is not None and integration.flows.inbound is not None:
            folders = ", ".join(integration.flows.inbound.folders)
            doors[name, CLEO] = _door(Listener(name, CLEO, {folders: INBOUND}), events.cleo)
    return doors


def _door(listener: Listener, sender: Sender) -> Door:
    return Door(listener, sender, Bucket(sender.requests_per_second))


def _erp_listener(integration: EdiIntegration, source: str) -> Listener:
    declared = mapping_of(integration.erp).outbound.sets
    flows = {declared[flow].entity: flow for flow in integration.flows.outbound() if flow in declared}
    company = integration.erp.company.lower() if isinstance(integration.erp, FinanceOperationsConnection) else ""
    return Listener(integration.integration, source, flows, company)
