"""Who may call, out of the configuration: one endpoint for each integration and sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlconn_pipelines.config.events import CLEO, Sender, source_of
from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.gateway.rate_limit import Bucket
from mlconn_pipelines.ports.notifications import Listener, Notifications
from mlconn_pipelines.systems.cleo import notifications as cleo
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE
from mlconn_pipelines.wiring.sync.opening import open_flows
from mlconn_pipelines.wiring.systems import SYSTEMS, mapping_of, system_of

REFUSED_PER_SECOND = 10.0
"""Refusals to one endpoint; more are told to come later. They take nothing from genuine calls."""


@dataclass(slots=True)
class Endpoint:
    """Where one sender calls about one integration. genuine, refused: buckets of calls that bear our secret and of the others."""

    listener: Listener
    notifications: Notifications
    sender: Sender
    genuine: Bucket
    refused: Bucket = field(default_factory=lambda: Bucket(REFUSED_PER_SECOND))


Endpoints = Mapping[tuple[str, str], Endpoint]
"""By integration and source, as they stand in addresses."""


def endpoints_of(configuration: Configuration) -> Endpoints:
    """Of every integration that has `events`."""
    endpoints: dict[tuple[str, str], Endpoint] = {}
    for name, integration in configuration.integrations.items():
        events = integration.events
        if events is None:
            continue
        notifications = system_of(integration.erp).notifications
        if events.erp is not None and notifications is not None:
            source = source_of(integration.erp.kind)
            endpoints[name, source] = _endpoint(_erp_listener(integration, source, notifications), notifications, events.erp)
        if events.cleo is not None and integration.flows.inbound is not None:
            folders = ", ".join(integration.flows.inbound.folders)
            endpoints[name, CLEO] = _endpoint(Listener(name, CLEO, {folders: INBOUND}), cleo.NOTIFICATIONS, events.cleo)
    for name, sync in configuration.syncs.items():
        notifications = system_of(sync.erp).notifications
        if sync.events is not None and sync.events.erp is not None and notifications is not None:
            source = source_of(sync.erp.kind)
            concerned: dict[str, list[str]] = {}
            for flow in open_flows(sync):
                if flow.between == TO_SALESFORCE:
                    for entity in dict.fromkeys((flow.declared.entity, *flow.told_by(sync))):
                        concerned.setdefault(entity, []).append(flow.name)
            first = {entity: flows[0] for entity, flows in concerned.items()}
            more = {entity: flows[1:] for entity, flows in concerned.items() if flows[1:]}
            listener = Listener(name, source, first, notifications.company(sync.erp), more)
            endpoints[name, source] = _endpoint(listener, notifications, sync.events.erp)
    return endpoints


def senders() -> Mapping[str, Notifications]:
    """Everybody who may call, by the name in the address."""
    erps = {source_of(kind): system.notifications for kind, system in SYSTEMS.items() if system.notifications is not None}
    return {**erps, CLEO: cleo.NOTIFICATIONS}


def _endpoint(listener: Listener, notifications: Notifications, sender: Sender) -> Endpoint:
    return Endpoint(listener, notifications, sender, Bucket(sender.requests_per_second))


def _erp_listener(integration: EdiIntegration, source: str, notifications: Notifications) -> Listener:
    declared = mapping_of(integration.erp).outbound.sets
    flows = {declared[flow].entity: flow for flow in integration.flows.outbound() if flow in declared}
    return Listener(integration.integration, source, flows, notifications.company(integration.erp))
