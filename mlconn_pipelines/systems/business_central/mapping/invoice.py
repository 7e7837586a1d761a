"""Posted sales invoice to X12 810: what is to be paid, to the cent, and how it adds up."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.outbound_lines import terms_until
from mlconn_pipelines.edi.party_fitting import us
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.business_central.mapping.checks import check_currency, check_partner, order_number
from mlconn_pipelines.systems.business_central.mapping.outbound_lines import (
    DISCOUNT,
    OTHER,
    CentralLine,
    comments,
    invoice_discount,
    item_charges,
    mapped_lines,
    signed,
)
from mlconn_pipelines.systems.business_central.mapping.parties import bill_to, ship_to
from mlconn_pipelines.systems.business_central.mapping.sets import SYSTEM_TITLE
from mlconn_pipelines.systems.business_central.records.sales_document import SalesInvoice, TradeDocument

CENT = Decimal("0.01")
CORRECTIVE = "Corrective"
DRAFTS = frozenset({"Draft", "In Review"})


def invoice_from_business_central(
    document: SalesInvoice, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> Invoice:
    """The invoice with everything that was found about it in `notes`; day: its invoiceDate."""
    _check_standing(document, notes)
    check_partner(document.customerNumber, "customer", book, notes)
    lines = mapped_lines(document, partner, book, "810", notes, we_sell=True)
    extras = allowances_and_charges(document)
    return Invoice(
        number=document.number,
        date=day,
        currency=check_currency(document.currencyCode, notes),
        total=document.totalAmountIncludingTax,
        lines=tuple(line.invoiced for line in lines),
        order_number=order_number(document.externalDocumentNumber or document.customerPurchaseOrderReference, notes),
        parties=(
            bill_to(document, notes),
            ship_to(document, document.customerName, notes, partner),
            us("SE", "", partner),
        ),
        terms=terms_until(document.dueDate, day),
        taxes=taxes_of(document),
        allowances_and_charges=(*extras, *_rounding(document, lines, extras, notes)),
        notes=comments(document),
    )


def taxes_of(document: TradeDocument) -> tuple[Tax, ...]:
    """All tax as one, with its rate where every line has the same."""
    if not document.totalTaxAmount:
        return ()
    rates = {line.taxPercent for line in document.lines if not line.is_comment}
    rate = rates.pop() if len(rates) == 1 else None
    return (Tax("TX", document.totalTaxAmount, rate or None),)


def allowances_and_charges(document: TradeDocument) -> tuple[AllowanceOrCharge, ...]:
    """The invoice discount as an allowance, item charges as charges."""
    discount = invoice_discount(document)
    return (*((signed(-discount, DISCOUNT, "Discount"),) if discount else ()), *item_charges(document))


def _check_standing(document: SalesInvoice, notes: Checklist) -> None:
    if document.status in DRAFTS:
        notes.reject(Reason.NOT_POSTED, f"Invoice {document.number} is a draft. It is sent once it is posted.", "status")
    if document.status == CORRECTIVE:
        notes.reject(
            Reason.CORRECTIVE_INVOICE,
            f"Invoice {document.number} was part of a correction (status {CORRECTIVE}). Dismiss it if the partner needs no 810 of "
            "it; whoever is to get such invoices has corrective_invoice: ignore under `severities` of the partner file.",
            "status",
        )


def _rounding(
    document: SalesInvoice, lines: tuple[CentralLine, ...], extras: tuple[AllowanceOrCharge, ...], notes: Checklist
) -> tuple[AllowanceOrCharge, ...]:
    """What remains between the total and its parts, as a charge or allowance if rounding explains it, else a finding.

    Rounding is half a cent for every line, whose amount Business Central rounds.
    """
    if len(lines) + len(item_charges(document)) < sum(1 for line in document.lines if not line.is_comment and line.quantity):
        return ()  # a line is refused already, and the total with it
    extended = [line.measure.quantity * line.unit_price for line in lines]
    others = sum((extra.signed for extra in extras), document.totalTaxAmount)
    parts = sum(extended, others)
    total = document.totalAmountIncludingTax
    # Partners round once or line by line; a total that agrees with either needs no words.
    by_line = sum((amount.quantize(CENT, ROUND_HALF_UP) for amount in extended), others)
    if total in (parts.quantize(CENT, ROUND_HALF_UP), by_line):
        return ()
    difference = total - parts
    if abs(difference) > CENT / 2 * (len(lines) + 1):
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"The total is {total:.2f} {document.currencyCode}, but lines, tax, charges and discounts make {parts:.2f}: "
            f"{difference:+.2f} is unexplained. Look for edited amounts or prepayments in {SYSTEM_TITLE}.",
            "totalAmountIncludingTax",
        )
        return ()
    rounded = total - by_line
    return (signed(rounded, OTHER, "Rounding"),) if rounded else ()
