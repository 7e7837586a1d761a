"""The demo's Salesforce org: deals are won there, become orders in an SAP company of its own, and learn what becomes of these."""

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
from mlconn_simulators.demo.customers import OWED, PHONE, read_customer_books
from mlconn_simulators.demo.description import Described, number
from mlconn_simulators.demo.reading import done, state
from mlconn_simulators.demo.report import FlowReport

KIND, INTEGRATION = "salesforce", "acme_sf"
FLOWS = ("accounts", "customer_codes", "opportunities", "orders", "receivables")
LANES = tuple((INTEGRATION, flow) for flow in FLOWS)
ORDER_NUMBER, CUSTOMER_ORDER_NUMBER = "ERP_Order_Number__c", "PO_Number__c"
ORDER_STATUS, PAYMENT_STATUS = "ERP_Order_Status__c", "ERP_Payment_Status__c"
TOLD = {
    "status": ORDER_STATUS,
    "delivered_quantity": "ERP_Delivered_Quantity__c",
    "open_quantity": "ERP_Open_Quantity__c",
    "last_delivery_number": "ERP_Last_Delivery__c",
    "last_delivery_date": "ERP_Last_Delivery_Date__c",
    "tracking_number": "ERP_Tracking_Number__c",
    "invoice_numbers": "ERP_Invoices__c",
    "invoiced_amount": "ERP_Invoiced__c",
    "paid_amount": "ERP_Paid__c",
    "payment_status": PAYMENT_STATUS,
    "as_of": "ERP_As_Of__c",
}
"""What a deal is told of its order, and the field that takes it."""
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
        "salesforce": {
            "kind": KIND,
            "url": said["url"],
            "credential": ORG_CREDENTIAL,
            "ca_file": said["ca_file"],
            "change_events": said["bus"],
        },
        "order_defaults": {"tax_code": "sap", "payment_terms": "sap", "series": "sap"},
        "reference_every_s": 900,
        "field_ownership": {"account": {"phone": "salesforce"}},
        "flows": {
            "accounts": {
                "to": "business_partners",
                "series": "sap",
                "group": "sap",
                "payment_terms": "sap",
                **polled,
            },
            "customer_codes": {"to": "accounts", **polled},
            "receivables": {
                "to": "account_balances",
                "currency": "USD",
                "fields": OWED,
                "without_account": "ignore",
                **polled,
            },
            "opportunities": {
                "to": "orders",
                "send_from": send_from(described),
                "currency": "USD",
                "customer_order_number": CUSTOMER_ORDER_NUMBER,
                **polled,
            },
            "orders": {"to": "opportunities", "order_number": ORDER_NUMBER, **TOLD, **polled},
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
    invoices: of SAP, by the same number.
    """

    deals: Sequence[_Record]
    due: Sequence[_Record]
    orders: Mapping[str, Sequence[_Record]]
    changed: int = 0
    invoices: Mapping[str, Sequence[_Record]] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether every deal that is due has its order and learned a number."""
        return all(deal[CUSTOMER_ORDER_NUMBER] in self.orders and deal[ORDER_NUMBER] for deal in self.due)

    @property
    def followed(self) -> bool:
        """Whether every deal says what became of its order."""
        return all(said == there for said, there in map(self.standing, self.due))

    def standing(self, deal: _Record) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
        """Status of order and payment: what the deal says, and how it is in SAP."""
        made = self.orders.get(deal[CUSTOMER_ORDER_NUMBER], ())
        invoices = self.invoices.get(deal[CUSTOMER_ORDER_NUMBER], ())
        there = (_order_status(made[0]) if made else "", _payment_status(invoices))
        return (deal.get(ORDER_STATUS) or "", deal.get(PAYMENT_STATUS)), there


def _order_status(order: _Record) -> str:
    ordered, waiting = sum(number(line["quantity"]) for line in order["lines"]), number(order["open"])
    return "Delivered" if not waiting else "Open" if waiting == ordered else "Partly delivered"


def _payment_status(invoices: Sequence[_Record]) -> str | None:
    if not invoices:
        return None
    if all(one["status"] == "bost_Close" for one in invoices):
        return "Paid"
    return "Partly paid" if any(one["paid"] for one in invoices) else "Open"


def read_deal_books(described: Described) -> DealBooks:
    at_org, at_sap = described[KIND]["state"], described[KIND]["erp"]["state"]
    deals, accounts, lines = (
        state(at_org, object=name)["values"] for name in ("Opportunity", "Account", "OpportunityLineItem")
    )
    with_code = {account["Id"] for account in accounts if account["AccountNumber"]}
    without = {line["OpportunityId"] for line in lines if not line["ProductCode"]}
    due = [deal for deal in deals if deal["IsWon"] and deal["AccountId"] in with_code and deal["Id"] not in without]
    orders: dict[str, list[_Record]] = defaultdict(list)
    invoices: dict[str, list[_Record]] = defaultdict(list)
    told = state(at_sap)
    for invoice in told["source"]["Invoices"]:
        invoices[invoice["NumAtCard"]].append(invoice)
    for made in told["created"]:
        if made["set"] == "Orders" and not made["removed"] and str(made["reference"]).startswith(f"{INTEGRATION}:Orders:"):
            orders[made["NumAtCard"]].append(made)
    return DealBooks(deals, due, orders, sum(update["set"] == "Orders" for update in told["updated"]), invoices)


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
        """Win the next open deal, the second half once the first orders are there; then move the close date of one that has its order.

        Its account gets another telephone number. In SAP, the next order is delivered in part, one after it in full and invoiced and
        half paid, another in two parts and paid.
        """
        now = time.monotonic() if now is None else now
        if self.edited:
            books = read_deal_books(self.described)
            quiet = now - self._edited_at >= READ_AFTER_S and books.settled and books.followed
            self.over = quiet and read_customer_books(self.described).settled
            return
        books = read_deal_books(self.described)
        still_open = [deal for deal in books.deals if not deal["IsClosed"]]
        if still_open:
            if 2 * len(still_open) > len(books.deals) or books.orders:
                self._edit(still_open[0]["Id"], StageName="Closed Won")
        elif books.due and books.settled and read_customer_books(self.described).new_is_known:
            self._numbered_at = self._numbered_at or now
            if now - self._numbered_at >= EDITED_AFTER_S:
                deal = books.due[0]
                later = dt.date.fromisoformat(deal["CloseDate"]) + dt.timedelta(days=7)
                self._edit(deal["Id"], CloseDate=later.isoformat())
                done(
                    self.described[KIND]["state"],
                    "edit",
                    entity="Account",
                    record_id=deal["AccountId"],
                    values={"Phone": PHONE},
                )
                self._fulfil([books.orders[one[CUSTOMER_ORDER_NUMBER]][0] for one in books.due[1:4]])
                self.edited, self._edited_at = deal["Id"], now

    def _fulfil(self, orders: Sequence[_Record]) -> None:
        for place, order in enumerate(orders):
            first = order["lines"][0]
            if place != 1:
                half = {first["line"]: first["quantity"] // 2 or first["quantity"] / 2}
                self._copied(
                    "Orders", order["DocEntry"], "DeliveryNotes", quantities=half, TrackingNumber=f"1Z-{order['DocNum']}"
                )
            if place:
                delivery = self._copied("Orders", order["DocEntry"], "DeliveryNotes")
                invoice = self._copied("DeliveryNotes", delivery, "Invoices")
                self._at_sap(
                    "pay", set_name="Invoices", entry=invoice, stamped=False, **({"amount": 1.0} if place == 1 else {})
                )

    def _copied(self, base_set: str, entry: int, to: str, **members: Any) -> int:
        return int(self._at_sap("copy", base_set=base_set, entry=entry, to=to, **members))

    def _at_sap(self, act: str, **members: Any) -> Any:
        return done(self.described[KIND]["erp"]["state"], act, **members)

    def _edit(self, deal: str, **values: str) -> None:
        done(self.described[KIND]["state"], "edit", entity="Opportunity", record_id=deal, values=values)


def compare_deals(deals_row: FlowReport, orders_row: FlowReport, books: DealBooks) -> str:
    """Count into both rows what the systems hold, and say it."""
    orders, numbers, amounts, otherwise = books.orders, 0, 0, 0
    statuses: Counter[str | None] = Counter()
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
        said, there = books.standing(deal)
        statuses.update(there)
        if said != there:
            otherwise += 1
            orders_row.differences.append(
                f"{deal['Name']}: says {' and '.join(map(str, said))}, it is {' and '.join(map(str, there))}"
            )
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
        f"{orders_row.lost} order numbers missing on the deals, {numbers} wrong. SAP delivered {statuses['Partly delivered']} of them in "
        f"part and {statuses['Delivered']} in full, and {statuses['Paid'] + statuses['Partly paid']} were paid in full or in part: "
        f"{otherwise} deals say otherwise. "
        f"{held} won deals lack a customer or item code and wait for a person."
    )
