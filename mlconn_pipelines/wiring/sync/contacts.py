"""Contacts of accounts that are customers become contact persons of their business partners in SAP Business One."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.ports.mapping import Change, Creation, Finding
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.changed_by_others import ContactsOfAccounts
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.soql import one_of
from mlconn_pipelines.systems.salesforce.mapping import contacts
from mlconn_pipelines.systems.salesforce.mapping.sets import CONTACTS
from mlconn_pipelines.systems.salesforce.records.stamps import key_of
from mlconn_pipelines.systems.sap_business_one.mapping import business_partner, contact_employee
from mlconn_pipelines.wiring.sync.flow import TO_ERP, Parts, Reading, SyncFlow, kept_fields, outbound

_TOLD = frozenset({State.POSTED, State.PROCESSED})


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    return {contacts.ENTITY: MappedObject(reads=(f"Account.{integration.flows.opportunities.customer_code}",))}


def _number_field(integration: SyncIntegration) -> str:
    """Field of the contact that says which contact person it is; empty where the flow back is off."""
    back = integration.flows.contact_employees
    return back.external_id if back else ""


def _route(parts: Parts) -> SyncRoute:
    """One write at a time: two people of one customer are rows of one record."""
    integration, sap = parts.integration, parts.system.connector
    flow, code, number = integration.flows.contacts, integration.flows.opportunities.customer_code, _number_field(integration)
    assert flow is not None, "asked only where the flow is on"
    return SyncRoute(
        engine=parts.engine,
        source=ContactsOfAccounts(parts.reader),
        outbound=outbound(CONTACTS, lambda record: contacts.header_of(record, code, number), contacts.hashing_of(code, number)),
        declared=CONTACTS,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=sap if sap.masters is None else replace(sap, target=sap.masters, ours=None),
        act=Maintains(
            business_partner.ENTITY,
            CustomerContact,
            partial(contacts.contact_of, customer_code_field=code, number_field=number),
            contact_employee.conditions_of,
            partial(_outcome, parts),
            kept=kept_fields(integration, "contact", "salesforce", contact_employee.IN_PARTNER),
        ),
        between=TO_ERP,
        edited=[Edited(business_partner.ENTITY, sap.masters.ours(business_partner.ENTITY))] if sap.masters else [],
    )


def _outcome(
    parts: Parts,
    contact: CustomerContact,
    references: Sequence[str],
    known: Sequence[Record],
    book: ReferenceBook,
    reference: str,
) -> Creation | Change:
    """A contact whose name or mail address changed is who it was; and one that is only like a person who is another contact is not it."""
    owns = parts.integration.field_ownership.owned("contact", "salesforce")
    outcome = partial(contact_employee.contact_outcome, contact, references, known, book, reference, owns=owns)
    found = outcome()
    if not isinstance(found, Change) or not found.changes:
        return found
    if contact_employee.is_added(found):
        found = outcome(former=_as_told_before(parts, contact))
    if isinstance(found, Change) and found.changes and (other := _other_contact(parts, contact, known, found)) is not None:
        return Change(found.key, {}, (*found.findings, other))
    return found


def _as_told_before(parts: Parts, contact: CustomerContact) -> list[CustomerContact]:
    """Newest first."""
    rows = parts.engine.queue.documents(
        parts.integration.integration, CONTACTS.flow, _TOLD, source_keys=(contact.of,), due_only=False, with_raw=False
    )
    told = [from_json(CustomerContact, row.canonical) for row in reversed(rows) if row.canonical is not None]
    return [one for one in told if one.customer_code == contact.customer_code]


def _other_contact(parts: Parts, contact: CustomerContact, known: Sequence[Record], change: Change) -> Finding | None:
    """Two contacts that are one person in the ERP would write over each other for ever."""
    number = contact_employee.number_in(change)
    if number in ("", contact.number):
        return None
    others = {one.of: one.name for one in _told_of(parts, change.key) if contact_employee.is_like(one, known, number)}
    conditions = [one_of("Id", sorted({*others} - {contact.of}))] if {*others} - {contact.of} else []
    if field := _number_field(parts.integration):
        conditions.append(one_of(field, (number,)))
    for where in conditions:  # one that was deleted or merged is none any more
        for rows in parts.reader.query(contacts.ENTITY, ("Id", "Name"), where):
            for other in rows:
                if key_of(other) != contact.of:
                    return Finding(
                        Reason.CONTACT_MAY_EXIST,
                        f"{contact.name!r} has the name or mail address of contact person {number} in SAP, which is the contact "
                        f"{other['Name']!r} ({key_of(other)}). Merge the two in Salesforce, or give one another name and mail address; "
                        "then reprocess this.",
                        place=number,
                    )
    return None


def _told_of(parts: Parts, partner: str) -> list[CustomerContact]:
    """The persons that were written to a business partner, each as of its contact's last document."""
    rows = parts.engine.queue.documents(
        parts.integration.integration, CONTACTS.flow, _TOLD, about=(partner,), due_only=False, with_raw=False
    )
    newest = {row.source_key: from_json(CustomerContact, row.canonical) for row in rows if row.canonical is not None}
    return [one for one in newest.values() if one.customer_code.casefold() == partner.casefold()]


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    return KeptUp(routes[CONTACTS.flow])


FLOW = SyncFlow(CONTACTS, TO_ERP, "contact_employees", _mapped, _route, comparison=_comparison)
