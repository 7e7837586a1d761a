"""What business partners owe: payments, what is matched with what, and the balances that follow from journal entries and open documents."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mlconn_simulators.sap_business_one.accounting import payment_entry
from mlconn_simulators.sap_business_one.clock import date_text
from mlconn_simulators.sap_business_one.company import LOCAL_CURRENCY, Company
from mlconn_simulators.sap_business_one.documents import settle
from mlconn_simulators.sap_business_one.errors import refused
from mlconn_simulators.sap_business_one.schema import KINDS_BY_CODE, KINDS_BY_OBJECT, Values
from mlconn_simulators.sap_business_one.store import Record
from mlconn_simulators.sap_business_one.totals import exact, money

INVOICE_TYPES = {"oInvoices": "it_Invoice", "oDownPayments": "it_DownPayment"}
"""What a payment's row calls a document that it pays."""

PAYMENT = 24
"""Object type of incoming payments."""


def receive_payment(company: Company, code: str, amount: Decimal, invoices: Iterable[Record] = ()) -> Record:
    """Money of a customer, on account or for an invoice, posted at once. No stamp tells of it."""
    payments, day = company.sets["IncomingPayments"], date_text(company.clock.now())
    entry = payments.next_entry()
    values: Values = {"DocEntry": entry, "DocNum": 240_000 + entry, "DocType": "rCustomer", "CardCode": code, "DocDate": day}
    values |= {"TransferDate": day, "TransferSum": money(amount), "DocCurrency": LOCAL_CURRENCY, "Cancelled": "tNO"}
    values["PaymentInvoices"] = [
        {
            "LineNum": place,
            "DocEntry": one.values["DocEntry"],
            "InvoiceType": INVOICE_TYPES[one.values["DocObjectCode"]],
            "SumApplied": money(amount),
        }
        for place, one in enumerate(invoices)
    ]
    company.post(payment_entry(company.sets["JournalEntries"].next_entry(), values, amount))
    return payments.add(values)


def take_back(company: Company, payment: Record) -> None:
    """A payment is cancelled: it is posted the other way round."""
    amount = -exact(payment.values["TransferSum"])
    company.post(payment_entry(company.sets["JournalEntries"].next_entry(), payment.values, amount))
    company.write(company.sets["IncomingPayments"], payment, {"Cancelled": "tYES"})


def reconcile(company: Company, debit: Record, credit: Record, amount: Decimal | None = None) -> Record:
    """A credit note or a payment on account is matched with an open document, as far as both are open where no amount is named.

    Nothing is posted and nothing stamped: both documents only have less left to pay, and a payment says nothing of it.
    """
    code, is_payment = debit.values["CardCode"], "TransferSum" in credit.values
    left = min(_left(company, debit, False), _left(company, credit, is_payment))
    amount = left if amount is None else amount
    if credit.values["CardCode"] != code or not 0 < amount <= left:
        raise refused("Reconciliation amount exceeds the open amounts of the transactions [ITR1.ReconSum]")
    rows = [_matched(debit, KINDS_BY_OBJECT[debit.values["DocObjectCode"]].code, "codDebit", amount)]
    rows.append(
        _matched(credit, PAYMENT if is_payment else KINDS_BY_OBJECT[credit.values["DocObjectCode"]].code, "codCredit", amount)
    )
    return _reconciled(company, "rtManual", rows, amount, None)


def cancel_reconciliation(company: Company, done: Record) -> Record:
    """What was matched is open again; a second reconciliation names the first, and the first it."""
    if done.values["CancelAbs"]:
        raise refused("The reconciliation is already cancelled")
    rows = done.values["InternalReconciliationRows"]
    taken_back = _reconciled(company, "rtReversal", rows, -exact(done.values["Total"]), done.values["ReconNum"])
    company.write(company.sets["InternalReconciliations"], done, {"CancelAbs": taken_back.values["ReconNum"]})
    return taken_back


def _reconciled(company: Company, kind: str, rows: list[Values], amount: Decimal, cancels: int | None) -> Record:
    for row in rows:
        if (of := KINDS_BY_CODE.get(int(row["SrcObjTyp"]))) is not None:
            settle(company, company.sets[of.set_name].get((row["SrcObjAbs"],)), amount, stamped=False)
    entities = company.sets["InternalReconciliations"]
    values: Values = {"ReconNum": entities.next_entry(), "ReconDate": date_text(company.clock.now()), "CancelAbs": cancels}
    values |= {"ReconType": kind, "CardOrAccount": "coaCard", "Total": money(abs(amount)), "InternalReconciliationRows": rows}
    return entities.add(values)


def _matched(record: Record, code: int, side: str, amount: Decimal) -> Values:
    row: Values = {"ShortName": record.values["CardCode"], "TransId": record.values.get("TransNum"), "TransRowId": 0}
    row |= {"SrcObjTyp": str(code), "SrcObjAbs": record.values["DocEntry"], "CreditOrDebit": side}
    return row | {"ReconcileAmount": money(amount), "CashDiscount": 0.0}


def _left(company: Company, record: Record, is_payment: bool) -> Decimal:
    """What is still open of a document or a payment."""
    if not is_payment:
        return exact(record.values["DocTotal"]) - exact(record.values["PaidToDate"])
    applied = [exact(row["SumApplied"]) for row in record.values["PaymentInvoices"]]
    applied += [
        exact(row["ReconcileAmount"])
        for one in company.sets["InternalReconciliations"]
        if not one.values["CancelAbs"]
        for row in one.values["InternalReconciliationRows"]
        if row["SrcObjTyp"] == str(PAYMENT) and row["SrcObjAbs"] == record.values["DocEntry"]
    ]
    return exact(record.values["TransferSum"]) - sum(applied, Decimal(0))


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
