"""Down payments that an invoice draws: what was paid of them comes off its total, and stands in rows of their own."""

from __future__ import annotations

from decimal import Decimal

from mlconn_simulators.sap_business_one.company import Company
from mlconn_simulators.sap_business_one.errors import missing_reference, refused
from mlconn_simulators.sap_business_one.schema import Values
from mlconn_simulators.sap_business_one.store import Record
from mlconn_simulators.sap_business_one.totals import exact, money


def draw_down_payments(company: Company, invoice: Values) -> None:
    """Of each one named, what is asked for, else all that was paid and not drawn yet.

    Errors: -2028 for one that does not exist, -5002 for another customer's and for more than was paid.
    """
    rows = []
    for place, given in enumerate(invoice["DownPaymentsToDraw"]):
        drawn_from = company.sets["DownPayments"].find((given.get("DocEntry") or 0,))
        if drawn_from is None:
            raise missing_reference()
        one = drawn_from.values
        left = exact(one["PaidToDate"]) - drawn_of(company, drawn_from)
        gross = left if given.get("GrossAmountToDraw") is None else exact(given["GrossAmountToDraw"])
        if one["CardCode"] != invoice["CardCode"] or not 0 < gross <= min(left, exact(invoice["DocTotal"])):
            raise refused("The down payment cannot be drawn: it is another customer's, or less of it was paid [INV9.BaseAbs]")
        tax = (gross * exact(one["VatSum"]) / exact(one["DocTotal"])).quantize(Decimal("0.01"))
        rows.append(
            {
                "RowNum": place,
                "DocEntry": one["DocEntry"],
                "DocNumber": one["DocNum"],
                "DownPaymentType": one["DownPaymentType"],
                "AmountToDraw": money(gross - tax),
                "GrossAmountToDraw": money(gross),
                "Tax": money(tax),
            }
        )
        invoice["DocTotal"] = money(exact(invoice["DocTotal"]) - gross)
        invoice["VatSum"] = money(exact(invoice["VatSum"]) - tax)
    invoice["DownPaymentsToDraw"] = rows
    invoice["DownPaymentAmount"] = money(sum((exact(row["AmountToDraw"]) for row in rows), Decimal(0)))
    if not invoice["DocTotal"]:
        invoice["DocumentStatus"] = "bost_Close"


def drawn_of(company: Company, one: Record) -> Decimal:
    """What invoices that stand drew of a down payment, tax included."""
    invoices = company.sets["Invoices"]
    of_customer = invoices.records(invoices.with_value("CardCode", one.values["CardCode"]) or ())
    rows = (
        row
        for invoice in of_customer
        if invoice.values["CancelStatus"] == "csNo"
        for row in invoice.values.get("DownPaymentsToDraw") or ()
    )
    return sum((exact(row["GrossAmountToDraw"]) for row in rows if row["DocEntry"] == one.values["DocEntry"]), Decimal(0))
