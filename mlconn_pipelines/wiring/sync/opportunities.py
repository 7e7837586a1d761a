"""Won opportunities of Salesforce become sales orders in SAP Business One."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.documents.sales_order import SalesOrder
from mlconn_pipelines.flows.correlation_reference import names_own_entity
from mlconn_pipelines.flows.sync.both_sides import Comparison, MadeRecord, SourceRecord
from mlconn_pipelines.flows.sync.route import Creates, SyncRoute
from mlconn_pipelines.flows.sync.waiting import Waits
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.soql import one_of, split_values
from mlconn_pipelines.systems.salesforce.mapping import opportunities
from mlconn_pipelines.systems.salesforce.mapping.sets import OPPORTUNITIES
from mlconn_pipelines.systems.salesforce.mapping.settings import WonDeals
from mlconn_pipelines.systems.salesforce.records.reading import day_of
from mlconn_pipelines.systems.salesforce.records.stamps import key_of
from mlconn_pipelines.systems.sap_business_one.api.reading import is_cancelled
from mlconn_pipelines.systems.sap_business_one.mapping import sales_order
from mlconn_pipelines.systems.sap_business_one.mapping.sets import ORDERS_MADE
from mlconn_pipelines.systems.sap_business_one.system import settings_of
from mlconn_pipelines.wiring.sync.flow import TO_ERP, Parts, SyncFlow, outbound


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    deals = integration.flows.opportunities
    read = (
        "Account.Name",
        "Account.IsDeleted",
        f"Account.{deals.customer_code}",
        *filter(None, (deals.customer_order_number,)),
    )
    of_line = () if deals.item_code == "ProductCode" else (deals.item_code,)
    return {
        "Opportunity": MappedObject(reads=read, org_currency=not deals.currency),
        "OpportunityLineItem": MappedObject(reads=of_line),
    }


def _route(parts: Parts) -> SyncRoute:
    integration, system = parts.integration, parts.system
    won, settings = _won(integration), settings_of(integration.erp)
    defaults = sales_order.OrderDefaults(**integration.order_defaults.model_dump())
    return SyncRoute(
        engine=parts.engine,
        source=parts.org.source,
        outbound=outbound(OPPORTUNITIES, lambda record: opportunities.header_of(record, won), opportunities.hashing_of(won)),
        declared=OPPORTUNITIES,
        settings=integration.flows.opportunities,
        erp=system,
        target=system.connector,
        act=Creates(
            sales_order.ENTITY,
            SalesOrder,
            partial(opportunities.order_of, deals=won),
            lambda order, book, reference: sales_order.sales_order_creation(order, defaults, book, reference, settings),
        ),
        between=TO_ERP,
        at_once=integration.erp.calls_in_flight,
        waits=Waits(
            Reason.ACCOUNT_WITHOUT_CODE,
            lambda deal: str(deal.get("AccountId") or ""),
            partial(_with_code, parts, integration.flows.opportunities.customer_code),
            integration.schedules.held_look_every_s,
        ),
    )


def _with_code(parts: Parts, field: str, accounts: Sequence[str]) -> Collection[str]:
    """Those of the accounts that have a customer code by now."""
    return {
        key_of(row)
        for part in split_values(accounts)
        for rows in parts.reader.query("Account", ("Id", field), one_of("Id", part))
        for row in rows
        if str(row.get(field) or "").strip()
    }


def _won(integration: SyncIntegration) -> WonDeals:
    flow = integration.flows.opportunities
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


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> Comparison:
    """Deals that are won against the orders that bear our reference."""
    integration, won, sap = parts.integration, _won(parts.integration), parts.system.connector
    assert parts.org.dated is not None and sap.dated is not None, "both systems list their records by day"
    deals, orders, reference = parts.org.dated, sap.dated, integration.erp.reference_field

    def sources(first: dt.date, last: dt.date) -> Iterator[SourceRecord]:
        for page in deals.rows(opportunities.ENTITY, first, last, opportunities.COMPARED):
            for row in page:
                amount, day = Decimal(str(row.get("Amount") or 0)), day_of(row["CloseDate"])
                due = opportunities.is_wanted(row, won)
                yield SourceRecord(key_of(row), str(row.get("Name") or row["Id"]), day, amount, due)

    def made(first: dt.date, last: dt.date) -> Iterator[MadeRecord]:
        for page in orders.rows(sales_order.ENTITY, first, last, (*sales_order.COMPARED, reference)):
            for row in page:
                ours = str(row.get(reference) or "")
                if names_own_entity(ours, integration.integration, sales_order.ENTITY):
                    day, amount = dt.date.fromisoformat(str(row["DocDate"])[:10]), sales_order.net_amount(row)
                    yield MadeRecord(str(row["DocEntry"]), str(row.get("DocNum") or ""), day, ours, amount, is_cancelled(row))

    return Comparison(routes[OPPORTUNITIES.flow], routes.get(ORDERS_MADE.flow), sources, made)


FLOW = SyncFlow(OPPORTUNITIES, TO_ERP, "orders_created", _mapped, _route, comparison=_comparison)
