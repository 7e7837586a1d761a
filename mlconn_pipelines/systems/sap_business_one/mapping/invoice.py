"""A/R invoice to X12 810: what is to be paid, to the cent, and how it adds up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.outbound_lines import terms_until
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.checks import check_partner, iso_currency, order_number
from mlconn_pipelines.systems.sap_business_one.mapping.outbound_lines import SapLine, mapped_lines
from mlconn_pipelines.systems.sap_business_one.mapping.parties import bill_to, our_party, ship_to
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import MarketingDocument

DISCOUNT, FREIGHT, OTHER = "C310", "D240", "F050"
"""X12 element 1300: discount, freight, other."""
CENT = Decimal("0.01")


def invoice_from_sap(
    document: MarketingDocument, day: dt.date, partner: Partner, book: ReferenceBook, notes: Checklist
) -> Invoice:
    """The invoice with everything that was found about it in `notes`; day: its DocDate."""
    customer = check_partner(document.CardCode, "customer", day, book, notes)
    lines = mapped_lines(document, partner, book, "810", day, notes, we_sell=True)
    taxes = taxes_of(document)
    extras = (*allowances_and_charges(document), *_rounding(document, lines, notes))
    return Invoice(
        number=str(document.DocNum),
        date=day,
        currency=iso_currency(document.DocCurrency, book, notes),
        total=document.total,
        lines=tuple(line.invoiced for line in lines),
        order_number=order_number(document.NumAtCard, notes, required=False),
        parties=(
            bill_to(document, customer, partner, notes),
            ship_to(document, customer, partner, notes),
            our_party("SE", document, partner),
        ),
        terms=terms_until(document.DocDueDate, day),
        taxes=taxes,
        allowances_and_charges=extras,
        notes=texts_of(document),
    )


def taxes_of(document: MarketingDocument) -> tuple[Tax, ...]:
    """All tax as one, with its rate where every line has the same and nothing else is taxed."""
    if not document.tax:
        return ()
    rates = {line.TaxPercentagePerRow for line in document.DocumentLines}
    rate = rates.pop() if len(rates) == 1 and not document.DocumentAdditionalExpenses else None
    return (Tax("TX", document.tax, rate or None),)


def allowances_and_charges(document: MarketingDocument) -> tuple[AllowanceOrCharge, ...]:
    """The document discount as an allowance, freight and other additional expenses as charges."""
    found = [] if not document.discount else [_signed(-document.discount, DISCOUNT, "Discount")]
    expenses: list[tuple[Decimal, str]] = [
        (expense.LineTotalFC if document.foreign else expense.LineTotal, clean(expense.Remarks))
        for expense in document.DocumentAdditionalExpenses
    ]
    expenses += [
        (expense.LineTotalFC if document.foreign else expense.LineTotal, "")
        for line in document.DocumentLines
        for expense in line.DocumentLineAdditionalExpenses
    ]
    found += [_signed(amount, FREIGHT, remarks or "Freight") for amount, remarks in expenses if amount]
    return tuple(found)


def texts_of(document: MarketingDocument) -> tuple[str, ...]:
    """What SAP prints on the document: opening and closing remarks and text rows. (Comments hold `Based on ...` notes.)"""
    rows = (row.LineText for row in document.DocumentSpecialLines if row.LineType == "dslt_Text")
    return tuple(filter(None, map(clean, (document.OpeningRemarks, *rows, document.ClosingRemarks))))


def _rounding(document: MarketingDocument, lines: Iterable[SapLine], notes: Checklist) -> tuple[AllowanceOrCharge, ...]:
    """What remains between the total and its parts, as a charge or allowance if rounding explains it, else a finding.

    Rounding is SAP's own rounding amount, and half a cent for every line, whose total SAP rounds.
    """
    lines = tuple(lines)
    if len(lines) != len(document.DocumentLines):
        return ()  # a line is refused already, and the total with it
    extended = [line.measure.quantity * line.unit_price for line in lines]
    others = sum((tax.amount for tax in taxes_of(document) if tax.amount is not None), Decimal())
    others += sum((extra.signed for extra in allowances_and_charges(document)), Decimal())
    parts = sum(extended, Decimal()) + others
    # Partners round once or line by line; a total that agrees with either needs no words.
    by_line = sum((amount.quantize(CENT, ROUND_HALF_UP) for amount in extended), Decimal()) + others
    if document.total in (parts.quantize(CENT, ROUND_HALF_UP), by_line):
        return ()
    difference = document.total - parts
    explained = abs(difference - document.rounding) <= CENT / 2 * (len(lines) + 1)
    if not explained:
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"The total is {document.total:.2f} {document.DocCurrency}, but lines, tax, freight and discounts make {parts:.2f}: "
            f"{difference:+.2f} is unexplained. Look for down payments, withholding tax or edited amounts in SAP.",
            "DocTotal",
        )
        return ()
    rounded = document.total - by_line
    return (_signed(rounded, OTHER, "Rounding"),) if rounded else ()


def _signed(amount: Decimal, code: str, description: str) -> AllowanceOrCharge:
    return AllowanceOrCharge("C" if amount > 0 else "A", code, abs(amount), description)
