"""What business partners owe, as the company computes it: by its journal entries and its open documents, without any stamp."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

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
