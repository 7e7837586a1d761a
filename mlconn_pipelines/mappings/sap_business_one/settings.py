"""The settings of a SAP Business One connection that decide what documents become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SapSettings:
    """Same names and meanings as in the connection's configuration."""

    order_target: Literal["PurchaseOrders", "Orders"] = "PurchaseOrders"
    reference_field: str = "U_MLConnRef"
    confirmed_date_fields: tuple[str, ...] = ("ShipDate",)
    receipt_drafts: bool = False
    invoice_drafts: bool = False
    apply_differences: bool = False
