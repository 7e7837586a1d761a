"""The demo's customers: who stands in both systems, whose codes and telephone numbers went over, and whose balances came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mlconn_simulators.demo.description import Described, number
from mlconn_simulators.demo.reading import TIMEOUT_S, answered, state
from mlconn_simulators.demo.report import FlowReport
from mlconn_simulators.sales import NEW_CUSTOMER

KIND = "salesforce"
BALANCE = "ERP_Balance__c"
OWED = {"balance": BALANCE, "credit_limit": "ERP_Credit_Limit__c", "overdue": "ERP_Overdue__c", "as_of": "ERP_As_Of__c"}
"""What an account is told of its customer, and the field that takes it."""
PHONE = "+1 555 0199"
"""To which somebody changes an account's in Salesforce."""

_Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerBooks:
    """Both systems by their own word. accounts: of the org. partners: customers of SAP by code."""

    accounts: Sequence[_Record]
    partners: Mapping[str, _Record]

    @property
    def known(self) -> list[tuple[_Record, _Record]]:
        """Accounts that name a business partner of SAP, with it."""
        pairs = ((account, self.partners.get(str(account["AccountNumber"]))) for account in self.accounts)
        return [(account, partner) for account, partner in pairs if partner is not None]

    @property
    def new_is_known(self) -> bool:
        """Whether the account that SAP knew nothing of has its code."""
        return any(account["Name"] == NEW_CUSTOMER for account, _ in self.known)

    @property
    def phones_differ(self) -> list[str]:
        return [
            f"{account['Name']}: {account['Phone']} in Salesforce, {partner['Phone1']} in SAP"
            for account, partner in self.known
            if account["Phone"] == PHONE and partner["Phone1"] != PHONE
        ]

    @property
    def balances_differ(self) -> list[str]:
        return [
            f"{account['Name']}: the account says {account[BALANCE]}, SAP {partner['CurrentAccountBalance']}"
            for account, partner in self.known
            if number(account[BALANCE] or 0) != number(partner["CurrentAccountBalance"])
        ]

    @property
    def settled(self) -> bool:
        return self.new_is_known and not self.phones_differ and not self.balances_differ


def read_customer_books(described: Described) -> CustomerBooks:
    accounts = state(described[KIND]["state"], object="Account")["values"]
    said, partners, last = described[KIND]["erp"], dict[str, _Record](), ""
    with httpx.Client(timeout=TIMEOUT_S) as http:
        login = {"CompanyDB": said["company_db"], "UserName": said["user"], "Password": said["password"]}
        signed_in = http.post(f"{said['url']}/Login", json=login)
        signed_in.raise_for_status()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())}
        while True:
            query = {
                "$select": "CardCode,CardName,Phone1,CurrentAccountBalance",
                "$filter": f"CardCode gt '{last}' and CardType eq 'cCustomer'",
                "$orderby": "CardCode",
            }
            page = answered(http, f"{said['url']}/BusinessPartners", query, headers)["value"]
            if not page:
                return CustomerBooks(accounts, partners)
            partners |= {str(row["CardCode"]): row for row in page}
            last = page[-1]["CardCode"]


def compare_customers(accounts_row: FlowReport, balances_row: FlowReport, books: CustomerBooks) -> str:
    """Count into both rows what the systems hold, and say it."""
    names = [str(partner["CardName"]) for partner in books.partners.values()]
    doubled = names.count(NEW_CUSTOMER) - 1 if NEW_CUSTOMER in names else 0
    accounts_row.duplicates += doubled
    accounts_row.lost += not books.new_is_known
    accounts_row.compared, balances_row.compared = len(books.known), len(books.known)
    accounts_row.differences += books.phones_differ
    balances_row.differences += books.balances_differ
    waiting = sum(not account["AccountNumber"] for account in books.accounts)
    return (
        f"{len(books.known)} customers stand in both systems, one of them made in SAP for an account that it did not know"
        f"{'' if books.new_is_known else ', whose code is missing there'}: {doubled} doubled, {len(books.phones_differ)} changed telephone "
        f"numbers are not in SAP, {len(books.balances_differ)} balances on accounts are not SAP's. "
        f"{_waiting(waiting)}, since SAP may know {'it' if waiting == 1 else 'them'}."
    )


def _waiting(count: int) -> str:
    return "1 account without a code waits" if count == 1 else f"{count} accounts without a code wait"
