"""Won opportunities of Salesforce become sales orders in SAP Business One."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.documents.sales_order import SalesOrder
from mlconn_pipelines.flows.sync.route import Creates, SyncRoute
from mlconn_pipelines.flows.sync.waiting import Waits
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.soql import one_of, split_values
from mlconn_pipelines.systems.salesforce.mapping import opportunities
from mlconn_pipelines.systems.salesforce.mapping.sets import OPPORTUNITIES
from mlconn_pipelines.systems.salesforce.mapping.settings import WonDeals
from mlconn_pipelines.systems.salesforce.records.stamps import key_of
from mlconn_pipelines.systems.sap_business_one.mapping import sales_order
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


FLOW = SyncFlow(OPPORTUNITIES, TO_ERP, "orders_created", _mapped, _route)
