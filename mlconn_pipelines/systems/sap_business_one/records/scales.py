"""Decimals of the fields that we write: as many as a company can set (General Settings, Display: at most six)."""

from __future__ import annotations

from collections.abc import Mapping

QUANTITY, PRICE = 6, 6

SCALES: Mapping[str, int] = {"Quantity": QUANTITY, "UnitPrice": PRICE, "DiscountPercent": 6}
