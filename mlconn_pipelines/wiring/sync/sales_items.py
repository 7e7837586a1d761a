"""Items that SAP Business One sells become products of Salesforce, and their prices entries of price books."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import ItemPrices, SalesItemsFlow
from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.price_book_entries import BOOKS, ENTRIES, PricedProducts
from mlconn_pipelines.systems.salesforce.mapping import products
from mlconn_pipelines.systems.salesforce.mapping.products import PriceRow
from mlconn_pipelines.systems.sap_business_one.mapping import sales_item
from mlconn_pipelines.systems.sap_business_one.mapping.sets import SALES_ITEMS
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, kept_fields, outbound


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    flow = _settings(integration)
    written = (products.CODE, "Name", "IsActive", flow.external_id)
    found = {products.ENTITY: MappedObject(reads=(flow.external_id,), writes=written, external_id=flow.external_id, makes=True)}
    if flow.prices is not None:
        key = flow.prices.external_id
        found[ENTRIES] = MappedObject(
            reads=(key,), writes=(*("UnitPrice", "IsActive", "UseStandardPrice"), key), external_id=key
        )
        found[BOOKS] = MappedObject()
    return found


def _route(parts: Parts) -> SyncRoute:
    flow, sap, org = _settings(parts.integration), parts.system.connector, parts.org
    assert sap.masters is not None, "an ERP that has items"
    rows = _rows(flow)
    lists = frozenset(row.price_list for row in rows)
    hashing = sales_item.hashing_of(lists)
    edited = [Edited(products.ENTITY, parts.edits)]
    if flow.prices is not None:
        priced = _priced_products(parts, flow.prices)
        org = replace(org, target=priced, masters=priced)
        edited.append(Edited(ENTRIES, parts.edits, lambda keys: parts.edits.values(ENTRIES, keys, "Product2Id")))
    owned = parts.integration.field_ownership.owned("product", "erp")
    return SyncRoute(
        engine=parts.engine,
        source=sap.masters.ours(sales_item.ENTITY),
        outbound=outbound(SALES_ITEMS, lambda record: sales_item.header_of(record, hashing), hashing),
        declared=SALES_ITEMS,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=org,
        act=Maintains(
            products.ENTITY,
            Product,
            partial(sales_item.product_of, lists=lists),
            partial(products.conditions_of, external_id=flow.external_id),
            partial(products.product_outcome, external_id=flow.external_id, owns=owned, lists=rows),
            kept=kept_fields(parts.integration, "product", "erp", products.FIELDS),
        ),
        between=TO_SALESFORCE,
        at_once=parts.integration.salesforce.writes_in_flight,
        check=partial(sap.price_lists, lists) if sap.price_lists and lists else None,
        edited=edited,
    )


def _priced_products(parts: Parts, prices: ItemPrices) -> PricedProducts:
    masters, collections = parts.org.masters, parts.org.collections
    assert masters is not None and collections is not None, "an org"
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in prices.lists:
        wanted[row.price_book].add(row.currency)
    currencies = {name: frozenset(of_book) for name, of_book in wanted.items()}
    return PricedProducts(masters, collections, parts.reader, parts.edits.descriptions, currencies, prices.external_id)


def _settings(integration: SyncIntegration) -> SalesItemsFlow:
    assert integration.flows.sales_items is not None, "asked only where the flow is on"
    return integration.flows.sales_items


def _rows(flow: SalesItemsFlow) -> tuple[PriceRow, ...]:
    return tuple(PriceRow(**row.model_dump()) for row in flow.prices.lists) if flow.prices else ()


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    """With prices, every item is read again: a price that follows a base price list, or is changed in that window, stamps no item."""
    return KeptUp(routes[SALES_ITEMS.flow], reads_all=_settings(parts.integration).prices is not None)


FLOW = SyncFlow(SALES_ITEMS, TO_SALESFORCE, "products", _mapped, _route, comparison=_comparison)
