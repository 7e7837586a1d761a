"""Numbers of the orders that were made in SAP Business One, what was delivered, invoiced and paid: back onto their opportunities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import OrdersFlow
from mlconn_pipelines.documents.sales_order import SalesOrderStatus
from mlconn_pipelines.flows.sync.route import Edited, SyncRoute, Updates
from mlconn_pipelines.ports.records import OrderChainSource, Record
from mlconn_pipelines.systems.salesforce.api.edits import Edits
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import opportunities
from mlconn_pipelines.systems.salesforce.mapping.order_write_back import InvoiceFields, OrderFields, WriteBack, changes_of
from mlconn_pipelines.systems.salesforce.records.orders import ORDER_NUMBER
from mlconn_pipelines.systems.sap_business_one.mapping import order_progress
from mlconn_pipelines.systems.sap_business_one.mapping.sets import ORDERS_MADE
from mlconn_pipelines.systems.sap_business_one.records.order_chain import COPIED_FROM, PAYMENTS
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, outbound


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    told = _told(_settings(integration))
    mapped = {"Opportunity": MappedObject(writes=told.opportunity.names, external_id="Id")}
    if told.order is not None:
        written = tuple(name for name in told.order.names if name != ORDER_NUMBER)
        key = told.order.order_number if told.order.order_number in written else ""
        mapped["Order"] = MappedObject(writes=written, external_id=key, may_be_absent=True, makes=bool(told.draft_status))
    if told.invoice is not None:
        mapped["Invoice"] = MappedObject(writes=told.invoice.names, external_id=told.invoice.number, may_be_absent=True)
    return mapped


def _route(parts: Parts) -> SyncRoute:
    integration, back = parts.integration, _settings(parts.integration)
    field, told = integration.erp.reference_field, _told(back)
    chains = _chains(parts, told)
    return SyncRoute(
        engine=parts.engine,
        source=chains or parts.system.connector.source,
        outbound=outbound(
            ORDERS_MADE,
            lambda record: order_progress.status_header_of(record, field, integration.integration),
            order_progress.STATUS_HASHING,
        ),
        declared=ORDERS_MADE,
        settings=Reading(integration.flows.opportunities.send_from, back.missing_hold_h),
        erp=parts.system,
        target=parts.org,
        act=Updates(
            opportunities.ENTITY,
            SalesOrderStatus,
            lambda record: order_progress.origin_of(record, field),
            order_progress.status_of,
            lambda status, at: changes_of(status, told, at),
            chains.day if chains else None,
            told=lambda status: [one.number for one in status.invoices],
            shown=partial(_shown, parts.edits, told),
        ),
        between=TO_SALESFORCE,
        at_once=integration.salesforce.writes_in_flight,
        check=chains.check if chains else None,
        edited=_edited(parts.edits, told),
    )


def _settings(integration: SyncIntegration) -> OrdersFlow:
    assert integration.flows.orders is not None, "asked only where the flow is on"
    return integration.flows.orders


def _told(flow: OrdersFlow) -> WriteBack:
    order, invoice = flow.order, flow.invoice
    return WriteBack(
        OrderFields(flow.order_number, **flow.written),
        OrderFields(order.number, **order.written) if order else None,
        InvoiceFields(**invoice.written) if invoice else None,
        order.draft_status if order and order.create else "",
    )


def _chains(parts: Parts, told: WriteBack) -> OrderChainSource | None:
    """Orders with what was made of them, where anything of that is to be told."""
    if not told.of_fulfilment or (chains := parts.system.connector.order_chains) is None:
        return None
    return chains(f"{parts.integration.integration}:{ORDERS_MADE.entity}:", told.of_payment, parts.engine.today)


def _shown(edits: Edits, told: WriteBack, documents: Sequence[SalesOrderStatus]) -> Mapping[str, Record]:
    orders = {status.of: (status.number, [one.number for one in status.invoices]) for status in documents}
    return edits.shown(orders, {entity: fields.names for entity, fields in _records(told).items()})


def _records(told: WriteBack) -> Mapping[str, OrderFields | InvoiceFields]:
    """What is told, by object."""
    records = {opportunities.ENTITY: told.opportunity, "Order": told.order, "Invoice": told.invoice}
    return {entity: fields for entity, fields in records.items() if fields is not None}


def _edited(edits: Edits, told: WriteBack) -> list[Edited]:
    """An opportunity by its id, the others by what names the order that they are told of."""
    found = [Edited(opportunities.ENTITY, edits)]
    if told.order is not None:
        found.append(Edited("Order", edits, partial(_values, edits, "Order", ("OpportunityId", told.order.order_number))))
    if told.invoice is not None:
        found.append(Edited("Invoice", edits, partial(_values, edits, "Invoice", (told.invoice.number,))))
    return found


def _values(edits: Edits, entity: str, fields: Sequence[str], keys: Sequence[str]) -> list[str]:
    return edits.values(entity, keys, *fields)


def _told_by(integration: SyncIntegration) -> Sequence[str]:
    told = _told(_settings(integration))
    return (*COPIED_FROM, *([PAYMENTS] if told.of_payment else [])) if told.of_fulfilment else ()


def _written(integration: SyncIntegration) -> Sequence[str]:
    return [entity for entity in _records(_told(_settings(integration))) if entity != opportunities.ENTITY]


FLOW = SyncFlow(ORDERS_MADE, TO_SALESFORCE, "opportunities_updated", _mapped, _route, told_by=_told_by, written=_written)
