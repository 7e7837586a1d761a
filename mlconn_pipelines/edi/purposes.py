"""What a supplier's 855, 856 or 810 is: only originals, and only invoices that ask for money, act by themselves."""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.transaction_sets import READ_SETS, number_at
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

ORIGINAL = "00"
DEBITS = frozenset(("", "DI", "DR", "PR"))
"""BIG07 of what is to be paid: none at all, a debit invoice or memo, an invoice for products or services."""
CREDITS = frozenset(("CN", "CR", "CE", "CG", "CC", "MC"))
"""BIG07 of what is to be taken off."""


_SETS = {number_at(set_id)[0]: set_id for set_id in READ_SETS}
"""By the id of their first segment."""


def check_purpose(purpose: str, element: str, notes: Checklist) -> None:
    """element: `BAK01`, `BSN01`, `BRA03` or `BIG08`; the last one may be left out."""
    set_id = _SETS[element[:-2]]
    if purpose == ORIGINAL or (element == "BIG08" and not purpose):
        return
    if notes.partner is not None and notes.partner.means_original(set_id, purpose):
        return
    meaning = meaning_of("353", purpose) or "which X12 does not list"
    said = f"{purpose} ({meaning})" if purpose else "empty"
    notes.reject(
        Reason.PURPOSE_NOT_SUPPORTED,
        f"{element} is {said}, and only originals ({ORIGINAL}) are acted on. Do by hand what it asks for, then dismiss this; "
        f'approving it changes nothing in the ERP. Where they send originals so, add purposes: {{"{set_id}": ["{purpose}"]}} to '
        "their file.",
        element,
    )


def as_credit(invoice: Invoice) -> Invoice | None:
    """A credit with what it takes off above zero, however it is written: by its type, or below zero in all that it states.

    None for what is no credit, and for what is one in a part only.
    """
    if invoice.total >= 0:
        below_zero = any(line.quantity < 0 or line.unit_price < 0 for line in invoice.lines)
        return invoice if invoice.kind in CREDITS and not below_zero else None
    stated = invoice.all_allowances_and_charges or invoice.counted_taxes
    if (
        stated
        or invoice.kind not in CREDITS | DEBITS
        or any(line.quantity >= 0 or line.unit_price < 0 for line in invoice.lines)
    ):
        return None
    lines = tuple(replace(line, quantity=-line.quantity) for line in invoice.lines)
    return replace(invoice, total=-invoice.total, lines=lines)


def check_invoice_type(invoice: Invoice, notes: Checklist, *, takes_credits: bool = False) -> None:
    """A credit must not become a payable, be it marked as one or only negative. takes_credits: a whole one becomes the ERP's."""
    if takes_credits and as_credit(invoice) is not None:
        return
    below_zero = invoice.total < 0 or any(line.quantity < 0 or line.unit_price < 0 for line in invoice.lines)
    if invoice.kind in CREDITS or below_zero:
        meaning = meaning_of("640", invoice.kind)
        says = (
            f"of type {invoice.kind} ({meaning})" if invoice.kind in CREDITS else "over less than zero, in whole or in a line"
        )
        notes.reject(
            Reason.CREDIT_NOT_HANDLED,
            f"The invoice is {says}: a credit, which is not entered by itself. Enter it by hand, then dismiss this; approving it "
            "enters nothing in the ERP.",
            "BIG07" if invoice.kind in CREDITS else "TDS01",
        )
    elif invoice.kind not in DEBITS:
        meaning = meaning_of("640", invoice.kind) or "which X12 does not list"
        notes.reject(
            Reason.INVOICE_TYPE,
            f"The invoice is of type {invoice.kind} ({meaning}, BIG07), and only debits are taken by themselves. Approve it if it is "
            "to be paid like any other, else deal with it by hand and dismiss this.",
            "BIG07",
        )


def is_acted_on(purpose: str, partner: Partner, set_id: str) -> bool:
    """Whether a document of this purpose may change anything: an original, or what this partner's file lets pass as one."""
    if not purpose or partner.means_original(set_id, purpose):
        return True
    return partner.guide.severities.get(Reason.PURPOSE_NOT_SUPPORTED, "reject") != "reject"


def is_to_be_entered(invoice: Invoice, partner: Partner) -> bool:
    """Whether an invoice may become a payable. A credit never does, whoever approves it."""
    below_zero = invoice.total < 0 or any(line.quantity < 0 or line.unit_price < 0 for line in invoice.lines)
    return not below_zero and invoice.kind not in CREDITS and is_acted_on(invoice.purpose, partner, "810")
