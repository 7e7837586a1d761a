"""X12 810 of a supplier against our purchase order, and the draft A/P invoice that it may become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.supplier_documents import InvoicedLine, invoiced_lines
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_856 import base_line
from mlconn_pipelines.systems.sap_business_one.mapping.ordered_lines import OurOrder, our_order
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

INVOICES, INVOICE_OBJECT = "PurchaseInvoices", "oPurchaseInvoices"


def draft_of(
    invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str, settings: SapSettings
) -> Creation | None:
    """A draft A/P invoice copied from the purchase order's lines.

    Allowances, charges and taxes are not posted: SAP has accounts and tax codes of its own for them; the draft's remarks name
    them. `DocObjectCode` in the payload says that it is to be stored among the drafts.
    """
    notes = Checklist(partner)
    ours = our_order(order, partner, book)
    rows = [_row(ours, line) for line in invoiced_lines(invoice, ours.supplied, partner, notes)]
    extras = [
        *(in_words(one, with_code=one.amount is None) for one in invoice.all_allowances_and_charges),
        *map(tax_in_words, invoice.counted_taxes),
    ]
    for extra in extras:
        notes.note(
            Reason.ALLOWANCE_NOT_POSTED, f"The invoice's {extra} stands in the draft's remarks only; enter it there.", "SAC"
        )
    remarks = " / ".join([f"X12 810 {invoice.number} of {partner.title or partner.name}", *extras])
    due = invoice.terms.net_due_date if invoice.terms else None
    payload: dict[str, Any] = {
        "DocObjectCode": INVOICE_OBJECT,
        "CardCode": ours.document.CardCode,
        "NumAtCard": invoice.number,
        "DocDate": invoice.date.isoformat(),
        "TaxDate": invoice.date.isoformat(),
        settings.reference_field: reference,
        "Comments": remarks[:254],
        **settings.branch_fields(ours.document.BPL_IDAssignedToInvoice),
        "DocumentLines": rows,
    }
    if due is not None:
        payload["DocDueDate"] = max(due, invoice.date).isoformat()
    return Creation(INVOICES, payload if rows else None, notes.findings, notes.missing, partner_code=ours.document.CardCode)


def _row(order: OurOrder, line: InvoicedLine) -> dict[str, Any]:
    ordered, source = line.ordered, order.sources[line.ordered.key]
    per_sap_unit = ordered.quantity / source.Quantity if source.Quantity else Decimal(1)
    return base_line(order, ordered, line.quantity) | {
        "UnitPrice": round(line.unit_price * per_sap_unit, 6),
        "DiscountPercent": 0,
    }
