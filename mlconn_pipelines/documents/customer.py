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
class CustomerCode:
    """What the ERP calls a customer. of: the account, by the key of its own system."""

    number: str
    of: str


@dataclass(frozen=True, slots=True)
class CustomerContact:
    """A person at a customer. of: the contact, by the key of its own system. customer_code: whose person it is, as the ERP says.

    number: by which the other system knows the person already, empty where it may not.
    """

    of: str
    customer_code: str
    first_name: str
    last_name: str
    title: str = ""
    phone: str = ""
    email: str = ""
    number: str = ""

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Customer:
    """of: the account that it stands for, by the key of its own system. code: the customer's in the ERP, as the account says.

    new_code: that one which is made is to have, empty where the ERP numbers it. kind: a lead has bought nothing yet.
    currency: ISO 4217. tax_number: as it was entered, empty where none was. from_account: an account became it, so that none is made.
    """

    of: str
    name: str
    kind: Literal["customer", "lead"]
    currency: str
    code: str = ""
    new_code: str = ""
    phone: str = ""
    tax_number: str = ""
    bill_to: Address = Address()
    ship_to: Address = Address()
    from_account: bool = False
