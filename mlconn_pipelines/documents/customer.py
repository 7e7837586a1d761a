"""A customer whom our own people won, before the ERP knows it: what an account becomes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Address:
    """Empty where nothing of it is known. state, country: codes as the ERP has them, ISO 3166-1 for the country."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """kind: a lead has bought nothing yet. currency: ISO 4217. tax_number: as it was entered, empty where none was."""

    name: str
    kind: Literal["customer", "lead"]
    currency: str
    phone: str = ""
    tax_number: str = ""
    bill_to: Address = Address()
    ship_to: Address = Address()
