"""Both sides of `mlconn link`: every account that the flow means and every customer of SAP; and links onto the accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlconn_pipelines.errors import ConnectorError, DocumentRejected
from mlconn_pipelines.flows.sync.linking import Link, Proposal, Side, propose, refusal
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.salesforce.mapping import accounts
from mlconn_pipelines.systems.salesforce.mapping.sets import ACCOUNTS
from mlconn_pipelines.systems.sap_business_one.mapping import business_partner
from mlconn_pipelines.wiring.sync.accounts import customers_of

_READ = (business_partner.KEY, "CardName", "CardType", "FederalTaxID", "City")


def proposals(pipeline: SyncPipeline) -> list[Proposal]:
    """Errors: ConfigurationError where the flow `accounts` is off."""
    return propose(list(_accounts(pipeline)), list(_partners(pipeline)))


def make(pipeline: SyncPipeline, links: Sequence[Link]) -> tuple[int, list[str]]:
    """Write the codes onto their accounts; how many stand there now, and why the others do not. Safe to repeat."""
    of_account = {one.key: one for one in _accounts(pipeline)}
    of_partner = {one.code.casefold(): one for one in _partners(pipeline)}
    field = pipeline.settings.flows.opportunities.customer_code
    target = pipeline.connectors["salesforce"].target
    made, problems = 0, list[str]()
    for link in links:
        account, partner = of_account.get(link.account_id), of_partner.get(link.card_code.casefold())
        if (why := refusal(link, account, partner)) or account is None or partner is None:
            problems.append(f"{link.account_id}, {link.card_code}: {why}")
            continue
        if account.code != partner.code:
            try:
                target.reserve()
                target.update(accounts.ENTITY, account.key, {field: partner.code})
            except (DocumentRejected, ConnectorError) as trouble:
                problems.append(f"{link.account_id}, {link.card_code}: {trouble}")
                continue
        made += 1
    return made, problems


def _accounts(pipeline: SyncPipeline) -> Iterator[Side]:
    pipeline.route(ACCOUNTS.flow)
    customers = replace(customers_of(pipeline.settings), with_won_deal=False)
    for page in pipeline.connectors["salesforce"].reference.items(accounts.ENTITY, None):
        for record in page:
            if accounts.is_wanted(record, customers):
                yield Side(
                    key=accounts.header_of(record, customers).key,
                    name=str(record.get("Name") or ""),
                    code=accounts.code_of(record, customers),
                    tax_number=str(record.get(customers.tax_number_field) or "") if customers.tax_number_field else "",
                    city=str(record.get("BillingCity") or ""),
                )


def _partners(pipeline: SyncPipeline) -> Iterator[Side]:
    """Suppliers are none of them."""
    for page in pipeline.route(ACCOUNTS.flow).masters.search(business_partner.ENTITY, (), _READ):
        for card in page:
            if card.get("CardType") != "cSupplier":
                yield _partner(card)


def _partner(card: Record) -> Side:
    code = str(card[business_partner.KEY])
    return Side(code, str(card.get("CardName") or ""), code, str(card.get("FederalTaxID") or ""), str(card.get("City") or ""))
