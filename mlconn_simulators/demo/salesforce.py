"""The demo's Salesforce org: deals are won there, become orders in an SAP company of its own, and learn the orders' numbers."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlconn_simulators.demo.configuration import ABSENCE_PROVES_AFTER_S, send_from, yaml_text
from mlconn_simulators.demo.credentials import Vault
from mlconn_simulators.demo.description import Described, number
from mlconn_simulators.demo.reading import done, state
from mlconn_simulators.demo.report import FlowReport

KIND, INTEGRATION = "salesforce", "acme_sf"
FLOWS = ("opportunities", "orders")
LANES = tuple((INTEGRATION, flow) for flow in FLOWS)
ORDER_NUMBER, CUSTOMER_ORDER_NUMBER = "ERP_Order_Number__c", "PO_Number__c"
ERP_CREDENTIAL, ORG_CREDENTIAL = f"{INTEGRATION}-erp", f"{INTEGRATION}-org"
POLL_EVERY_S = 5
EDITED_AFTER_S = 3.0
"""From the order's number on the deal to the edit: stamps of the org are whole seconds."""
READ_AFTER_S = 4.0 * POLL_EVERY_S
"""Time for the pipeline to see that edit, and to do wrong because of it."""

_Record = Mapping[str, Any]


def write_deal_configuration(folder: Path, described: Described) -> None:
    """The integration's file."""
    said, polled = described[KIND], {"poll_every_s": POLL_EVERY_S}
    written = {
        "integration": INTEGRATION,
        "mode": "live",
        "time_zone": "UTC",
        "owner": "team:sales",
        "erp": {
            "kind": "sap_business_one",
            "url": said["erp"]["url"],
            "company_db": said["erp"]["company_db"],
            "credential": ERP_CREDENTIAL,
            "absence_proves_after_s": ABSENCE_PROVES_AFTER_S,
        },
        "salesforce": {"kind": KIND, "url": said["url"], "credential": ORG_CREDENTIAL},
        "order_defaults": {"tax_code": "sap", "payment_terms": "sap", "series": "sap"},
        "reference_every_s": 900,
        "flows": {
            "opportunities": {
                "to": "orders",
                "send_from": send_from(described),
                "currency": "USD",
                "customer_order_number": CUSTOMER_ORDER_NUMBER,
                **polled,
            },
            "orders": {"to": "opportunities", "order_number": ORDER_NUMBER, "status": "ERP_Order_Status__c", **polled},
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{INTEGRATION}.yaml").write_text(yaml_text(written), encoding="utf-8")


def store_deal_credentials(vault: Vault, described: Described) -> None:
    said = described[KIND]
    vault.set(ERP_CREDENTIAL, {"username": said["erp"]["user"], "password": said["erp"]["password"]})
    vault.set(ORG_CREDENTIAL, {"client_id": said["client_id"], "client_secret": said["client_secret"]})


@dataclass(frozen=True, slots=True)
class DealBooks:
    """Both systems by their own word. deals: the org's opportunities. due: those of them that SAP can have an order for.

    orders: those that came into SAP with a reference of ours, by the customer's order number. changed: how often one was changed there.
    """

    deals: Sequence[_Record]
    due: Sequence[_Record]
    orders: Mapping[str, Sequence[_Record]]
    changed: int = 0

    @property
    def settled(self) -> bool:
        """Whether every deal that is due has its order and learned a number."""
        return all(deal[CUSTOMER_ORDER_NUMBER] in self.orders and deal[ORDER_NUMBER] for deal in self.due)


def read_deal_books(described: Described) -> DealBooks:
    at_org, at_sap = described[KIND]["state"], described[KIND]["erp"]["state"]
    deals, accounts, lines = (
        state(at_org, object=name)["values"] for name in ("Opportunity", "Account", "OpportunityLineItem")
    )
    with_code = {account["Id"] for account in accounts if account["AccountNumber"]}
    without = {line["OpportunityId"] for line in lines if not line["ProductCode"]}
    due = [deal for deal in deals if deal["IsWon"] and deal["AccountId"] in with_code and deal["Id"] not in without]
    orders: dict[str, list[_Record]] = defaultdict(list)
    told = state(at_sap, source="0")
    for made in told["created"]:
        if made["set"] == "Orders" and not made["removed"] and str(made["reference"]).startswith(f"{INTEGRATION}:Orders:"):
            orders[made["NumAtCard"]].append(made)
    return DealBooks(deals, due, orders, sum(update["set"] == "Orders" for update in told["updated"]))


@dataclass(slots=True)
class Deals:
    """What salespeople do while the demo plays, step by step: `go_on` is called now and then until `over`."""

    described: Described
    over: bool = False
    edited: str = ""
    """The deal that was changed after its order was made."""
    _numbered_at: float = field(default=0.0, init=False)
    _edited_at: float = field(default=0.0, init=False)

    def go_on(self, now: float | None = None) -> None:
        """Win the next open deal, the second half once the first orders are there; then move the close date of one that has its order."""
        now = time.monotonic() if now is None else now
        if self.edited:
            self.over = now - self._edited_at >= READ_AFTER_S and read_deal_books(self.described).settled
            return
        books = read_deal_books(self.described)
        still_open = [deal for deal in books.deals if not deal["IsClosed"]]
        if still_open:
            if 2 * len(still_open) > len(books.deals) or books.orders:
                self._edit(still_open[0]["Id"], StageName="Closed Won")
        elif books.due and books.settled:
            self._numbered_at = self._numbered_at or now
            if now - self._numbered_at >= EDITED_AFTER_S:
                deal = books.due[0]
                later = dt.date.fromisoformat(deal["CloseDate"]) + dt.timedelta(days=7)
                self._edit(deal["Id"], CloseDate=later.isoformat())
                self.edited, self._edited_at = deal["Id"], now

    def _edit(self, deal: str, **values: str) -> None:
        done(self.described[KIND]["state"], "edit", entity="Opportunity", record_id=deal, values=values)


def compare_deals(deals_row: FlowReport, orders_row: FlowReport, books: DealBooks) -> str:
    """Count into both rows what the systems hold, and say it."""
    orders, numbers, amounts = books.orders, 0, 0
    for deal in books.due:
        made = orders.get(deal[CUSTOMER_ORDER_NUMBER], ())
        if not made:
            deals_row.lost += 1
            continue
        deals_row.compared += 1
        value = sum((number(line["quantity"]) * number(line["price"]) for line in made[0]["lines"]), Decimal())
        if value != number(deal["Amount"]):
            amounts += 1
            deals_row.differences.append(f"{deal['Name']}: the deal is over {deal['Amount']}, its order over {value}")
        if not deal[ORDER_NUMBER]:
            orders_row.lost += 1
        elif deal[ORDER_NUMBER] not in {str(one["DocNum"]) for one in made}:
            numbers += 1
            orders_row.differences.append(f"{deal['Name']}: says order {deal[ORDER_NUMBER]}, it is {made[0]['DocNum']}")
    references = Counter(one["reference"] for made in orders.values() for one in made)
    doubled = sum(len(made) - 1 for made in orders.values())
    deals_row.duplicates += doubled
    expected = {deal[CUSTOMER_ORDER_NUMBER] for deal in books.due}
    for surplus in sorted(set(orders) - expected):
        deals_row.differences.append(f"SAP has an order for {surplus}, which no deal asks for")
    if books.changed:
        deals_row.differences.append(f"orders in SAP were changed {books.changed} times after they were made")
    held = sum(deal["IsWon"] for deal in books.deals) - len(books.due)
    return (
        f"{len(books.due)} won deals should be orders: SAP has {len(references)} by our reference, {deals_row.lost} missing, "
        f"{doubled} doubled, {amounts} over another amount, {books.changed} changed afterwards; "
        f"{orders_row.lost} order numbers missing on the deals, {numbers} wrong. "
        f"{held} won deals lack a customer or item code and wait for a person."
    )
