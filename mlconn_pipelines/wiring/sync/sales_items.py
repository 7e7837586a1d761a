"""Items that SAP Business One sells become products of Salesforce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import SalesItemsFlow
from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import products
from mlconn_pipelines.systems.sap_business_one.mapping import sales_item
from mlconn_pipelines.systems.sap_business_one.mapping.sets import SALES_ITEMS
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, kept_fields, outbound


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    flow = _settings(integration)
    written = (products.CODE, "Name", "IsActive", flow.external_id)
    return {products.ENTITY: MappedObject(reads=(flow.external_id,), writes=written, external_id=flow.external_id)}


def _route(parts: Parts) -> SyncRoute:
    flow, masters = _settings(parts.integration), parts.system.connector.masters
    assert masters is not None, "an ERP that has items"
    owned = parts.integration.field_ownership.owned("product", "erp")
    return SyncRoute(
        engine=parts.engine,
        source=masters.ours(sales_item.ENTITY),
        outbound=outbound(SALES_ITEMS, sales_item.header_of, sales_item.HASHING),
        declared=SALES_ITEMS,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=parts.org,
        act=Maintains(
            products.ENTITY,
            Product,
            sales_item.product_of,
            partial(products.conditions_of, external_id=flow.external_id),
            partial(products.product_outcome, external_id=flow.external_id, owns=owned),
            kept=kept_fields(parts.integration, "product", "erp", products.FIELDS),
        ),
        between=TO_SALESFORCE,
        at_once=parts.integration.salesforce.writes_in_flight,
        edited=[Edited(products.ENTITY, parts.edits)],
    )


def _settings(integration: SyncIntegration) -> SalesItemsFlow:
    assert integration.flows.sales_items is not None, "asked only where the flow is on"
    return integration.flows.sales_items


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    return KeptUp(routes[SALES_ITEMS.flow])


FLOW = SyncFlow(SALES_ITEMS, TO_SALESFORCE, "products", _mapped, _route, comparison=_comparison)
