"""Accounts of Salesforce become business partners of SAP Business One, unless it has them already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import AccountsFlow
from mlconn_pipelines.documents.customer import Customer
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.sync.kept_up import KeptUp
from mlconn_pipelines.flows.sync.route import Edited, Maintains, SyncRoute
from mlconn_pipelines.ports.mapping import Change, Creation, Finding
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.changed_by_others import AccountsWithWonDeals
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.soql import one_of
from mlconn_pipelines.systems.salesforce.mapping import accounts
from mlconn_pipelines.systems.salesforce.mapping.sets import ACCOUNTS
from mlconn_pipelines.systems.salesforce.mapping.settings import NewCustomers
from mlconn_pipelines.systems.salesforce.records.stamps import key_of
from mlconn_pipelines.systems.sap_business_one.mapping import business_partner
from mlconn_pipelines.systems.sap_business_one.system import settings_of
from mlconn_pipelines.wiring.sync.flow import TO_ERP, Parts, Reading, SyncFlow, kept_fields, outbound

_TOLD = frozenset({State.POSTED, State.PROCESSED})


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    customers = customers_of(integration)
    own = (customers.customer_code_field, *accounts.fields_of_code(customers), *filter(None, (customers.tax_number_field,)))
    return {accounts.ENTITY: MappedObject(reads=tuple(dict.fromkeys(own)), org_currency=not customers.currency)}


def _route(parts: Parts) -> SyncRoute:
    """One write at a time: the next account may be the same customer, which only the look before its write shows."""
    integration, flow = parts.integration, _settings(parts.integration)
    customers, settings = customers_of(integration), settings_of(integration.erp)
    rules = business_partner.PartnerRules(
        match_by=flow.match_by,
        owns=integration.field_ownership.owned("account", "salesforce"),
        account_id_field=flow.account_id_field,
        series=flow.series,
        group=flow.group,
        payment_terms=flow.payment_terms,
    )
    sap = parts.system.connector
    return SyncRoute(
        engine=parts.engine,
        source=AccountsWithWonDeals(parts.reader) if flow.with_won_deal else parts.org.source,
        outbound=outbound(ACCOUNTS, lambda record: accounts.header_of(record, customers), accounts.hashing_of(customers)),
        declared=ACCOUNTS,
        settings=Reading(dt.date.min, flow.missing_hold_h),
        erp=parts.system,
        target=sap if sap.masters is None else replace(sap, target=sap.masters, ours=None),
        act=Maintains(
            business_partner.ENTITY,
            Customer,
            partial(accounts.customer_of, customers=customers),
            partial(business_partner.conditions_of, rules=rules, settings=settings),
            partial(_outcome, parts, partial(business_partner.partner_outcome, rules=rules, settings=settings)),
            tuple(filter(None, (settings.reference_field, flow.account_id_field))),
            kept_fields(integration, "account", "salesforce", business_partner.FIELDS),
        ),
        between=TO_ERP,
        edited=[Edited(business_partner.ENTITY, sap.masters.ours(business_partner.ENTITY))] if sap.masters else [],
    )


def _outcome(
    parts: Parts,
    outcome: Callable[[Customer, Sequence[str], Sequence[Record], ReferenceBook, str], Creation | Change],
    customer: Customer,
    references: Sequence[str],
    known: Sequence[Record],
    book: ReferenceBook,
    reference: str,
) -> Creation | Change:
    """Two accounts that are one business partner would write over each other for ever: whoever was told as it first, and is there
    still, keeps it."""
    found = outcome(customer, references, known, book, reference)
    if isinstance(found, Change) and found.changes and (other := _other_account(parts, customer, found.key)) is not None:
        return Change(found.key, {}, (*found.findings, other))
    return found


def _other_account(parts: Parts, customer: Customer, partner: str) -> Finding | None:
    queue, name = parts.engine.queue, parts.integration.integration
    told = [
        *queue.documents(name, ACCOUNTS.flow, _TOLD, partner=partner, due_only=False, with_raw=False),
        *queue.documents(name, ACCOUNTS.flow, _TOLD, about=(partner,), due_only=False, with_raw=False),
    ]
    others = sorted({row.source_key for row in told} - {customer.of})
    field = customers_of(parts.integration).customer_code_field
    if not others:
        return None
    for rows in parts.reader.query(accounts.ENTITY, ("Id", "Name", field), one_of("Id", others)):
        for other in rows:
            if str(other[field] or partner).strip().casefold() == partner.casefold():
                return Finding(
                    Reason.ACCOUNT_NOT_UNIQUE,
                    f"Business partner {partner} in SAP is the account {other['Name']!r} ({key_of(other)}) already, and {customer.name!r} "
                    f"({customer.of}) would write over it. Merge the two in Salesforce, or correct the customer code ({field}) of one; "
                    "then reprocess this.",
                    place=partner,
                )
    return None


def _comparison(parts: Parts, routes: Mapping[str, SyncRoute]) -> KeptUp:
    return KeptUp(routes[ACCOUNTS.flow])


def _settings(integration: SyncIntegration) -> AccountsFlow:
    assert integration.flows.accounts is not None, "asked only where the flow is on"
    return integration.flows.accounts


def customers_of(integration: SyncIntegration) -> NewCustomers:
    flow, deals = _settings(integration), integration.flows.opportunities
    return NewCustomers(
        types=flow.types,
        record_types=flow.record_types,
        with_won_deal=flow.with_won_deal,
        lead_types=flow.lead_types,
        currency=deals.currency,
        customer_code_field=deals.customer_code,
        tax_number_field=flow.tax_number,
        card_code=flow.card_code,
    )


FLOW = SyncFlow(ACCOUNTS, TO_ERP, "customers", _mapped, _route, comparison=_comparison)
