"""A sync integration's pipeline out of its configuration: ledger, both connectors, and a route for each flow that is on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.loading import Configuration, load_configuration
from mlconn_pipelines.config.sync import OpportunitiesFlow, OrdersFlow
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import AfterSending
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.flows.sync.route import Creates, SyncRoute, Updates
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import OutboundMapping, OutboundSet, RecordHeader
from mlconn_pipelines.ports.records import Connector, Record
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.systems.salesforce.api.connector import open_org
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import opportunities
from mlconn_pipelines.systems.salesforce.mapping.order_write_back import OrderFields, changes_of
from mlconn_pipelines.systems.salesforce.mapping.sets import OPPORTUNITIES
from mlconn_pipelines.systems.salesforce.mapping.settings import WonDeals
from mlconn_pipelines.systems.sap_business_one.mapping import sales_order
from mlconn_pipelines.systems.sap_business_one.mapping.sets import ORDERS_MADE
from mlconn_pipelines.systems.sap_business_one.system import settings_of
from mlconn_pipelines.transport.alert import deliver
from mlconn_pipelines.wiring.engine import engine_of
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines.wiring.systems import system_of

AnyPipeline = Pipeline | SyncPipeline
"""Of an integration of either kind."""

DEALS_TO_ORDERS, ORDERS_TO_DEALS = ("salesforce", "erp"), ("erp", "salesforce")
"""Ends that the flows read and write, by their names in the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`ReadingSettings` of a flow that sends by itself what changed again."""

    send_from: dt.date
    missing_hold_h: float
    after_sending: AfterSending = "again"


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
        sap = erp.open(integration.erp, stores.credentials, stores.sessions(integration.erp.credential, name), stores.limiter)
        stack.callback(sap.close)
        org = open_org(
            integration.salesforce,
            stores.credentials,
            stores.sessions(integration.salesforce.credential, name),
            stores.limiter,
            mapped=mapped_of(integration),
        ).connector
        stack.callback(org.close)
        tell = partial(deliver, settings=integration.alerts, integration=name, credentials=stores.credentials)
        engine = engine_of(configuration, name, stores, tell)
        system = System(engine, sap, erp.mapping(integration.erp))
        routes = routes_of(integration, engine, system, org)
        yield SyncPipeline(engine, integration, stores.operator, system, {"erp": sap, "salesforce": org}, routes)


def open_of_any_kind(
    name: str, configuration: Configuration | None, settings: Settings, stores: Stores | None
) -> AbstractContextManager[AnyPipeline]:
    """The integration of that name, whichever two systems it is between; as `open_pipeline` and `open_sync`."""
    configuration = configuration or load_configuration(settings.config)
    opened = open_sync if name in configuration.syncs else open_pipeline
    return opened(name, configuration, settings, stores)


def open_flows(integration: SyncIntegration) -> list[tuple[str, tuple[str, str], str, str]]:
    """The flows that are on: name, ends that it reads and writes, entity that it begins at, what people call what it makes."""
    found = [(OPPORTUNITIES.flow, DEALS_TO_ORDERS, OPPORTUNITIES.entity, "orders_created")]
    if integration.flows.orders is not None:
        found.append((ORDERS_MADE.flow, ORDERS_TO_DEALS, ORDERS_MADE.entity, "opportunities_updated"))
    return found


def mapped_of(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    """What is read and written of an org beside standard fields."""
    deals, back = integration.flows.opportunities, integration.flows.orders
    read = ("Account.Name", f"Account.{deals.customer_code}", *filter(None, (deals.customer_order_number,)))
    written = _order_fields(back).names if back else ()
    of_line = () if deals.item_code == "ProductCode" else (deals.item_code,)
    return {
        "Opportunity": MappedObject(reads=read, writes=written, external_id="Id"),
        "OpportunityLineItem": MappedObject(reads=of_line),
    }


def routes_of(integration: SyncIntegration, engine: Engine, system: System, org: Connector) -> Mapping[str, SyncRoute]:
    """By flow, those that are on."""
    deals, back = integration.flows.opportunities, integration.flows.orders
    found = {OPPORTUNITIES.flow: _deals_to_orders(integration, engine, system, org)}
    if back is not None:
        found[ORDERS_MADE.flow] = _orders_to_deals(integration, engine, system, org, back, deals.send_from)
    return found


def _deals_to_orders(integration: SyncIntegration, engine: Engine, system: System, org: Connector) -> SyncRoute:
    won, settings = _won(integration.flows.opportunities), settings_of(integration.erp)
    defaults = sales_order.OrderDefaults(**integration.order_defaults.model_dump())
    return SyncRoute(
        engine=engine,
        source=org.source,
        outbound=_outbound(OPPORTUNITIES, lambda record: opportunities.header_of(record, won), opportunities.hashing_of(won)),
        declared=OPPORTUNITIES,
        settings=integration.flows.opportunities,
        erp=system,
        target=system.connector,
        act=Creates(
            sales_order.ENTITY,
            partial(opportunities.order_of, deals=won),
            lambda order, book, reference: sales_order.sales_order_creation(order, defaults, book, reference, settings),
        ),
        between=DEALS_TO_ORDERS,
        at_once=integration.erp.calls_in_flight,
    )


def _orders_to_deals(
    integration: SyncIntegration, engine: Engine, system: System, org: Connector, back: OrdersFlow, start: dt.date
) -> SyncRoute:
    field, fields = integration.erp.reference_field, _order_fields(back)
    return SyncRoute(
        engine=engine,
        source=system.connector.source,
        outbound=_outbound(
            ORDERS_MADE,
            lambda record: sales_order.status_header_of(record, field, integration.integration),
            sales_order.STATUS_HASHING,
        ),
        declared=ORDERS_MADE,
        settings=Reading(start, back.missing_hold_h),
        erp=system,
        target=org,
        act=Updates(
            opportunities.ENTITY,
            lambda record: sales_order.origin_of(record, field),
            sales_order.order_status_of,
            lambda status, at: changes_of(status, fields, at),
        ),
        between=ORDERS_TO_DEALS,
        at_once=integration.salesforce.writes_in_flight,
    )


def _outbound(declared: OutboundSet, header: Callable[[Record], RecordHeader], hashing: ContentHashing) -> OutboundMapping:
    """What leaves a system by a sync flow. Its documents are made by the route, from one system for another."""

    def none(flow: str, *_: object) -> NoReturn:
        raise ValueError(f"{flow} has no document for a trading partner")

    return OutboundMapping({declared.flow: declared}, lambda _, record: header(record), lambda _: hashing, none)


def _won(flow: OpportunitiesFlow) -> WonDeals:
    return WonDeals(
        stages=flow.stages,
        types=flow.types,
        record_types=flow.record_types,
        amount_min=flow.amount_min,
        currency=flow.currency,
        item_without_lines=flow.item_without_lines,
        customer_code_field=flow.customer_code,
        item_code_field=flow.item_code,
        customer_order_number_field=flow.customer_order_number,
    )


def _order_fields(flow: OrdersFlow) -> OrderFields:
    return OrderFields(flow.order_number, flow.status, flow.delivered_amount, flow.open_amount, flow.as_of)
