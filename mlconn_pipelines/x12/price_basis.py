"""Prices that are stated for more than one unit: documents hold the price of one, whatever the partner writes.

Prices of another measure than the unit, or that are none, stay as they are stated: whoever uses them asks
`documents.price_basis.is_price_of_unit` first.
"""

from __future__ import annotations

from decimal import Decimal

from mlconn_pipelines.documents.price_basis import power_of_ten


def price_of_one(stated: Decimal | None, basis: str, unit: str) -> Decimal | None:
    """The price of one unit of measure.

    >>> price_of_one(Decimal(45), "HP", "EA"), price_of_one(Decimal(45), "HP", "HU"), price_of_one(Decimal(45), "", "EA")
    (Decimal('0.45'), Decimal('45'), Decimal('45'))
    """
    return None if stated is None else stated.scaleb(-power_of_ten(basis, unit))


def stated_price(price: Decimal | None, basis: str, unit: str) -> Decimal | None:
    """The inverse.

    >>> stated_price(Decimal("0.45"), "HP", "EA")
    Decimal('45')
    """
    return None if price is None else price.scaleb(power_of_ten(basis, unit))
