"""A supplier's 810 as a draft A/P invoice, copied from the purchase order's lines."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.entered_charges import Entered, EnteredCharge, entered_charges
from mlconn_pipelines.edi.invoice_comparison import InvoicedLine, invoiced_lines
from mlconn_pipelines.edi.purposes import as_credit
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.mapping.supplier_documents import OurOrder, base_line, our_order

INVOICES, INVOICE_OBJECT = "PurchaseInvoices", "oPurchaseInvoices"
CREDITS, CREDIT_OBJECT = "PurchaseCreditNotes", "oPurchaseCreditNotes"
_REMARKS_MAX = 254


def draft_of(
    invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str, settings: SapSettings
) -> Creation | None:
    """A draft A/P invoice copied from the purchase order's lines, allowances, charges and taxes as the partner's file has them.

    Where it says nothing of them, or a person approved what it does not say, they are not posted: SAP has expenses and tax codes of
    its own for them; the draft's remarks name them. `DocObjectCode` in the payload says that it is to be stored among the drafts.
    """
    notes = Checklist(partner)
    ours = our_order(order, partner, book)
    credit = as_credit(invoice) if settings.credit_drafts else None
    invoice = credit or invoice
    lines = invoiced_lines(invoice, ours.supplied, partner, notes)
    own_percent = {key: line.TaxPercentagePerRow or Decimal() for key, line in ours.sources.items()}
    entered = entered_charges(invoice, lines, partner, notes, own_percent) if partner.enters_charges else None
    extras = [] if entered else _extras(invoice)
    for extra in () if partner.enters_charges else extras:
        notes.note(
            Reason.ALLOWANCE_NOT_POSTED,
            f"The invoice's {extra} stands in the draft's remarks only; enter it there. Rows of charges: and taxes: in "
            f"partners/{partner.name}.yaml have it entered.",
            "SAC",
        )
    row_of = _row if credit is None else partial(_credited, {line["LineNum"]: line for line in order["DocumentLines"]})
    rows = [row_of(ours, line) | _taxed(entered.tax_code if entered else "", settings) for line in lines]
    remarks = " / ".join([f"X12 810 {invoice.number} of {partner.title or partner.name}", *extras])
    due = invoice.terms.net_due_date if invoice.terms else None
    payload: dict[str, Any] = {
        "DocObjectCode": INVOICE_OBJECT if credit is None else CREDIT_OBJECT,
        "CardCode": ours.document.CardCode,
        "NumAtCard": invoice.number,
        "DocDate": invoice.date.isoformat(),
        "TaxDate": invoice.date.isoformat(),
        settings.reference_field: reference,
        "Comments": remarks[:_REMARKS_MAX],
        **settings.branch_fields(ours.document.BPL_IDAssignedToInvoice),
        **_expenses(entered, settings),
        "DocumentLines": rows,
    }
    if due is not None:
        payload["DocDueDate"] = max(due, invoice.date).isoformat()
    entity = INVOICES if credit is None else CREDITS
    return Creation(entity, payload if rows else None, notes.findings, notes.missing, partner_code=ours.document.CardCode)


def _extras(invoice: Invoice) -> list[str]:
    return [
        *(in_words(one, with_code=one.amount is None) for one in invoice.all_allowances_and_charges),
        *map(tax_in_words, invoice.counted_taxes),
    ]


def _expenses(entered: Entered | None, settings: SapSettings) -> dict[str, Any]:
    rows = [_expense(charge, settings) for charge in entered.charges] if entered else []
    return {"DocumentAdditionalExpenses": rows} if rows else {}


def _expense(charge: EnteredCharge, settings: SapSettings) -> dict[str, Any]:
    code = int(charge.code) if charge.code.isdecimal() else charge.code
    row = {"ExpenseCode": code, "LineTotal": charge.amount, "Remarks": charge.said[:_REMARKS_MAX]}
    return row | _taxed(charge.tax_code, settings)


def _taxed(code: str, settings: SapSettings) -> dict[str, Any]:
    return {settings.tax_code_field: code} if code else {}


def _credited(as_read: Mapping[int, Record], order: OurOrder, line: InvoicedLine) -> dict[str, Any]:
    """A line of a credit memo stands by itself: SAP lets none be copied from a purchase order."""
    row = _row(order, line)
    source = order.sources[line.ordered.key]
    copied = {name: row[name] for name in ("Quantity", "UnitPrice", "DiscountPercent")}
    unit = as_read[source.LineNum].get("UoMEntry")
    own_unit = {"UoMEntry": unit} if isinstance(unit, int) and unit > 0 else {}
    warehouse = {"WarehouseCode": source.WarehouseCode} if source.WarehouseCode else {}
    return {"ItemCode": source.ItemCode, **copied, **own_unit, **warehouse}


def _row(order: OurOrder, line: InvoicedLine) -> dict[str, Any]:
    ordered, source = line.ordered, order.sources[line.ordered.key]
    per_sap_unit = ordered.quantity / source.Quantity if source.Quantity else 1
    return base_line(order, ordered, line.quantity) | {
        "UnitPrice": round(line.unit_price * per_sap_unit, 6),
        "DiscountPercent": 0,
    }
