"""The bound actions: posting and cancelling invoices, shipping and invoicing orders, receiving what was bought."""

from __future__ import annotations

from decimal import Decimal

from mlconn_simulators.business_central.amounts import line_amounts, redistribute, spread
from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.errors import no_segment, refused
from mlconn_simulators.business_central.schema import KINDS, TYPES, Values

ZERO = Decimal(0)
ACTIONS = {
    "salesInvoices": ("post", "postAndSend", "send", "cancel", "cancelAndSend", "makeCorrectiveCreditMemo"),
    "salesOrders": ("shipAndInvoice",),
    "purchaseOrders": ("receiveAndInvoice",),
}


def act(company: Company, record: Record, action: str) -> Record | None:
    """Do `Microsoft.NAV.ACTION`; gives the record that came of it, where one did. Errors: 404 for others, 400 for refusals."""
    if action not in ACTIONS.get(record.set_name, ()):
        raise no_segment(f"Microsoft.NAV.{action}")
    match action:
        case "post" | "postAndSend":
            post(company, record)
        case "send":
            if not company.lines_of(record):
                raise refused("Please add at least one line item to the invoice.")
        case "cancel" | "cancelAndSend":
            return cancel(company, record)
        case "makeCorrectiveCreditMemo":
            return correct(company, record)
        case "shipAndInvoice":
            return ship_and_invoice(company, record)
        case "receiveAndInvoice":
            receive_and_invoice(company, record)
    return None


def post(company: Company, record: Record) -> None:
    """A draft becomes a posted invoice: the id stays, the number is of another series."""
    if record.posted:
        raise refused("The action can be applied to a draft invoice only.")
    if not company.lines_of(record):
        raise refused("Please add at least one line item to the invoice.")
    values = record.values
    record.posted = True
    company.write(
        record,
        {"number": company.take_number("PS-INV"), "status": "Open", "remainingAmount": values["totalAmountIncludingTax"]},
    )
    _enter(company, values, "Invoice", values["totalAmountIncludingTax"])


def cancel(company: Company, record: Record) -> Record:
    """Cancel a posted invoice by a credit memo, which is given."""
    return _credit(company, record, "Canceled")


def correct(company: Company, record: Record) -> Record:
    """Correct a posted invoice by a credit memo, which is given."""
    return _credit(company, record, "Corrective")


def _credit(company: Company, record: Record, status: str) -> Record:
    if not record.posted:
        raise refused("The action can be applied to a posted invoice only.")
    if record.values["status"] in ("Canceled", "Corrective"):
        raise refused("The invoice cannot be canceled because it has already been canceled.")
    memo = {name: record.values[name] for name in TYPES["salesCreditMemo"].kinds if name in record.values and name != "id"}
    memo |= {
        "number": company.take_number("PS-CR"),
        "creditMemoDate": company.today(),
        "postingDate": company.today(),
        "invoiceId": record.id,
        "invoiceNumber": record.values["number"],
        "status": "Paid",
    }
    made = company.add("salesCreditMemos", memo)
    _enter(company, made.values, "Credit_x0020_Memo", -record.values["totalAmountIncludingTax"])
    company.write(record, {"status": status, "remainingAmount": ZERO})
    return made


def pay(company: Company, record: Record) -> None:
    """Pay a posted invoice in full, which changes it."""
    company.write(record, {"status": "Paid", "remainingAmount": ZERO})


def release(company: Company, record: Record) -> None:
    """A draft goes to Open without being posted, as a clerk's Release does."""
    company.write(record, {"status": "Open"})


def ship_and_invoice(company: Company, order: Record) -> Record | None:
    """Ship and invoice what the lines say; the invoice is given. An order that is done with is deleted."""
    lines = company.lines_of(order)
    if not lines:
        raise refused("Please add at least one line item to the document.")
    ship(company, order)
    billed = [line for line in lines if line.values["invoiceQuantity"] and line.values["lineType"] != "Comment"]
    invoice = _invoice(company, order, billed) if billed else None
    for line in lines:
        values = line.values
        done = values["invoicedQuantity"] + values["invoiceQuantity"]
        company.write(line, {"invoicedQuantity": done, "invoiceQuantity": values["quantity"] - done})
    if all(line.values["invoicedQuantity"] >= line.values["quantity"] for line in lines):
        company.remove(order)
    else:
        company.write(order, {"status": "Open"})
        redistribute(company, order)
    return invoice


