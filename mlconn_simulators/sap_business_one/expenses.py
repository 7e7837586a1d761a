"""Additional expenses of a document: freight and the like, which count in its total and are no lines of it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.sap_business_one.errors import invalid, missing_reference
from mlconn_simulators.sap_business_one.schema import Values
from mlconn_simulators.sap_business_one.totals import VAT_PERCENT, exact, money

EXPENSES = {1: "Freight", 2: "Insurance", 3: "Other"}
"""ExpensCode and name of what the company has set up."""
_CENT = Decimal("0.01")
_WRITABLE = frozenset(
    (
        *("ExpenseCode", "LineTotal", "LineGross", "Remarks", "VatGroup", "TaxCode", "TaxLiable", "TaxType"),
        *("DistributionMethod", "DistributionRule", "Project", "BaseDocEntry", "BaseDocLine", "BaseDocType"),
    )
)


def with_expenses(values: Values, rate: float, foreign: bool) -> Values:
    """The rows as they are stored, and the document's amounts with them. LineTotal is in the document's currency."""
    given = values.get("DocumentAdditionalExpenses") or []
    if not given:
        return {}
    rows, net, tax = [], Decimal(), Decimal()
    for number, row in enumerate(given):
        if unknown := row.keys() - _WRITABLE:
            raise invalid(f"Property '{min(unknown)}' of 'DocumentAdditionalExpense' is invalid")
        group = row.get("VatGroup") or "A0"
        if row.get("ExpenseCode") not in EXPENSES or group not in VAT_PERCENT:
            raise missing_reference()
        amount = exact(row.get("LineTotal") or 0)
        of_row = (amount * VAT_PERCENT[group] / 100).quantize(_CENT, ROUND_HALF_UP)
        net, tax = net + amount, tax + of_row
        gross = {"LineTotal": money(amount), "TaxSum": money(of_row), "LineGross": money(amount + of_row)}
        rows.append({**row, **gross, "LineNum": number, "VatGroup": group})
    local = exact(rate) if foreign else Decimal(1)
    sums = {"DocTotal": (net + tax) * local, "VatSum": tax * local}
    if foreign:
        sums |= {"DocTotalFc": net + tax, "VatSumFc": tax}
    return {"DocumentAdditionalExpenses": rows} | {name: money(exact(values[name]) + more) for name, more in sums.items()}
