"""Charges, allowances and taxes of a supplier's invoice as the ERP enters them: by the rows of the partner's file, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.invoice_comparison import InvoicedLine
from mlconn_pipelines.edi.invoice_total import counts, worked_out
from mlconn_pipelines.edi.order_comparison import CENT
from mlconn_pipelines.ports.partner import Partner, PostedAs
from mlconn_pipelines.reasons import Reason

NO_TAX = "none"
"""The row of an invoice without any tax."""


@dataclass(frozen=True, slots=True)
class EnteredCharge:
    """said: in words, for remarks. amount: signed, to the cent. tax_code: empty where the ERP chooses."""

    said: str
    amount: Decimal
    code: str
    tax_code: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """tax_code: of the lines; empty where the ERP chooses."""

    charges: tuple[EnteredCharge, ...]
    tax_code: str = ""


def entered_charges(
    invoice: Invoice, lines: Sequence[InvoicedLine], partner: Partner, notes: Checklist, own_percent: Mapping[int, Decimal]
) -> Entered | None:
    """None where something has no row, or the ERP's document would make another total than the invoice's: both are told.

    own_percent: by key of the order's line, the tax that the ERP takes where no row says another.
    """
    amounts = worked_out(invoice)
    if amounts is None:
        return None  # which `check_total` has told
    further = iter(amounts.extras)
    extras = [(one, next(further) if counts(one) else one.signed) for one in invoice.all_allowances_and_charges]
    rest = iter(amounts.taxes)
    taxes = [(tax, next(rest) if tax.amount is None else tax.amount) for tax in invoice.counted_taxes]
    found = [_charge(one, amount, partner, notes) for one, amount in extras if amount]
    row, as_charges = _taxes([(tax, amount) for tax, amount in taxes if amount], partner, notes)
    if row is None or as_charges is None or None in found:
        return None
    charges = (*(one for one in found if one is not None), *as_charges)
    entered = Entered(charges, row.tax_code)
    total = _total(lines, charges, row, own_percent)
    if total != invoice.total.quantize(CENT, ROUND_HALF_UP):
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"The total is {invoice.total:.2f}, and by the rows of `charges` and `taxes` the ERP would make {total:.2f} of it. Compare "
            f"percent and codes in partners/{partner.name}.yaml with the invoice (`none` is the row of one without tax), or enter it "
            "by hand.",
            "TDS01",
        )
        return None
    return entered


def _charge(extra: AllowanceOrCharge, amount: Decimal, partner: Partner, notes: Checklist) -> EnteredCharge | None:
    said = in_words(extra)
    row = (partner.charges or {}).get(extra.code)
    if row is not None:
        return EnteredCharge(said, _cents(amount), row.code, row.tax_code)
    code = extra.code or "its code, which the partner leaves out"
    notes.reject(
        Reason.CHARGE_WITHOUT_ACCOUNT,
        f'The invoice states {said}, and nothing says where it is entered. Add {code}: {{code: "..."}} to charges: of '
        f"partners/{partner.name}.yaml, or enter the invoice by hand and dismiss this.",
        "SAC",
    )
    return None


def _taxes(
    taxes: Sequence[tuple[Tax, Decimal]], partner: Partner, notes: Checklist
) -> tuple[PostedAs | None, list[EnteredCharge] | None]:
    """(the row that the lines are taxed by, taxes that are entered as charges), None for what has no row."""
    rows = partner.taxes or {}
    if not taxes:
        return rows.get(NO_TAX, PostedAs()), []
    kinds = sorted({tax.kind for tax, _ in taxes})
    if (together := rows.get("+".join(kinds))) is not None and together.tax_code:
        return together, []
    missing = [kind for kind in kinds if kind not in rows]
    by_code = [kind for kind in kinds if kind in rows and rows[kind].tax_code]
    if missing or len(by_code) > 1:
        wanted = "+".join(kinds) if by_code and not missing else missing[0]
        said = ", ".join(tax_in_words(tax) for tax, _ in taxes)
        notes.reject(
            Reason.CHARGE_WITHOUT_ACCOUNT,
            f'The invoice states {said}, and nothing says how it is entered. Add {wanted}: {{tax_code: "...", percent: "..."}} to taxes: '
            f'of partners/{partner.name}.yaml, or {{code: "..."}} to enter it as a charge; or enter the invoice by hand and dismiss this.',
            "TXI",
        )
        return None, None
    charges = [
        EnteredCharge(tax_in_words(tax), _cents(amount), rows[tax.kind].code) for tax, amount in taxes if rows[tax.kind].code
    ]
    return (rows[by_code[0]] if by_code else rows.get(NO_TAX, PostedAs())), charges


def _total(
    lines: Sequence[InvoicedLine], charges: Sequence[EnteredCharge], row: PostedAs, own_percent: Mapping[int, Decimal]
) -> Decimal:
    """As ERPs make it: each line to the cent, and the tax of each to the cent."""
    percent = row.percent or Decimal()
    total = Decimal()
    for line in lines:
        net = _cents(line.quantity * line.unit_price)
        of_line = percent if row.tax_code else own_percent.get(line.ordered.key, Decimal())
        total += net + _cents(net * of_line / 100)
    for charge in charges:
        taxed = bool(row.tax_code) and charge.tax_code == row.tax_code
        total += charge.amount + (_cents(charge.amount * percent / 100) if taxed else Decimal())
    return total


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
