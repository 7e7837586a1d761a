"""What a customer owes, as fields of the customer's account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.account_balance import AccountBalance
from mlconn_pipelines.ports.mapping import Finding, Severity
from mlconn_pipelines.ports.rows import Target
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.mapping.settings import named_fields

ENTITY = "Account"
ACTIVE, BLOCKED = "Active", "Blocked"
"""The status as people read it on the account."""


@dataclass(frozen=True, slots=True)
class BalanceFields:
    """Fields of the account by name; one that is empty is not written. Same names and meanings as in the configuration."""

    balance: str = "ERP_Balance__c"
    credit_limit: str = ""
    overdue: str = ""
    open_invoices: str = ""
    oldest_due_date: str = ""
    open_orders: str = ""
    last_payment_date: str = ""
    status: str = ""
    currency: str = ""
    as_of: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are written."""
        return named_fields(self)


def fields_of(balance: AccountBalance, names: BalanceFields) -> Mapping[str, Any]:
    """All but the moment that it is of."""
    due, paid = balance.oldest_due_date, balance.last_payment_date
    values = {
        names.balance: balance.balance,
        names.credit_limit: balance.credit_limit,
        names.overdue: balance.overdue,
        names.open_invoices: balance.open_invoices,
        names.oldest_due_date: None if due is None else due.isoformat(),
        names.open_orders: balance.open_orders,
        names.last_payment_date: None if paid is None else paid.isoformat(),
        names.status: BLOCKED if balance.is_blocked else ACTIVE,
        names.currency: balance.currency,
    }
    return {name: value for name, value in values.items() if name}


def account_of(code: str, currency: str, found: Sequence[Target], by: str, without_account: Severity) -> Target | Finding:
    """The one account that is the customer's, or why there is none to write to. by: the field that holds the customer's code.

    currency: of the amounts. without_account: how much it counts that no account has the code.
    """
    if not found:
        return Finding(
            Reason.CUSTOMER_WITHOUT_ACCOUNT,
            f"No account in Salesforce has the customer code {code} ({by}), so that nobody sees there what {code} owes. Enter the "
            "code at the customer's account: it is looked for again by itself.",
            without_account,
            by,
        )
    if len(found) > 1:
        named = " and ".join(f"{one.name!r} ({one.key})" for one in found[:5])
        return Finding(
            Reason.ACCOUNT_NOT_UNIQUE,
            f"{len(found)} accounts in Salesforce have the customer code {code} ({by}): {named}. What {code} owes is written to none "
            "of them. Merge them, or leave the code at one only: they are looked at every night; or reprocess this to look at once.",
            place=by,
        )
    account = found[0]
    if account.currency and account.currency != currency:
        return Finding(
            Reason.CURRENCY_DIFFERS,
            f"What {code} owes is in {currency}, and amounts of account {account.name!r} in Salesforce are in {account.currency}, so "
            "that the same number would be another amount there. Write it into fields of type Number (with `currency` for its "
            f"currency), or keep the account in {currency}.",
            place="CurrencyIsoCode",
        )
    return account
