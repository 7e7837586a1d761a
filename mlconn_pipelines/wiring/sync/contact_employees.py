"""Contact persons of customers in SAP Business One become contacts of their accounts in Salesforce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import ContactEmployeesFlow
from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.holding import reason_of
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.known_owners import OfKnownOwners
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.flows.sync.waiting import Waits
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import accounts, contact_persons
from mlconn_pipelines.systems.salesforce.mapping.contact_persons import OF_ACCOUNT, PersonRules
from mlconn_pipelines.systems.sap_business_one.mapping import contact_person
from mlconn_pipelines.systems.sap_business_one.mapping.sets import CONTACT_EMPLOYEES
from mlconn_pipelines.systems.sap_business_one.records.contact_person import ROWS, key_of, partner_of
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, kept_fields, outbound

_TOLD = frozenset({State.POSTED, State.PROCESSED})
_FIELDS = {name: tuple(field for field, *_ in parts) for name, parts in contact_persons.FIELDS.items()}


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    rules = _rules(integration)
    return {
        contact_persons.ENTITY: MappedObject(
            reads=(rules.external_id, f"{OF_ACCOUNT}{rules.customer_code}"),
            writes=(rules.external_id, "AccountId", *(field for fields in _FIELDS.values() for field in fields)),
            external_id=rules.external_id,
            makes=True,
        )
    }


def _route(parts: Parts) -> SyncRoute:
    flow, masters, targets = _settings(parts.integration), parts.system.connector.masters, parts.org.targets
    assert masters is not None and targets is not None, "an ERP that has business partners, and an org that finds accounts"
    rules = _rules(parts.integration)
    with_account = partial(targets.found, accounts.ENTITY, rules.customer_code)
    return SyncRoute(
        engine=parts.engine,
        source=OfKnownOwners(masters.ours(ROWS), key_of, partner_of, with_account, contact_person.HAS_ACCOUNT),
        outbound=outbound(CONTACT_EMPLOYEES, contact_person.header_of, contact_person.HASHING),
        declared=CONTACT_EMPLOYEES,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=parts.org,
        act=Maintains(
            contact_persons.ENTITY,
            CustomerContact,
            contact_person.person_of,
            partial(contact_persons.conditions_of, rules=rules),
            partial(_outcome, parts, rules),
            kept=kept_fields(parts.integration, "contact", "erp", _FIELDS),
        ),
        between=TO_SALESFORCE,
        at_once=parts.integration.salesforce.writes_in_flight,
        edited=[Edited(contact_persons.ENTITY, parts.edits)],
        waits=Waits(
            Reason.CUSTOMER_WITHOUT_ACCOUNT,
            lambda held: str(held.get("CardCode") or ""),
            with_account,
            parts.integration.schedules.held_look_every_s,
        ),
    )


def _outcome(
    parts: Parts,
    rules: PersonRules,
    person: CustomerContact,
    references: Sequence[str],
    known: Sequence[Record],
    book: ReferenceBook,
    reference: str,
) -> Creation | Change:
    """None is made for a person who had one: that somebody removed it is no reason to make it again."""
    found = contact_persons.contact_outcome(person, references, known, book, reference, rules)
    if isinstance(found, Creation) and found.payload is not None and reason_of(found.findings) is None:
        queue = parts.engine.queue
        if queue.documents(
            parts.integration.integration,
            CONTACT_EMPLOYEES.flow,
            _TOLD,
            source_keys=(person.of,),
            due_only=False,
            with_raw=False,
        ):
            return contact_persons.told_before(person, rules)
    return found


def _rules(integration: SyncIntegration) -> PersonRules:
    flows, owns = integration.flows, integration.field_ownership.owned("contact", "erp")
    external_id = _settings(integration).external_id
    return PersonRules(external_id, flows.opportunities.customer_code, owns, joined=flows.contacts is not None)


def _settings(integration: SyncIntegration) -> ContactEmployeesFlow:
    assert integration.flows.contact_employees is not None, "asked only where the flow is on"
    return integration.flows.contact_employees


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    return KeptUp(routes[CONTACT_EMPLOYEES.flow])


FLOW = SyncFlow(CONTACT_EMPLOYEES, TO_SALESFORCE, "contacts_made", _mapped, _route, comparison=_comparison)
