"""X12 810 of a supplier against our purchase order, and the draft A/P invoice that it may become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.erp import Creation, Finding, Record
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.mappings.checklist import Checklist
from mlconn_pipelines.mappings.order_comparison import (
    OrderedLine,
    check_not_above,
    check_price,
    check_total,
    check_unit,
    in_order_unit,
    line_unknown,
)
from mlconn_pipelines.mappings.sap_business_one.ordered_lines import OurOrder, check_standing, our_order
from mlconn_pipelines.mappings.sap_business_one.settings import SapSettings
from mlconn_pipelines.mappings.sap_business_one.supplier_shipment import base_line

INVOICES, INVOICE_OBJECT = "PurchaseInvoices", "oPurchaseInvoices"


def invoice_findings(invoice: Invoice, order: Record | None, partner: Partner, book: ReferenceBook) -> tuple[Finding, ...]:
    """Whether the invoice adds up, and, against the order, its currency, lines, quantities and prices.

    order None: only what the invoice says by itself is checked; that its order is unknown is whoever calls' to report.
    """
    notes = Checklist(partner)
    check_total(invoice, notes)
    if order is not None:
        ours = our_order(order, partner, book)
        check_standing(ours, notes)
        _check_currency(invoice, ours, book, notes)
        invoiced: dict[int, tuple[OrderedLine, Decimal]] = {}
        for ordered, quantity, _ in _matched(invoice, ours, partner, notes):
            _, so_far = invoiced.get(ordered.key, (ordered, Decimal()))
            invoiced[ordered.key] = (ordered, so_far + quantity)
        for ordered, quantity in invoiced.values():
            check_not_above(quantity, ordered, "invoiced", "quantity_differs", notes, f"line {ordered.number}")
    return notes.findings


def draft_of(
    invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str, settings: SapSettings
) -> Creation | None:
    """A draft A/P invoice copied from the purchase order's lines; None where the setting is off.

    Allowances, charges and taxes are not posted: SAP has accounts and tax codes of its own for them; the draft's remarks name
    them. `DocObjectCode` in the payload says that it is to be stored among the drafts.
    """
    if not settings.invoice_drafts:
        return None
    notes = Checklist(partner)
    ours = our_order(order, partner, book)
    rows = [_row(ours, ordered, quantity, price) for ordered, quantity, price in _matched(invoice, ours, partner, notes)]
    extras = [
        f"{'charge' if extra.indicator == 'C' else 'allowance'} {extra.amount:.2f} {extra.description}".strip()
        for extra in invoice.all_allowances_and_charges
    ]
    for extra in extras:
        notes.note("allowance_not_posted", f"The invoice's {extra} stands in the draft's remarks only; enter it there.", "SAC")
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
        "DocumentLines": rows,
    }
    if due is not None:
        payload["DocDueDate"] = max(due, invoice.date).isoformat()
    return Creation(INVOICES, payload if rows else None, notes.findings, notes.missing, partner_code=ours.document.CardCode)


def _matched(
    invoice: Invoice, order: OurOrder, partner: Partner, notes: Checklist
) -> list[tuple[OrderedLine, Decimal, Decimal]]:
    """Each order line that is invoiced, with quantity and price in its own unit; several invoice lines of one add up."""
    found: dict[tuple[int, Decimal], tuple[OrderedLine, Decimal, Decimal]] = {}
    for line in invoice.lines:
        place = f"line {line.number}" if line.number else "line without number"
        ordered = order.match(line.number, line.product_ids, "810")
        if ordered is None:
            line_unknown("Invoiced", line.number, line.product_ids, notes, place)
            continue
        quantity, price = _checked(line, ordered, partner, notes, place)
        if quantity is not None and price is not None:
            _, so_far, _ = found.get((ordered.key, price), (ordered, Decimal(), price))
            found[ordered.key, price] = (ordered, so_far + quantity, price)
    return list(found.values())


def _checked(
    line: InvoiceLine, ordered: OrderedLine, partner: Partner, notes: Checklist, place: str
) -> tuple[Decimal | None, Decimal | None]:
    stated = in_order_unit(ordered, line.quantity, line.unit, line.unit_price)
    check_unit(stated, ordered, line.unit, notes, place)
    check_price(stated, ordered, partner.price_tolerance, notes, place)
    return stated.quantity, stated.unit_price


def _row(order: OurOrder, ordered: OrderedLine, quantity: Decimal, price: Decimal) -> dict[str, Any]:
    source = order.sources[ordered.key]
    per_sap_unit = ordered.quantity / source.Quantity if source.Quantity else Decimal(1)
    return base_line(order, ordered, quantity) | {"UnitPrice": round(price * per_sap_unit, 6), "DiscountPercent": 0}


def _check_currency(invoice: Invoice, order: OurOrder, book: ReferenceBook, notes: Checklist) -> None:
    held = book.currencies.get(order.document.DocCurrency)
    if invoice.currency and held is not None and held.iso and held.iso != invoice.currency:
        notes.reject(
            "currency_differs",
            f"The invoice is in {invoice.currency}, purchase order {order.document.DocNum} in {held.iso}.",
            "CUR",
        )
