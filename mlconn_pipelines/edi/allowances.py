"""Allowances, charges and taxes of a partner in words, as they state them: an amount, a percentage, a rate, or nothing at all."""

from __future__ import annotations

from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.edi.order_comparison import plain

_WORDS = {"C": "charge", "N": "note", "P": "promotion", "S": "service"}


def in_words(extra: AllowanceOrCharge, *, with_code: bool = True) -> str:
    """
    >>> from decimal import Decimal
    >>> in_words(AllowanceOrCharge("C", "D240", Decimal(7), "Freight")), in_words(AllowanceOrCharge("A", "C310", percent=Decimal("2.0")))
    ('charge D240 7.00 Freight', 'allowance C310 2 %')
    """
    return " ".join(
        filter(
            None, (_WORDS.get(extra.indicator, "allowance"), extra.code if with_code else "", _stated(extra), extra.description)
        )
    )


def tax_in_words(tax: Tax) -> str:
    """
    >>> from decimal import Decimal
    >>> tax_in_words(Tax("ST", Decimal("21.88"), Decimal(8))), tax_in_words(Tax("ST", None, Decimal(8)))
    ('tax 21.88', 'tax ST 8 %')
    """
    if tax.amount is not None:
        return f"tax {tax.amount:.2f}"
    return f"tax {tax.kind} {plain(tax.percent)} %" if tax.percent is not None else f"tax {tax.kind} without an amount"


def _stated(extra: AllowanceOrCharge) -> str:
    if extra.amount is not None:
        return f"{extra.amount:.2f}"
    if extra.percent is not None:
        return f"{plain(extra.percent)} %"
    if extra.rate is not None:
        unit = f" per {extra.rate_unit}" if extra.rate_unit else ""
        quantity = f", for {plain(extra.rate_quantity)}" if extra.rate_quantity is not None else ""
        return f"{plain(extra.rate)}{unit}{quantity}"
    return "" if extra.indicator == "N" else "without an amount"
