"""Customers that people entered in SAP Business One become accounts of Salesforce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import CustomersFlow
from mlconn_pipelines.documents.customer import Customer
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import customers
from mlconn_pipelines.systems.sap_business_one.mapping import customer_card
from mlconn_pipelines.systems.sap_business_one.mapping.sets import CUSTOMERS
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, kept_fields, outbound

_ADDRESS = ("BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry")


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    flow = _settings(integration)
    names = tuple(dict.fromkeys((flow.external_id, integration.flows.opportunities.customer_code)))
    written = (*names, "Name", "Phone", *_ADDRESS)
    return {customers.ENTITY: MappedObject(reads=names, writes=written, external_id=flow.external_id, makes=True)}


def _route(parts: Parts) -> SyncRoute:
    integration, flow, masters = parts.integration, _settings(parts.integration), parts.system.connector.masters
    assert masters is not None, "an ERP that has customers"
    owned = integration.field_ownership.owned("account", "erp")
    field, code = integration.erp.reference_field, integration.flows.opportunities.customer_code
    return SyncRoute(
        engine=parts.engine,
        source=masters.ours(CUSTOMERS.entity),
        outbound=outbound(
            CUSTOMERS,
            lambda record: customer_card.header_of(record, field, integration.integration, flow.groups, bool(owned)),
            customer_card.hashing_of(field),
        ),
        declared=CUSTOMERS,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=parts.org,
        act=Maintains(
            customers.ENTITY,
            Customer,
            partial(customer_card.customer_of, reference_field=field, integration=integration.integration),
            partial(customers.conditions_of, external_id=flow.external_id, customer_code=code),
            partial(customers.account_outcome, external_id=flow.external_id, customer_code=code, owns=owned),
            kept=kept_fields(integration, "account", "erp", customers.FIELDS),
        ),
        between=TO_SALESFORCE,
        at_once=integration.salesforce.writes_in_flight,
        edited=[Edited(customers.ENTITY, parts.edits)],
    )


def _settings(integration: SyncIntegration) -> CustomersFlow:
    assert integration.flows.customers is not None, "asked only where the flow is on"
    return integration.flows.customers


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    return KeptUp(routes[CUSTOMERS.flow])


FLOW = SyncFlow(CUSTOMERS, TO_SALESFORCE, "accounts_made", _mapped, _route, comparison=_comparison)
