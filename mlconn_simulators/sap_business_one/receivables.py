"""What business partners owe: payments on account, and the balances that follow from journal entries and open documents."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mlconn_simulators.sap_business_one.accounting import payment_entry
from mlconn_simulators.sap_business_one.clock import date_text
from mlconn_simulators.sap_business_one.company import LOCAL_CURRENCY, Company
from mlconn_simulators.sap_business_one.schema import KINDS_BY_CODE, Values
from mlconn_simulators.sap_business_one.store import Record
from mlconn_simulators.sap_business_one.totals import exact, money


def receive_payment(company: Company, code: str, amount: Decimal, invoices: Iterable[Record] = ()) -> Record:
    """Money of a customer, on account or for an invoice, posted at once. No stamp tells of it."""
    payments, day = company.sets["IncomingPayments"], date_text(company.clock.now())
    entry = payments.next_entry()
    values: Values = {"DocEntry": entry, "DocNum": 240_000 + entry, "DocType": "rCustomer", "CardCode": code, "DocDate": day}
    values |= {"TransferDate": day, "TransferSum": money(amount), "DocCurrency": LOCAL_CURRENCY, "Cancelled": "tNO"}
    values["PaymentInvoices"] = [
        {"LineNum": place, "DocEntry": one.values["DocEntry"], "InvoiceType": "it_Invoice", "SumApplied": money(amount)}
        for place, one in enumerate(invoices)
    ]
    company.post(payment_entry(company.sets["JournalEntries"].next_entry(), values, amount))
    return payments.add(values)


def take_back(company: Company, payment: Record) -> None:
    """A payment is cancelled: it is posted the other way round."""
    amount = -exact(payment.values["TransferSum"])
    company.post(payment_entry(company.sets["JournalEntries"].next_entry(), payment.values, amount))
    company.write(company.sets["IncomingPayments"], payment, {"Cancelled": "tYES"})


def settle_itself(document: Record) -> None:
    """A credit note is settled by the invoices that it was made from, as far as it was."""
    copied = [line for line in document.values["DocumentLines"] if KINDS_BY_CODE.get(line["BaseType"])]
    if document.values["DocObjectCode"] == "oCreditNotes" and copied:
        paid = sum((exact(line["GrossTotal"]) for line in copied), Decimal(0))
        status = "bost_Close" if paid >= exact(document.values["DocTotal"]) else "bost_Open"
        document.values.update({"PaidToDate": money(paid), "DocumentStatus": status})


def with_balances(company: Company, partners: Iterable[Record]) -> None:
    """What their journal entries and open documents come to, on the records; no stamp tells of it."""
    for partner in partners:
        code = partner.values["CardCode"]
        partner.values["CurrentAccountBalance"] = money(company.balances.get(code, Decimal(0)))
        for set_name, name in (("Orders", "OpenOrdersBalance"), ("DeliveryNotes", "OpenDeliveryNotesBalance")):
            documents = company.sets[set_name]
            found = documents.records(documents.with_value("CardCode", code) or ())
            is_open = (one.values for one in found if one.values["DocumentStatus"] == "bost_Open")
            partner.values[name] = money(sum(map(_open_amount, is_open), Decimal(0)))


def _open_amount(document: Values) -> Decimal:
    """Gross, in the company's currency, of what is not copied on yet."""
    lines = (line for line in document["DocumentLines"] if line["LineStatus"] == "bost_Open" and line["Quantity"])
    kept = (100 - exact(document["DiscountPercent"] or 0)) / 100
    return sum(
        (exact(line["GrossTotal"]) * exact(line["RemainingOpenQuantity"]) / exact(line["Quantity"]) * kept for line in lines),
        Decimal(0),
    )
