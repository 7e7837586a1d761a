"""810 to an A/P invoice distributed to the accounts of the order's lines, entered and not posted."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.invoice_comparison import InvoicedLine, invoiced_lines
from mlconn_pipelines.edi.order_comparison import CENT, plain
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.checks import (
    account_key_of,
    check_account,
    check_kept,
    check_lines,
    check_vendor,
)
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.mapping.supplier_documents import OurOrder, our_order
from mlconn_pipelines.systems.sage_100.records.our_reference import comment_of
from mlconn_pipelines.systems.sage_100.records.reading import day_text
from mlconn_pipelines.systems.sage_100.records.widths import INVOICE_NO, MONEY, REFERENCE, in_code_page, number_text

INVOICES = "ap_invoices"
FREIGHT = "D240"
_UNRESOLVED = frozenset(
    (
        *(Reason.LINE_UNKNOWN, Reason.UNIT_DIFFERS, Reason.ACCOUNT_UNKNOWN, Reason.CHARGE_WITHOUT_ACCOUNT),
        *(Reason.STATED_WITHOUT_AMOUNT, Reason.TOTAL_DOES_NOT_ADD_UP, Reason.VALUE_TOO_LONG, Reason.TOO_MANY_LINES),
    )
)
"""Findings by which something would be missing or cut: the invoice is not made then, whoever approves it."""


def invoice_of(
    invoice: Invoice, record: Record, partner: Partner, book: ReferenceBook, reference: str, settings: Sage100Settings
) -> Creation | None:
    """Parameters of the agent's ap_invoice.enter, with our reference. The whole of the invoice is distributed, or it is not entered."""
    notes = Checklist(partner)
    order = our_order(record, partner, book, settings)
    document = order.document
    check_vendor(document.vendor, book, notes)
    check_kept(invoice.number.upper(), INVOICE_NO, "Invoice number", notes, "BIG02")
    check_kept(comment_of(reference), REFERENCE, "Our reference", notes, "Comment")
    shares = [
        _share(line, order, invoice, book, notes, settings) for line in invoiced_lines(invoice, order.supplied, partner, notes)
    ]
    freight, tax, charges = _beside_lines(invoice, book, notes, settings)
    shares += charges
    check_lines(len(shares), notes)
    left = invoice.total - freight - tax - sum((amount for _, amount, _ in shares), Decimal())
    if shares and not _unresolved(notes):
        shares = _balanced(shares, left, notes)
    payload: dict[str, Any] = {}
    if shares and not _unresolved(notes):
        payload = {
            "reference": comment_of(reference),
            "division": document.vendor.partition("-")[0],
            "vendor": document.VendorNo,
            "invoice": invoice.number.upper(),
            "date": day_text(invoice.date),
            "purchase_order": document.PurchaseOrderNo,
            "amount": number_text(invoice.total, MONEY),
            "lines": [
                {"account_key": key, "amount": number_text(amount, MONEY), "comment": in_code_page(clean(said))}
                for key, amount, said in shares
            ],
        }
        for name, amount in (("freight", freight), ("tax", tax)):
            if amount:
                payload[name] = number_text(amount, MONEY)
        if invoice.terms and invoice.terms.net_due_date:
            payload["due_date"] = day_text(max(invoice.terms.net_due_date, invoice.date))
    return Creation(INVOICES, payload or None, notes.findings, notes.missing, partner_code=document.vendor)


def _unresolved(notes: Checklist) -> bool:
    return bool(notes.missing) or any(finding.code in _UNRESOLVED for finding in notes.findings)


def _share(
    line: InvoicedLine, order: OurOrder, invoice: Invoice, book: ReferenceBook, notes: Checklist, settings: Sage100Settings
) -> tuple[str, Decimal, str]:
    """(account key, amount, comment) of one invoiced line: to the account that it was ordered on, if that is in use on the day."""
    source, place = order.sources[line.ordered.key], f"line {line.ordered.number}"
    if not source.PurchasesAcctKey:
        said = f"Line {line.ordered.number} of purchase order {order.document.number} has no account. Enter one in Sage."
        notes.reject(Reason.ACCOUNT_UNKNOWN, said, place)
    check_account(source.PurchasesAcctKey, invoice.date, book, notes, place, settings)
    said = f"{source.ItemCode} {plain(line.quantity)} {line.ordered.unit} at {plain(line.unit_price)}"
    return source.PurchasesAcctKey, _cents(line.quantity * line.unit_price), said


def _beside_lines(
    invoice: Invoice, book: ReferenceBook, notes: Checklist, settings: Sage100Settings
) -> tuple[Decimal, Decimal, list[tuple[str, Decimal, str]]]:
    """(freight, tax, shares of further charges and allowances): these go to the account for charges, or a person enters the invoice."""
    freight, others = Decimal(), []
    for extra in invoice.all_allowances_and_charges:
        said = in_words(extra)
        if extra.amount is None and extra.indicator != "N":
            notes.reject(Reason.STATED_WITHOUT_AMOUNT, f"What {said} comes to is not stated. Enter the invoice by hand.", "SAC")
        elif extra.code == FREIGHT and extra.signed > 0:
            freight += extra.signed
        elif extra.signed:
            others.append((extra.signed, said))
    for tax in invoice.counted_taxes:
        if tax.amount is None:
            said = f"What {tax_in_words(tax)} comes to is not stated. Enter the invoice by hand."
            notes.reject(Reason.STATED_WITHOUT_AMOUNT, said, "TXI")
    taxes = sum((tax.amount for tax in invoice.counted_taxes if tax.amount is not None), Decimal())
    if not others:
        return freight, taxes, []
    if not settings.charges_account:
        for _, said in others:
            notes.reject(
                Reason.CHARGE_WITHOUT_ACCOUNT,
                f"The invoice's {said} has no account to go to. Name one (`charges_account` in the integration's file), or enter the "
                "invoice by hand.",
                "SAC",
            )
        return freight, taxes, []
    key = account_key_of(settings.charges_account, invoice.date, book, notes, "SAC", settings)
    return freight, taxes, [(key, _cents(amount), said) for amount, said in others]


def _balanced(shares: list[tuple[str, Decimal, str]], left: Decimal, notes: Checklist) -> list[tuple[str, Decimal, str]]:
    """The cents that rounding each line left go to the largest share. More than that is no rounding."""
    if abs(left) > CENT * len(shares) / 2 + CENT / 2:
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"Sage takes an invoice whose amounts make its total, and {left:.2f} of it belongs to no line. Enter it by hand.",
            "TDS01",
        )
        return shares
    place = max(range(len(shares)), key=lambda index: abs(shares[index][1]))
    key, amount, said = shares[place]
    return [*shares[:place], (key, amount + left, said), *shares[place + 1 :]]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
