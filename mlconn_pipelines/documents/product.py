"""What is sold, as the ERP has it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What a price list of the ERP says of one item. currency: as the ERP writes it."""

    price_list: int
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Product:
    """code: the item's in the ERP. active: whether it may be sold now. prices: of the price lists that are looked at."""

    code: str
    name: str
    active: bool
    prices: tuple[ListPrice, ...] = ()
