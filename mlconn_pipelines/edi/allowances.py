"""Allowances, charges and taxes of a partner: what they come to where that follows, and in words as they state them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.line import AllowanceOrCharge, Tax
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.edi.order_comparison import CENT, plain

_WORDS = {"C": "charge", "N": "note", "P": "promotion", "S": "service"}
_OF_THE_EXTENSION = frozenset(("", "1", "2", "3", "6"))
"""SAC06 of a percentage of quantity by price; `4` and `7` are of what earlier allowances leave of it."""
_OF_WHAT_IS_LEFT = frozenset(("4", "7"))
_OF_ONE = "5"
"""SAC06 of a percentage of the price of one, which comes to the same of the whole line."""
_SIGNS = {"A": -1, "C": 1}


def amount_of(extra: AllowanceOrCharge, order: PurchaseOrder) -> Decimal | None:
    """What one of the heading adds to the order, below zero for an allowance; None where it does not follow from what is stated."""
    prices = [order.price_of(line).amount for line in order.lines]
    stated = [line.quantity * price for line, price in zip(order.lines, prices, strict=True) if price is not None]
    base = sum(stated, Decimal()) if len(stated) == len(order.lines) else None
    before = _earlier(extra, order.allowances_and_charges)
    quantities = {line.unit for line in order.lines}
    quantity = sum((line.quantity for line in order.lines), Decimal()) if quantities == {extra.rate_unit} else None
    return _amount(extra, base, before, quantity)


def amount_of_line(extra: AllowanceOrCharge, line: OrderLine, order: PurchaseOrder) -> Decimal | None:
    """The same of one of a line."""
    price = order.price_of(line).amount
    base = None if price is None else line.quantity * price
    quantity = line.quantity if extra.rate_unit in ("", line.unit) else None
    return _amount(extra, base, _earlier(extra, line.allowances_and_charges), quantity)


def _earlier(extra: AllowanceOrCharge, extras: tuple[AllowanceOrCharge, ...]) -> list[AllowanceOrCharge]:
    """Those before it."""
    return list(extras[: next(place for place, one in enumerate(extras) if one is extra)])


def _amount(
    extra: AllowanceOrCharge, base: Decimal | None, before: list[AllowanceOrCharge], quantity: Decimal | None
) -> Decimal | None:
    """base: what percentages are of. before: those stated before it. quantity: what a rate without one is for."""
    if (sign := _SIGNS.get(extra.indicator)) is None:
        return None
    if extra.amount is not None:
        return sign * extra.amount
    found: Decimal | None = None
    if extra.rate is not None:
        wanted = extra.rate_quantity if extra.rate_quantity is not None else quantity
        found = None if wanted is None else extra.rate * wanted
    elif extra.percent is not None and base is not None:
        if extra.percent_of in _OF_WHAT_IS_LEFT:
            taken = [_amount(one, base, before[:place], quantity) for place, one in enumerate(before)]
            base = (
                None if any(one is None for one in taken) else base + sum((one for one in taken if one is not None), Decimal())
            )
        elif extra.percent_of not in _OF_THE_EXTENSION and extra.percent_of != _OF_ONE:
            base = None
        found = None if base is None else base * extra.percent / 100
    return None if found is None else (sign * found).quantize(CENT, ROUND_HALF_UP)


def in_words(extra: AllowanceOrCharge, *, with_code: bool = True, comes_to: Decimal | None = None) -> str:
    """comes_to: what a percentage or rate was found to come to.

    >>> in_words(AllowanceOrCharge("C", "D240", Decimal(7), "Freight")), in_words(AllowanceOrCharge("A", "C310", percent=Decimal("2.0")))
    ('charge D240 7.00 Freight', 'allowance C310 2 %')
    """
    kind, code = _WORDS.get(extra.indicator, "allowance"), extra.code if with_code else ""
    found = f"= {abs(comes_to):.2f}" if comes_to is not None and extra.amount is None else ""
    return " ".join(filter(None, (kind, code, _stated(extra), found, extra.description)))


def tax_in_words(tax: Tax) -> str:
    """
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
