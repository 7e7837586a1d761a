"""What posting does: entered documents leave their entry tables for the ledgers and the history."""

from __future__ import annotations

from mlconn_simulators.sage_100.layouts import Cell, Row
from mlconn_simulators.sage_100.store import Company


def post_receipts(company: Company, batch: str, date: str, user: str) -> list[str]:
    """Receipts of a batch (empty: all) move stock and order lines; gives their type and number as one."""
    table, details = company["PO_ReceiptHeader"], company["PO_ReceiptDetail"]
    posted = []
    for key in [key for key, row in table.rows.items() if batch in ("", row["BatchNo$"])]:
        row, lines = table.rows[key], list(details.under(*key))
        table.remove(key)
        for line in lines:
            details.remove(details.layout.key(line))
        history: Row = row | {"HeaderSeqNo$": "000000", "TransactionDate$": date}
        company["PO_ReceiptHistoryHeader"].put(history)
        for line in lines:
            company["PO_ReceiptHistoryDetail"].put(line | {"HeaderSeqNo$": "000000"})
            _receive(company, row, line)
        if row["ReceiptType$"] == "I":
            open_invoice(company, row | {"InvoiceAmt": row["ReceiptAmt"]}, date, user, receipt="".join(key))
        settle(
            company,
            str(row["PurchaseOrderNo$"]),
            user,
            **{"LastReceiptDate$": row["ReceiptDate$"], "LastReceiptNo$": "".join(key)},
        )
        posted.append("".join(key))
    return posted


def _receive(company: Company, receipt: Row, line: Row) -> None:
    ordered = company["PO_PurchaseOrderDetail"].rows.get((str(line["PurchaseOrderNo$"]), str(line["OrderLineKey$"])))
    if ordered is None:
        return
    what = "QuantityInvoiced" if receipt["ReceiptType$"] == "I" else "QuantityReceived"
    ordered[what] = round(float(ordered[what]) + float(line["QuantityReceived"]), 6)
    ordered["ReceiptOfGoodsUpdated$"] = "Y"
    ordered["QuantityBackordered"] = max(round(float(ordered["QuantityOrdered"]) - float(ordered["QuantityReceived"]), 6), 0.0)


def settle(company: Company, number: str, user: str, **values: Cell) -> None:
    """The order's status after something was posted: back-ordered, open, or complete once all came and was invoiced."""
    order = company["PO_PurchaseOrderHeader"].rows.get((number,))
    if order is None:
        return
    lines = [line for line in company["PO_PurchaseOrderDetail"].under(number) if line["ItemType$"] != "4"]
    received = all(line["QuantityReceived"] >= line["QuantityOrdered"] for line in lines)  # type: ignore[operator]
    invoiced = all(line["QuantityInvoiced"] >= line["QuantityOrdered"] for line in lines)  # type: ignore[operator]
    order |= values
    order["OrderStatus$"] = "X" if received and invoiced else "O" if received else "B"
    order["ReceivedAmt"] = round(sum(float(line["QuantityReceived"]) * float(line["UnitCost"]) for line in lines), 2)
    if received and invoiced:
        order["CompletionDate$"] = company.clock.today()
    company.stamp(order, user, False)


def post_invoices(company: Company, batch: str, date: str, user: str) -> list[str]:
    """Entered A/P invoices become open ones, and history; gives their numbers."""
    table, details = company["AP_InvoiceHeader"], company["AP_InvoiceDetail"]
    posted = []
    for key in [key for key, row in table.rows.items() if batch in ("", row["BatchNo$"])]:
        row = table.rows[key]
        table.remove(key)
        for line in list(details.under(*key)):
            details.remove(details.layout.key(line))
        open_invoice(company, row, date, user)
        posted.append(key[-1])
    return posted


def open_invoice(company: Company, row: Row, date: str, user: str, receipt: str = "") -> None:
    """An invoice is owed from now on, and stays in the history when it was paid."""
    kept = ("APDivisionNo$", "VendorNo$", "InvoiceNo$", "InvoiceDate$", "PurchaseOrderNo$", "Comment$", "InvoiceAmt")
    values: Row = {name: row[name] for name in kept}
    values["InvoiceDueDate$"] = row.get("InvoiceDueDate$", "")
    invoice = company["AP_OpenInvoice"].put(values | {"Balance": row["InvoiceAmt"]})
    company.stamp(invoice, user, True)
    history = company["AP_InvoiceHistoryHeader"].put(
        values | {"HeaderSeqNo$": "000000", "InvoiceType$": "IN", "TransactionDate$": date, "ReceiptNo$": receipt}
    )
    company.stamp(history, user, True)
