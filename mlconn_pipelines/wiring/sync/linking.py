"""Both sides of `mlconn link`: every account that the flow means and every customer of SAP; and links onto the accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

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
    """Write the codes onto their accounts; how many stand there now, and why the others do not. Safe to repeat.

    Errors: those of `CollectionTarget.upsert`, after which it is to be repeated.
    """
    of_account = {one.key: one for one in _accounts(pipeline)}
    of_partner = {one.code.casefold(): one for one in _partners(pipeline)}
    problems, rows = list[str](), dict[str, Record]()
    field = pipeline.settings.flows.opportunities.customer_code
    made = 0
    for link in links:
        account, partner = of_account.get(link.account_id), of_partner.get(link.customer_code.casefold())
        if (why := refusal(link, account, partner)) or account is None or partner is None:
            problems.append(f"{link.account_id}, {link.customer_code}: {why}")
        elif account.code == partner.code:
            made += 1
        else:
            rows[account.key] = {"Id": account.key, field: partner.code}
    org = pipeline.connectors["salesforce"]
    assert org.collections is not None, "an org takes many records in one request"
    for part in org.collections.collections(accounts.ENTITY, list(rows.values()), by="Id"):
        org.target.reserve()
        for row, result in zip(part, org.collections.upsert(accounts.ENTITY, part, by="Id"), strict=True):
            if result.error is None:
                made += 1
            else:
                problems.append(f"{row['Id']}, {row[field]}: {result.error}")
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
