"""What is sold, as the ERP has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """code: the item's in the ERP. active: whether it may be sold now."""

    code: str
    name: str
    active: bool
