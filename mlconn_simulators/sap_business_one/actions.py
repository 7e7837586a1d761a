"""Cancel, Close and Reopen, what is copied from a document, and payments."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal

from mlconn_simulators.sap_business_one.clock import date_text, time_text
from mlconn_simulators.sap_business_one.company import Company
from mlconn_simulators.sap_business_one.documents import CLOSED_BY_MONEY, open_bases, settle
from mlconn_simulators.sap_business_one.errors import refused
from mlconn_simulators.sap_business_one.receivables import INVOICE_TYPES, receive_payment, take_back
from mlconn_simulators.sap_business_one.schema import KINDS_BY_OBJECT, DocumentKind, Values
from mlconn_simulators.sap_business_one.store import Record
from mlconn_simulators.sap_business_one.totals import exact


def cancel(company: Company, kind: DocumentKind, record: Record) -> Record | None:
    """Cancel a document. Posted ones get a second document that reverses them and is returned; orders only change their state."""
    if record.values["Cancelled"] == "tYES" or record.values["CancelStatus"] == "csCancellation":
        raise refused("Document is already cancelled")
    if record.values["DocumentStatus"] == "bost_Close":
        raise refused("Document is already closed")
    reversal = None
    if kind.reverses:
        now = company.clock.now()
        values = copy.deepcopy(record.values)
        for line in values["DocumentLines"]:
            line |= {"BaseType": kind.code, "BaseEntry": record.values["DocEntry"], "BaseLine": line["LineNum"]}
            line["LineStatus"] = "bost_Close"
        values |= {
            "CancelStatus": "csCancellation",
            "DocumentStatus": "bost_Close",
            "DocDate": date_text(now),
            "CreationDate": date_text(now),
            "UpdateDate": date_text(now),
            "UpdateTime": time_text(now),
        }
        del values["DocEntry"], values["DocNum"]
        reversal = company.add_document(kind, values)
        open_bases(company, record.values)
    company.write(
        company.sets[kind.set_name], record, {"Cancelled": "tYES", "CancelStatus": "csYes", "DocumentStatus": "bost_Close"}
    )
    return reversal


def close(company: Company, kind: DocumentKind, record: Record) -> None:
    """Close a document by hand."""
    if record.values["DocumentStatus"] == "bost_Close":
        raise refused("Document is already closed")
    company.write(company.sets[kind.set_name], record, {"DocumentStatus": "bost_Close", **_line_states(record, "bost_Close")})


def reopen(company: Company, kind: DocumentKind, record: Record) -> None:
    """Open a document again that was closed by hand."""
    if record.values["DocumentStatus"] != "bost_Close" or record.values["CancelStatus"] != "csNo":
        raise refused("Only a closed document that is not cancelled can be reopened")
    company.write(company.sets[kind.set_name], record, {"DocumentStatus": "bost_Open", **_line_states(record, "bost_Open")})


def copied(base: DocumentKind, record: Record, quantities: Mapping[int, float] | None = None) -> list[Values]:
    """Lines that copy what is open of a document. quantities: of those lines only, by LineNum."""
    return [
        {"BaseType": base.code, "BaseEntry": record.values["DocEntry"], "BaseLine": line["LineNum"]}
        | ({} if quantities is None else {"Quantity": float(quantities[line["LineNum"]])})
        for line in record.values["DocumentLines"]
        if line["RemainingOpenQuantity"] and (quantities is None or line["LineNum"] in quantities)
    ]


def pay(
    company: Company, kind: DocumentKind, record: Record, stamped: bool = True, amount: Decimal | None = None
) -> Record | None:
    """Pay a document, what is left of it where no amount is named. An A/R invoice and a down payment get an incoming payment.

    stamped False: the payment leaves UpdateDate alone, as some do.
    """
    left = exact(record.values["DocTotal"]) - exact(record.values["PaidToDate"])
    amount = left if amount is None else amount
    if kind.set_name not in CLOSED_BY_MONEY:
        paid = {"PaidToDate": record.values["DocTotal"], "DocumentStatus": "bost_Close", **_line_states(record, "bost_Close")}
        company.write(company.sets[kind.set_name], record, paid, stamped)
        return None
    settle(company, record, amount, stamped)
    return receive_payment(company, record.values["CardCode"], amount, [record])


def cancel_payment(company: Company, payment: Record) -> None:
    """Take a payment back, which opens its invoices again. Neither has a stamp of it."""
    take_back(company, payment)
    sets = {name: KINDS_BY_OBJECT[object_name].set_name for object_name, name in INVOICE_TYPES.items()}
    for row in payment.values["PaymentInvoices"]:
        paid = company.sets[sets[row["InvoiceType"]]].get((row["DocEntry"],))
        settle(company, paid, -exact(row["SumApplied"]), stamped=False)


def _line_states(record: Record, status: str) -> dict[str, object]:
    return {"DocumentLines": [{**line, "LineStatus": status} for line in record.values["DocumentLines"]]}
