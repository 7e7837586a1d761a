"""What business partners owe, as the company computes it: by its journal entries and its open documents, without any stamp."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_simulators.sap_business_one.errors import ServiceLayerError

CODE = "C90010"
LINES = [{"ItemCode": "A1001", "Quantity": 2, "UnitPrice": 50}]


def owed(company: Any, code: str) -> tuple[Decimal, Decimal, str | None]:
    card = company.http.get(f"BusinessPartners('{code}')").json()
    names = ("CurrentAccountBalance", "OpenOrdersBalance")
    return (*(Decimal(str(card[name])) for name in names), card["UpdateDate"])


def test_invoices_payments_and_credits_move_the_balance_and_stamp_no_partner(company: Any) -> None:
    sandbox = company.sandbox
    before, _, stamp = owed(company, CODE)
    invoice = sandbox.add_document("Invoices", CardCode=CODE, DocumentLines=LINES)
    assert owed(company, CODE) == (before + 100, 0, stamp)
    sandbox.move_clock(dt.timedelta(days=1))
    payment = sandbox.pay("Invoices", invoice, stamped=False, amount=30)
    record = sandbox.record("Invoices", invoice)
    assert (record["PaidToDate"], record["DocumentStatus"]) == (30, "bost_Open")
    assert owed(company, CODE)[0] == before + 70
    sandbox.receive_payment(CODE, 20)
    assert owed(company, CODE)[0] == before + 50 and sandbox.record("Invoices", invoice)["PaidToDate"] == 30
    base = {"BaseType": 13, "BaseEntry": invoice, "BaseLine": 0, "Quantity": 1}
    credit = sandbox.add_document("CreditNotes", CardCode=CODE, DocumentLines=[base])
    assert owed(company, CODE)[0] == before and sandbox.record("CreditNotes", credit)["DocumentStatus"] == "bost_Close"
    sandbox.cancel_payment(payment)
    after = sandbox.record("Invoices", invoice)
    assert (after["PaidToDate"], after["UpdateDate"]) == (50, record["UpdateDate"])
    assert owed(company, CODE) == (before + 30, 0, stamp)


def test_payments_have_no_stamp_and_are_read_in_order(company: Any) -> None:
    entry = company.sandbox.receive_payment(CODE, 12.5)
    [read] = company.http.get(f"IncomingPayments?$filter=DocEntry ge {entry}").json()["value"]
    assert (read["CardCode"], read["TransferSum"], read["Cancelled"]) == (CODE, 12.5, "tNO") and "UpdateDate" not in read


def test_open_orders_are_told_by_what_is_left_of_them(company: Any) -> None:
    sandbox = company.sandbox
    day = f"{sandbox.clock.now():%Y-%m-%d}"
    order = sandbox.add_document("Orders", CardCode=CODE, DocDueDate=day, DocumentLines=LINES)
    assert owed(company, CODE)[1] == 100
    base = {"BaseType": 17, "BaseEntry": order, "BaseLine": 0, "Quantity": 1}
    sandbox.add_document("DeliveryNotes", CardCode=CODE, DocumentLines=[base])
    assert owed(company, CODE)[1] == 50
    sandbox.close("Orders", order)
    assert owed(company, CODE)[1] == 0


def test_a_down_payment_is_owed_when_it_is_invoiced_and_comes_off_the_invoice_that_draws_it(company: Any) -> None:
    sandbox = company.sandbox
    before = owed(company, CODE)[0]
    order = sandbox.add_document("Orders", CardCode=CODE, DocumentLines=LINES)
    request = sandbox.copy("Orders", order, "DownPayments", DownPaymentType="dptRequest")
    assert owed(company, CODE)[0] == before and sandbox.record("DownPayments", request)["TransNum"] is None
    entry = sandbox.copy("Orders", order, "DownPayments", DownPaymentPercentage=40.0)
    one = sandbox.record("DownPayments", entry)
    assert (one["DocTotal"], one["DocumentStatus"], owed(company, CODE)[0]) == (40, "bost_Open", before + 40)
    assert sandbox.record("Orders", order)["DocumentLines"][0]["RemainingOpenQuantity"] == 2
    with pytest.raises(ServiceLayerError, match="less of it was paid"):
        sandbox.copy("Orders", order, "Invoices", DownPaymentsToDraw=[{"DocEntry": entry}])
    payment = sandbox.pay("DownPayments", entry, stamped=False)
    [row] = sandbox.record("IncomingPayments", payment)["PaymentInvoices"]
    assert (row["InvoiceType"], row["SumApplied"], owed(company, CODE)[0]) == ("it_DownPayment", 40, before)
    invoice = sandbox.copy("Orders", order, "Invoices", DownPaymentsToDraw=[{"DocEntry": entry}])
    read = company.http.get(f"Invoices({invoice})").json()
    assert (read["DocTotal"], read["DownPaymentAmount"], read["PaidToDate"]) == (60, 40, 0)
    assert [(row["DocEntry"], row["GrossAmountToDraw"]) for row in read["DownPaymentsToDraw"]] == [(entry, 40)]
    assert owed(company, CODE)[0] == before + 60
    entries = sandbox.record("JournalEntries", read["TransNum"])["JournalEntryLines"]
    assert sum(line["Debit"] for line in entries) == sum(line["Credit"] for line in entries) == 100


def test_what_is_matched_by_hand_stands_in_a_reconciliation_and_nowhere_else(company: Any) -> None:
    sandbox = company.sandbox
    invoice = sandbox.add_document("Invoices", CardCode=CODE, DocumentLines=LINES)
    note = sandbox.add_document("CreditNotes", CardCode=CODE, DocumentLines=[{**LINES[0], "Quantity": 1}])
    payment = sandbox.receive_payment(CODE, 70)
    balance, stamp = owed(company, CODE)[0], sandbox.record("Invoices", invoice)["UpdateTime"]
    posted = len(sandbox.company.sets["JournalEntries"])
    sandbox.move_clock(dt.timedelta(hours=1))
    first = sandbox.reconcile("Invoices", invoice, "CreditNotes", note)
    second = sandbox.reconcile("Invoices", invoice, "IncomingPayments", payment)
    settled = sandbox.record("Invoices", invoice)
    assert (settled["PaidToDate"], settled["DocumentStatus"], settled["UpdateTime"]) == (100, "bost_Close", stamp)
    assert sandbox.record("IncomingPayments", payment)["PaymentInvoices"] == []
    assert owed(company, CODE)[0] == balance and len(sandbox.company.sets["JournalEntries"]) == posted
    read = company.http.get(f"InternalReconciliations({first})").json()
    assert (read["ReconType"], read["Total"], read["CancelAbs"]) == ("rtManual", 50, None) and "UpdateDate" not in read
    rows = [(row["SrcObjTyp"], row["SrcObjAbs"], row["ReconcileAmount"]) for row in read["InternalReconciliationRows"]]
    assert rows == [("13", invoice, 50), ("14", note, 50)]
    with pytest.raises(ServiceLayerError, match="exceeds the open amounts"):
        sandbox.reconcile("Invoices", sandbox.add_document("Invoices", CardCode=CODE, DocumentLines=LINES), "CreditNotes", note)
    sandbox.cancel_reconciliation(second)
    assert (
        sandbox.record("Invoices", invoice)["PaidToDate"],
        sandbox.record("InternalReconciliations", second)["CancelAbs"],
    ) == (
        50,
        second + 1,
    )