def ship(company: Company, order: Record) -> Record | None:
    """Post a shipment of the lines' shipQuantity; None where there is nothing to ship."""
    lines = [line for line in company.lines_of(order) if line.values["shipQuantity"] or line.values["lineType"] == "Comment"]
    if not any(line.values["shipQuantity"] for line in lines):
        return None
    names = TYPES["salesShipment"].kinds
    header = {name: order.values[name] for name in names if name in order.values and name != "id"}
    number = company.take_number("S-SHPT")
    header |= {"number": number, "orderNumber": order.values["number"], "postingDate": company.today()}
    shipment_id = company.new_id()
    line_names = TYPES["salesShipmentLine"].kinds
    for line in lines:
        values = {name: line.values[name] for name in line_names if name in line.values and name != "id"}
        values |= {"documentId": shipment_id, "documentNo": number, "quantity": line.values["shipQuantity"]}
        values["shipmentDate"] = company.today()
        company.add("salesShipmentLines", values)
    for line in company.lines_of(order):
        shipped = line.values["shippedQuantity"] + line.values["shipQuantity"]
        company.write(line, {"shippedQuantity": shipped, "shipQuantity": line.values["quantity"] - shipped})
    done = all(line.values["shippedQuantity"] >= line.values["quantity"] for line in company.lines_of(order))
    company.write(order, {"fullyShipped": done})
    return company.add("salesShipments", header, record_id=shipment_id)


def receive_and_invoice(company: Company, order: Record) -> None:
    """What was ordered came and was billed: the order is deleted."""
    if not company.lines_of(order):
        raise refused("Please add at least one line item to the document.")
    enter_purchase(company, order, company.take_number("PP-INV"))
    company.remove(order)


def enter_purchase(company: Company, order: Record, number: str) -> Record:
    """The posted invoice of a vendor for an order. number: of a series that may be the sales invoices' too."""
    names = TYPES["purchaseInvoice"].kinds
    values = {name: order.values[name] for name in names if name in order.values and name != "id"}
    today = company.today()
    values |= {"number": number, "invoiceDate": today, "postingDate": today, "dueDate": today, "status": "Open"}
    values |= {"orderId": order.id, "orderNumber": order.values["number"]}
    made = company.add("purchaseInvoices", values)
    made.posted = True
    net, tax = values["totalAmountExcludingTax"], values["totalTaxAmount"]
    entries = (("7110", net), ("5630", tax), ("5410", -values["totalAmountIncludingTax"]))
    _enter_all(company, values, "Invoice", [(account, amount) for account, amount in entries if amount])
    return made


def _invoice(company: Company, order: Record, billed: list[Record]) -> Record:
    kind = KINDS["salesInvoices"]
    header: Values = kind.type.defaults()
    header |= {name: value for name, value in order.values.items() if name in header and name not in ("id", "number")}
    today = company.today()
    invoice_id = company.new_id()
    header |= {
        "number": company.take_number("PS-INV"), "orderId": order.id, "orderNumber": order.values["number"], "status": "Open",
        "invoiceDate": today, "postingDate": today, "dueDate": today,
        "customerPurchaseOrderReference": order.values["externalDocumentNumber"],
    }  # fmt: skip
    lines = []
    for line in billed:
        values = kind.line_type.defaults() | {name: line.values[name] for name in kind.line_type.kinds if name in line.values}
        values |= {"documentId": invoice_id, "quantity": line.values["invoiceQuantity"]}
        values |= line_amounts(values, kind.price)
        lines.append(values)
    header |= spread(lines, header["discountAmount"] if len(billed) == len(company.lines_of(order)) else ZERO)
    header["remainingAmount"] = header["totalAmountIncludingTax"]
    for values in lines:
        company.add(kind.lines, values)
    invoice = company.add("salesInvoices", header, record_id=invoice_id)
    invoice.posted = True
    _enter(company, invoice.values, "Invoice", header["totalAmountIncludingTax"])
    return invoice


def _enter(company: Company, values: Values, document_type: str, amount: Decimal) -> None:
    """What a customer owes, and what was earned; tax is not told apart."""
    _enter_all(company, values, document_type, [("2310", amount), ("6110", -amount)])


def _enter_all(company: Company, values: Values, document_type: str, amounts: list[tuple[str, Decimal]]) -> None:
    for account, signed in amounts:
        company.add(
            "generalLedgerEntries",
            {
                "entryNumber": len(company.sets["generalLedgerEntries"]) + 1,
                "postingDate": values["postingDate"],
                "documentNumber": values["number"],
                "documentType": document_type,
                "accountNumber": account,
                "description": f"{document_type} {values['number']}",
                "debitAmount": max(signed, ZERO),
                "creditAmount": max(-signed, ZERO),
            },
        )
