"""Contacts of accounts that are customers become contact persons of their business partners in SAP Business One."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.systems.salesforce.api.changed_by_others import ContactsOfAccounts
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import contacts
from mlconn_pipelines.systems.salesforce.mapping.sets import CONTACTS
from mlconn_pipelines.systems.sap_business_one.mapping import business_partner, contact_employee
from mlconn_pipelines.wiring.sync.flow import TO_ERP, Parts, Reading, SyncFlow, kept_fields, outbound


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    return {contacts.ENTITY: MappedObject(reads=(f"Account.{integration.flows.opportunities.customer_code}",))}


def _route(parts: Parts) -> SyncRoute:
    """One write at a time: two people of one customer are rows of one record."""
    integration, sap = parts.integration, parts.system.connector
    flow, code = integration.flows.contacts, integration.flows.opportunities.customer_code
    assert flow is not None, "asked only where the flow is on"
    return SyncRoute(
        engine=parts.engine,
        source=ContactsOfAccounts(parts.reader),
        outbound=outbound(CONTACTS, lambda record: contacts.header_of(record, code), contacts.hashing_of(code)),
        declared=CONTACTS,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=sap if sap.masters is None else replace(sap, target=sap.masters, ours=None),
        act=Maintains(
            business_partner.ENTITY,
            CustomerContact,
            partial(contacts.contact_of, customer_code_field=code),
            contact_employee.conditions_of,
            partial(contact_employee.contact_outcome, owns=integration.field_ownership.owned("contact", "salesforce")),
            kept=kept_fields(integration, "contact", "salesforce", contact_employee.IN_PARTNER),
        ),
        between=TO_ERP,
        edited=[Edited(business_partner.ENTITY, sap.masters.ours(business_partner.ENTITY))] if sap.masters else [],
    )


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    return KeptUp(routes[CONTACTS.flow])


FLOW = SyncFlow(CONTACTS, TO_ERP, "contact_employees", _mapped, _route, comparison=_comparison)
