"""The codes of business partners that were made or found for an account go back onto it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.documents.customer import CustomerCode
from mlconn_pipelines.flows.sync.route import SyncRoute, Updates
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.soql import one_of
from mlconn_pipelines.systems.salesforce.mapping import accounts
from mlconn_pipelines.systems.sap_business_one.mapping import business_partner
from mlconn_pipelines.systems.sap_business_one.mapping.order_progress import origin_of
from mlconn_pipelines.systems.sap_business_one.mapping.sets import CUSTOMER_CODES
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, outbound


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    return {accounts.ENTITY: MappedObject(writes=(integration.flows.opportunities.customer_code,), external_id="Id")}


def _route(parts: Parts) -> SyncRoute:
    integration = parts.integration
    name, field, code = integration.integration, integration.erp.reference_field, integration.flows.opportunities.customer_code
    flow, masters = integration.flows.customer_codes, parts.system.connector.masters
    assert flow is not None and masters is not None, "asked only where the flow is on, of a system that has business partners"
    return SyncRoute(
        engine=parts.engine,
        source=masters.ours(business_partner.ENTITY, f"{name}:{business_partner.ENTITY}:"),
        outbound=outbound(
            CUSTOMER_CODES,
            lambda record: business_partner.code_header_of(record, field, name),
            business_partner.code_hashing_of(field),
        ),
        declared=CUSTOMER_CODES,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=parts.org,
        act=Updates(
            accounts.ENTITY,
            CustomerCode,
            lambda record: origin_of(record, field),
            business_partner.code_of_partner,
            lambda told, at: {code: told.number},
            objection=partial(_other_code, parts, code),
        ),
        between=TO_SALESFORCE,
        at_once=integration.salesforce.writes_in_flight,
    )


def _other_code(parts: Parts, field: str, told: CustomerCode) -> Finding | None:
    """A code that somebody entered meanwhile is never overwritten without being asked."""
    for rows in parts.reader.query(accounts.ENTITY, ("Id", "Name", field), one_of("Id", (told.of,))):
        for row in rows:
            there = str(row.get(field) or "").strip()
            if there and there.casefold() != told.number.casefold():
                return Finding(
                    Reason.ACCOUNT_CODE_DIFFERS,
                    f"Business partner {told.number} belongs to the account {row.get('Name')!r}, which names {there} as its customer "
                    f"code. Approve this to write {told.number}; if {there} is right, dismiss this and look at {told.number} in SAP.",
                    place=field,
                )
    return None


FLOW = SyncFlow(CUSTOMER_CODES, TO_SALESFORCE, "accounts_updated", _mapped, _route)
