"""Decimals of the fields that we write: the service keeps five of a quantity and of a unit's price."""

from __future__ import annotations

from collections.abc import Mapping

QUANTITY, PRICE = 5, 5

SCALES: Mapping[str, int] = {"quantity": QUANTITY, "unitPrice": PRICE, "directUnitCost": PRICE, "discountPercent": 5}
