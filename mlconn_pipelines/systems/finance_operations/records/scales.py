"""Decimals of the fields that we write: six are stored of quantities and prices, amounts of money are whole cents."""

from __future__ import annotations

from collections.abc import Mapping

QUANTITY, PRICE, MONEY = 6, 6, 2

SCALES: Mapping[str, int] = {
    "ReceiveNow": QUANTITY,
    "UnitPrice": PRICE,
    "PriceUnit": QUANTITY,
    "NetAmount": MONEY,
    "Discount": PRICE,
    "DiscountPercent": 6,
}
