"""A sync integration's pipeline out of its configuration: ledger, both connectors, and a route for each flow that is on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.loading import Configuration, load_configuration
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.systems.salesforce.api.connector import open_org
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.transport.alert import deliver
from mlconn_pipelines.wiring.engine import engine_of
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines.wiring.sync import (
    accounts,
    contact_employees,
    contacts,
    customer_codes,
    customers,
    opportunities,
    orders,
    receivables,
    sales_items,
)
from mlconn_pipelines.wiring.sync.flow import Parts, SyncFlow, titles_of
from mlconn_pipelines.wiring.systems import reach_of, system_of

AnyPipeline = Pipeline | SyncPipeline
"""Of an integration of either kind."""

FLOWS: Sequence[SyncFlow] = (
    accounts.FLOW,
    customer_codes.FLOW,
    customers.FLOW,
    contacts.FLOW,
    contact_employees.FLOW,
    sales_items.FLOW,
    opportunities.FLOW,
    orders.FLOW,
    receivables.FLOW,
)
"""In the order in which they are shown. A new flow is a module, a row here and its settings in `config/sync.py`."""


@contextmanager
def open_sync(
    name: str,
    configuration: Configuration | None = None,
    settings: Settings | None = None,
    stores: Stores | None = None,
) -> Iterator[SyncPipeline]:
    """The sync integration `name`, ready for use; its connections are closed at the end. No system is asked yet.

    configuration, settings: read from the usual places where not given. stores: of this process, opened here where not given.
    Errors: ConfigurationError, VaultError.
    """
    settings = settings or read_settings()
    configuration = configuration or load_configuration(settings.config)
    integration = configuration.sync(name)
    with ExitStack() as stack:
        stores = stores or stack.enter_context(open_stores(settings))
        erp = system_of(integration.erp)
        sap = erp.open(integration.erp, reach_of(stores, name))
        stack.callback(sap.close)
        org = open_org(
            integration.salesforce,
            stores.credentials,
            stores.sessions(integration.salesforce.credential, name),
            stores.limiter,
            mapped=mapped_of(integration),
        )
        stack.callback(org.connector.close)
        tell = partial(deliver, settings=integration.alerts, integration=name, credentials=stores.credentials)
        engine = engine_of(configuration, name, stores, tell)
        system = System(engine, sap, erp.mapping(integration.erp))
        parts = Parts(integration, engine, system, org.connector, org.reader, org.edits, stores.field_states)
        looks_every_s = integration.schedules.edits_look_every_s
        routes = {
            flow.name: replace(flow.route(parts), titles=titles_of(integration, flow.between), edits_every_s=looks_every_s)
            for flow in open_flows(integration)
        }
        comparisons = {flow.name: flow.comparison(parts, routes) for flow in open_flows(integration) if flow.comparison}
        connectors = {"erp": sap, "salesforce": org.connector}
        yield SyncPipeline(engine, integration, stores.operator, system, connectors, routes, comparisons)


def open_of_any_kind(
    name: str, configuration: Configuration | None, settings: Settings, stores: Stores | None
) -> AbstractContextManager[AnyPipeline]:
    """The integration of that name, whichever two systems it is between; as `open_pipeline` and `open_sync`."""
    configuration = configuration or load_configuration(settings.config)
    opened = open_sync if name in configuration.syncs else open_pipeline
    return opened(name, configuration, settings, stores)


def open_flows(integration: SyncIntegration) -> list[SyncFlow]:
    """Those that are on."""
    return [flow for flow in FLOWS if flow.name in integration.flow_names]


def mapped_of(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    """What all flows that are on read and write of an org beside standard fields."""
    found: dict[str, MappedObject] = {}
    for flow in open_flows(integration):
        for name, mapped in flow.mapped(integration).items():
            found[name] = found.get(name, MappedObject()) | mapped
    return found
