"""Whether a supplier's invoice adds up: lines, taxes, allowances and charges against its total (TDS01)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice, product

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.line import AllowanceOrCharge
from mlconn_pipelines.edi.allowances import in_words, tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import CENT
from mlconn_pipelines.reasons import Reason

_WAYS_MAX = 4_096
"""In which several percentages of one invoice are tried to mean the lines, or the lines with their own charges."""
BILL_BACK = "01"
"""SAC12: not taken off this invoice, but settled later."""


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """Amounts, signed, of what is stated without one: those of lines first, as the invoice has them, then its own; and its taxes."""

    extras: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]


def check_total(invoice: Invoice, notes: Checklist) -> None:
    """The parts make the total, with each line rounded to the cent or only the sum.

    What is stated by percentage or rate only is worked out where that can be done. Where it cannot, or the result does not fit,
    nobody but a person knows whether the invoice is right.
    """
    exact = invoice.counted_total
    unstated = _unstated(invoice)
    adds_up = worked_out(invoice) is not None
    if adds_up and unstated:
        notes.note(
            Reason.STATED_WITHOUT_AMOUNT,
            f"The invoice states {', '.join(unstated)}, and its total fits that.",
            "SAC",
            "ignore",
        )
    elif unstated:
        notes.reject(
            Reason.STATED_WITHOUT_AMOUNT,
            f"The total is {invoice.total:.2f}, and everything with an amount makes {exact:.2f}. The invoice also states "
            f"{', '.join(unstated)}, and what that comes to does not follow. Work it out: approve the invoice if it is right.",
            "SAC",
        )
    elif not adds_up:
        notes.reject(
            Reason.TOTAL_DOES_NOT_ADD_UP,
            f"The total is {invoice.total:.2f}, but lines, taxes, allowances and charges make {exact:.2f}.",
            "TDS01",
        )


def worked_out(invoice: Invoice) -> WorkedOut | None:
    """What everything that is stated without an amount comes to, so that the parts make the total; None where they do not."""
    exact = invoice.counted_total
    by_line = sum((line.extended.quantize(CENT, ROUND_HALF_UP) - line.extended for line in invoice.lines), exact)
    for found in _worked_out(invoice):
        further = sum((*found.extras, *found.taxes), Decimal())
        if any(abs(invoice.total - part - further) <= CENT / 2 for part in (exact, by_line)):
            return found
    return None


def _unstated(invoice: Invoice) -> list[str]:
    extras = [in_words(one) for one in invoice.all_allowances_and_charges if one.amount is None and one.indicator != "N"]
    return extras + [tax_in_words(tax) for tax in invoice.counted_taxes if tax.amount is None]


def _worked_out(invoice: Invoice) -> Iterator[WorkedOut]:
    """What everything that is stated without an amount may come to together; nothing where one of them cannot be worked out.

    A percentage of the whole is one of the lines, or of the lines with what they are charged or allowed themselves. A tax is one of
    the lines, or of what the lines come to with everything before taxes.
    """
    lines = sum((line.extended for line in invoice.lines), Decimal())
    of_lines = lines + sum((one.signed for line in invoice.lines for one in line.allowances_and_charges), Decimal())
    parts: list[Sequence[Decimal]] = []
    for line in invoice.lines:
        parts += [_amounts(one, (line.extended,), line.quantity) for one in line.allowances_and_charges if counts(one)]
    parts += [_amounts(one, (lines, of_lines), None) for one in invoice.allowances_and_charges if counts(one)]
    stated = of_lines + sum((one.signed for one in invoice.allowances_and_charges), Decimal())
    percents = [tax.percent for tax in invoice.counted_taxes if tax.amount is None]
    for chosen in islice(product(*(dict.fromkeys(map(_cents, part)) for part in parts)), _WAYS_MAX):
        extras = sum(chosen, Decimal())
        if not percents:
            yield WorkedOut(chosen, ())
        for base in dict.fromkeys((lines, of_lines, stated + extras)):
            taxes = tuple(_cents(base * percent / 100) for percent in percents if percent is not None)
            if percents and len(taxes) == len(percents):
                yield WorkedOut(chosen, taxes)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def counts(extra: AllowanceOrCharge) -> bool:
    """Whether it is stated without an amount, and is money of this invoice all the same."""
    return extra.amount is None and extra.indicator != "N" and extra.handling != BILL_BACK


def _amounts(extra: AllowanceOrCharge, bases: Sequence[Decimal], quantity: Decimal | None) -> list[Decimal]:
    sign = 1 if extra.indicator == "C" else -1
    if extra.percent is not None:
        return [sign * base * extra.percent / 100 for base in bases]
    of = extra.rate_quantity if extra.rate_quantity is not None else quantity
    return [] if extra.rate is None or of is None else [sign * extra.rate * of]
