"""Prices that are stated for more than one unit: documents hold the price of one, whatever the partner writes.

Source: X12 element 639. Prices per dozen, weight or length stay as they are stated, as their unit of measure is that one too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

_POWERS: Mapping[str, int] = {
    "PN": 1,
    **dict.fromkeys(("HP", "LC", "QH", "RC", "TC", "WC"), 2),
    **dict.fromkeys(("TP", "LM", "QS", "RM", "TM", "WM"), 3),
    "TT": 4,
    "HT": 5,
}
_POWER_OF_UNIT: Mapping[str, int] = {"HU": 2, "TH": 3}  # a hundred, a thousand: then one unit is what the price is for


def price_of_one(stated: Decimal | None, basis: str, unit: str) -> Decimal | None:
    """The price of one unit of measure.

    >>> price_of_one(Decimal(45), "HP", "EA"), price_of_one(Decimal(45), "HP", "HU"), price_of_one(Decimal(45), "", "EA")
    (Decimal('0.45'), Decimal('45'), Decimal('45'))
    """
    return None if stated is None else stated.scaleb(-_power(basis, unit))


def stated_price(price: Decimal | None, basis: str, unit: str) -> Decimal | None:
    """The inverse.

    >>> stated_price(Decimal("0.45"), "HP", "EA")
    Decimal('45')
    """
    return None if price is None else price.scaleb(_power(basis, unit))


def _power(basis: str, unit: str) -> int:
    power = _POWERS.get(basis, 0)
    return 0 if power and power == _POWER_OF_UNIT.get(unit) else power
