"""The settings of a Sage 100 connection that decide what documents become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SeveralWarehouses = Literal["line_ship_to", "store_quantities", "order_each"]
"""How a vendor is told of lines that go to several warehouses: each line's own ship-to (N1), the place with its quantity (SDQ), or an
order for each warehouse."""


@dataclass(frozen=True, slots=True)
class Sage100Settings:
    """Same names and meanings as in the connection's configuration.

    currency: ISO 4217, of the company: Sage 100's orders bear none. several_warehouses: by vendor (division-number), for all
    others each line's own ship-to. segments: what people call the segments behind the main account, in their order. charges_account:
    where charges of a vendor's invoice that are neither freight nor tax go, as people read the account; empty where a person enters
    such invoices.
    """

    currency: str = "USD"
    several_warehouses: Mapping[str, SeveralWarehouses] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    receipts: bool = True
    supplier_invoices: bool = True
    confirmed_dates: bool = True
    charges_account: str = ""

    def way_of(self, vendor: str) -> SeveralWarehouses:
        return self.several_warehouses.get(vendor, "line_ship_to")

    def segment_title(self, number: int) -> str:
        """number: 2 for the first behind the main account."""
        place = number - 2
        return self.segments[place] if place < len(self.segments) else f"segment {number}"
