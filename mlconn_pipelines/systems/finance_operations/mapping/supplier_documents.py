"""Our order in F&O against what its supplier says: 855, 856, 810, and the pending vendor invoice that an 810 becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.item_id import code_of
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.acknowledgment_comparison import answers_to
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.invoice_comparison import InvoicedLine, invoiced_lines
from mlconn_pipelines.edi.order_comparison import CENT, OrderedLine
from mlconn_pipelines.edi.supplied_order import SuppliedOrder
from mlconn_pipelines.edi.units import x12_factors
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect, Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.finance_operations.mapping.checks import check_item, check_vendor
from mlconn_pipelines.systems.finance_operations.mapping.order_lines import item_of, mapped_lines
from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICE_LINES, INVOICES, ORDER_LINES
from mlconn_pipelines.systems.finance_operations.records.purchase_order import (
    CANCELED,
    PurchaseOrder,
    PurchaseOrderLine,
    order_from,
)
from mlconn_pipelines.systems.finance_operations.records.reading import noon
from mlconn_pipelines.systems.finance_operations.records.variants import dimensions_of

_COMMENT_MAX = 254
_INVOICED = "Invoiced"
_UNRESOLVED = frozenset({"line_unknown", "unit_differs"})
"""Findings by which a line would be missing from the invoice: it is not made then, whoever approves it."""


@dataclass(frozen=True, slots=True)
class OurOrder:
    """supplied: the order as its supplier read it. sources: the record's own lines by LineNumber."""

    document: PurchaseOrder
    supplied: SuppliedOrder
    sources: Mapping[int, PurchaseOrderLine]


def our_order(record: Record, partner: Partner, book: ReferenceBook) -> OurOrder:
    """DocumentRejected when the record cannot be read. What is unknown by now was in order when we sent it."""
    document = order_from(record)
    mapped = mapped_lines(document, partner, book, "850", Checklist(partner))
    lines = tuple(
        OrderedLine(
            key=line.source.LineNumber,
            number=line.number,
            item_code=item_of(line.source),
            quantity=line.measure.quantity,
            unit=line.measure.unit,
            unit_price=line.measure.unit_price,
            product_ids=line.product_ids,
            factors=x12_factors(book.items.get(line.source.ItemNumber), partner, book),
        )
        for line in mapped
    )
    supplied = SuppliedOrder(
        system="F&O",
        number=document.PurchaseOrderNumber,
        supplier_code=document.OrderVendorAccountNumber,
        currency=document.CurrencyCode,
        cancelled=document.PurchaseOrderStatus == CANCELED,
        lines=lines,
        partner=partner,
        book=book,
    )
    return OurOrder(document, supplied, {line.LineNumber: line for line in document.lines})


def change_of(
    answer: OrderAcknowledgment, record: Record, partner: Partner, book: ReferenceBook, settings: FinanceOperationsSettings
) -> AcknowledgmentEffect:
    """Confirmed dates by setting; other prices, quantities and rejections are a person's, who changes the order and confirms again."""
    order = our_order(record, partner, book)
    notes, differences = Checklist(partner), Checklist(partner)
    answers = answers_to(answer, order.supplied, partner, notes, differences)
    rows = [
        {"LineNumber": key, "ConfirmedDeliveryDate": noon(date)}
        for key, date in sorted(answers.dates.items())
        if settings.confirmed_dates
        and order.sources[key].ConfirmedDeliveryDate != date
        and order.sources[key].PurchaseOrderLineStatus != _INVOICED
    ]
    changes: dict[str, Any] = {ORDER_LINES: rows} if rows else {}
    return AcknowledgmentEffect(changes, changes, differences.findings, answers.told, notes.findings)


def invoice_of(
    invoice: Invoice, record: Record, partner: Partner, book: ReferenceBook, reference: str, settings: FinanceOperationsSettings
) -> Creation | None:
    """The pending vendor invoice against the order's lines.

    Allowances, charges and taxes are not posted: F&O has codes of its own for them; the invoice's comment names them.
    """
    notes = Checklist(partner)
    order = our_order(record, partner, book)
    document = order.document
    check_vendor(document.invoice_account, book, notes, "InvoiceAccount")
    if document.OrderVendorAccountNumber != document.invoice_account:
        check_vendor(document.OrderVendorAccountNumber, book, notes, "VendorAccount")
    lines = invoiced_lines(invoice, order.supplied, partner, notes)
    for line in lines:
        check_item(code_of(line.ordered.item_code), book, notes, f"line {line.ordered.number}")
    taxes = (tax for tax in invoice.counted_taxes if tax.amount is None or tax.amount)
    extras = [
        *(in_words(one, with_code=one.amount is None) for one in invoice.all_allowances_and_charges),
        *map(tax_in_words, taxes),
    ]
    for extra in extras:
        notes.note(Reason.ALLOWANCE_NOT_POSTED, f"The invoice's {extra} stands in its comment only; enter it in F&O.", "SAC")
    header: dict[str, Any] = {
        "dataAreaId": document.dataAreaId.lower() or settings.company,
        "HeaderReference": reference,
        "InvoiceNumber": invoice.number,
        "InvoiceAccount": document.invoice_account,
        "VendorAccount": document.OrderVendorAccountNumber,
        "InvoiceDate": noon(invoice.date),
        "PurchaseOrderNumber": document.PurchaseOrderNumber,
        "Currency": document.CurrencyCode,
        "Comment": " / ".join([f"X12 810 {invoice.number} of {partner.title or partner.name}", *extras])[:_COMMENT_MAX],
    }
    if invoice.terms and invoice.terms.net_due_date:
        header["DueDate"] = noon(max(invoice.terms.net_due_date, invoice.date))
    rows = [_row(number, line, order) for number, line in enumerate(lines, start=1)]
    resolved = not notes.missing and not any(finding.code in _UNRESOLVED for finding in notes.findings)
    payload = header | {INVOICE_LINES: rows} if rows and resolved else None
    return Creation(INVOICES, payload, notes.findings, notes.missing, partner_code=document.invoice_account)


def _row(number: int, line: InvoicedLine, order: OurOrder) -> dict[str, Any]:
    """UnitPrice is for PriceUnit units, as the order's is. The X12 price is net, so an order line's discount must not come on top."""
    source, ordered = order.sources[line.ordered.key], line.ordered
    in_fo_units = source.OrderedPurchaseQuantity / ordered.quantity if ordered.quantity else Decimal(1)
    per = source.PurchasePriceQuantity if source.PurchasePriceQuantity > 0 else Decimal(1)
    row: dict[str, Any] = {
        "InvoiceLineNumber": number,
        "PurchaseOrder": order.document.PurchaseOrderNumber,
        "PurchLineNumber": source.LineNumber,
        "ReceiveNow": round(line.quantity * in_fo_units, 6),
        "Unit": source.PurchaseUnitSymbol,
        "UnitPrice": round(line.unit_price / in_fo_units * per, 6),
        "PriceUnit": per,
        "NetAmount": (line.quantity * line.unit_price).quantize(CENT, ROUND_HALF_UP),
        "Currency": order.document.CurrencyCode,
        "InvoiceAccount": order.document.invoice_account,
    }
    if source.ItemNumber:
        row |= {"ItemNumber": source.ItemNumber, **dimensions_of(source)}
    if source.LineDiscountAmount or source.LineDiscountPercentage:
        row |= {"Discount": 0, "DiscountPercent": 0}
    return row
