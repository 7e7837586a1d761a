"""The chart of accounts, the account of each line, and the journal entry that a posted document makes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mlconn_simulators.sap_business_one.schema import DocumentKind, Values
from mlconn_simulators.sap_business_one.totals import exact, money


def _code(number: int) -> str:
    """As companies with segmented accounts have it: the code is SAP's own, people know the FormatCode."""
    return f"_SYS{number:011}"


RECEIVABLES, STOCK, PAYABLES, TAX, RECEIVED = _code(2), _code(3), _code(5), _code(6), _code(7)
REVENUES, FOREIGN_REVENUES, COST_OF_SALES, PURCHASES = _code(9), _code(10), _code(12), _code(13)
BANK, DOWN_PAYMENTS = _code(15), _code(16)
TITLE, FROZEN = _code(8), _code(14)
"""Accounts that nothing can be posted to: a title of the chart, and one that is on hold."""

_TITLE, _CONTROL, _FROZEN = {"ActiveAccount": "tNO"}, {"LockManualTransaction": "tYES"}, {"FrozenFor": "tYES"}
_CHART: tuple[tuple[str, str, str, Values], ...] = (
    ("10000000", "Assets", "at_Other", _TITLE),
    ("11000001", "Trade receivables", "at_Other", _CONTROL),
    ("13000001", "Stock", "at_Other", {}),
    ("20000000", "Liabilities", "at_Other", _TITLE),
    ("21000001", "Trade payables", "at_Other", _CONTROL),
    ("22000001", "Sales tax", "at_Other", {}),
    ("23000001", "Goods received, not invoiced", "at_Other", {}),
    ("40000000", "Revenues", "at_Revenues", _TITLE),
    ("41000001", "Sales revenues", "at_Revenues", {}),
    ("42000001", "Sales revenues, foreign", "at_Revenues", {}),
    ("50000000", "Costs", "at_Expenses", _TITLE),
    ("51000001", "Cost of goods sold", "at_Expenses", {}),
    ("52000001", "Purchases", "at_Expenses", {}),
    ("59000001", "Costs of the closed plant", "at_Expenses", _FROZEN),
    ("12000001", "Bank", "at_Other", {}),
    ("21500001", "Down payments of customers", "at_Other", {}),
)
_ORIGINS = {13: "ttARInvoice", 14: "ttARCredItnote", 15: "ttDelivery", 18: "ttAPInvoice"}
"""OriginalJournal by object type, as far as SAP's documentation that we have names it."""
_COST_SHARE = Decimal("0.6")
"""What goods cost of what they are sold for."""


def chart() -> Iterator[Values]:
    """The accounts."""
    for number, (shown, name, kind, rules) in enumerate(_CHART, start=1):
        account = {"Code": _code(number), "FormatCode": shown, "Name": name, "AccountType": kind, "AccountLevel": 3}
        yield account | {"ActiveAccount": "tYES", "ValidFor": "tNO", "FrozenFor": "tNO"} | rules


def account_of_line(kind: DocumentKind, foreign: bool) -> str:
    """What the company's account determination gives."""
    if not kind.sales:
        return PURCHASES
    return FOREIGN_REVENUES if foreign else REVENUES


def journal_entry(kind: DocumentKind, number: int, document: Values) -> Values | None:
    """The entry under that JdtNum; None for orders, which post nothing."""
    rows = _rows(kind.code, document)
    if not rows:
        return None
    sign = -1 if kind.code == 14 else 1
    if document["CancelStatus"] == "csCancellation":
        sign = -sign
    day = document["DocDate"]
    return {
        "JdtNum": number,
        "Number": number,
        "ReferenceDate": day,
        "TaxDate": day,
        "DueDate": document["DocDueDate"],
        "Memo": f"{kind.set_name} - {document['CardCode']}",
        "Reference": str(document["DocNum"]),
        "Reference2": document.get("NumAtCard"),
        "OriginalJournal": _ORIGINS.get(kind.code),
        "Original": document["DocEntry"],
        "BaseReference": str(document["DocNum"]),
        "JournalEntryLines": [
            _line(place, account, partner, sign * debit) for place, (account, partner, debit) in enumerate(rows)
        ],
    }


def payment_entry(number: int, payment: Values, amount: Decimal) -> Values:
    """What a customer's payment posts; an amount below zero takes one back."""
    day = payment["DocDate"]
    return {
        "JdtNum": number,
        "Number": number,
        "ReferenceDate": day,
        "TaxDate": day,
        "DueDate": day,
        "Memo": f"Incoming Payments - {payment['CardCode']}",
        "Reference": str(payment["DocNum"]),
        "OriginalJournal": "ttReceipt",
        "Original": payment["DocEntry"],
        "BaseReference": str(payment["DocNum"]),
        "JournalEntryLines": [_line(0, BANK, None, amount), _line(1, RECEIVABLES, payment["CardCode"], -amount)],
    }


def _line(place: int, account: str, partner: str | None, debit: Decimal) -> Values:
    side = {"Debit": money(debit), "Credit": 0.0} if debit >= 0 else {"Debit": 0.0, "Credit": money(-debit)}
    return {
        "Line_ID": place,
        "AccountCode": account,
        "ShortName": partner or account,
        "ControlAccount": account if partner else None,
        **side,
    }


def _rows(code: int, document: Values) -> list[tuple[str, str | None, Decimal]]:
    """Account, partner, and what is debited, a credit below zero; in the company's currency."""
    partner = document["CardCode"]
    total, tax = exact(document["DocTotal"]), exact(document["VatSum"])
    by_account: dict[str, Decimal] = {}
    for line in document["DocumentLines"]:
        account = line["AccountCode"]
        by_account[account] = by_account.get(account, Decimal(0)) + exact(line["LineTotal"])
    last = next(reversed(by_account))
    net, drawn = total - tax, sum((exact(one["AmountToDraw"]) for one in document.get("DownPaymentsToDraw") or ()), Decimal(0))
    by_account[last] += net + drawn - sum(by_account.values())  # the document's discount, and what was rounded
    cost = (net * _COST_SHARE).quantize(Decimal("0.01"))
    rows: list[tuple[str, Any, Decimal]]
    match code:
        case 13 | 14:
            rows = [(RECEIVABLES, partner, total), *((account, None, -amount) for account, amount in by_account.items())]
            rows += [(TAX, None, -tax), (DOWN_PAYMENTS, None, drawn)]
        case 203 if document.get("DownPaymentType") != "dptRequest":  # a request posts nothing
            rows = [(RECEIVABLES, partner, total), (DOWN_PAYMENTS, None, -net), (TAX, None, -tax)]
        case 15:
            rows = [(COST_OF_SALES, None, cost), (STOCK, None, -cost)]
        case 18:
            rows = [(PAYABLES, partner, -total), *((account, None, amount) for account, amount in by_account.items())]
            rows.append((TAX, None, tax))
        case 20:
            rows = [(STOCK, None, net), (RECEIVED, None, -net)]
        case _:
            rows = []
    return [row for row in rows if row[2]]
