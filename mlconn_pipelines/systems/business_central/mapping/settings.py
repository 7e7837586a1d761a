"""The settings of a Business Central connection that decide what documents become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class BusinessCentralSettings:
    """Same names and meanings as in the connection's configuration."""

    orders_sent: Literal["salesOrders", "purchaseOrders"] = "salesOrders"
    reference_field: str = "comment_line"
    confirmed_dates: bool = True
    apply_differences: bool = False
