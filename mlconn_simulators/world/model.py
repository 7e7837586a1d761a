"""What every simulated system knows of the same company: its partners and items. Documents are each system's own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class WorldAddress:
    name: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    location_number: str
    """What the partner calls the place in N104 (their own number, or a GLN)."""


@dataclass(frozen=True)
class WorldPartner:
    """A trading partner. customer_code, supplier_code: in the company's ERP, empty where they do not play that part.

    version: GS08. separators: element, component, repetition, segment. inbox: the Cleo folder that takes what the company
    sends them; they take files out of it. Whatever they send lands in the folder `outlet`, which the company watches.
    """

    name: str
    title: str
    customer_code: str
    supplier_code: str
    qualifier: str
    id: str
    group_id: str
    version: str
    separators: tuple[str, str, str, str]
    line_break: bool
    currency: str
    product_qualifier: str
    inbox: str
    outlet: str
    addresses: tuple[WorldAddress, ...]
    contact_name: str
    contact_email: str
    contact_phone: str


@dataclass(frozen=True)
class WorldItem:
    """units: ERP unit name to stock units in it. partner_numbers: partner name to that partner's own number for the item."""

    code: str
    name: str
    barcode: str
    stock_unit: str
    price: Decimal
    units: dict[str, Decimal] = field(default_factory=dict)
    partner_numbers: dict[str, str] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True)
class World:
    """company: interchange qualifier and id of the company whose ERP and Cleo tenant are simulated.

    unit_codes: ERP unit to the X12 unit that everyone has agreed on (a unit that is absent here has no agreement).
    documents: how many documents all systems together hold at the start; today: the company's date.
    """

    seed: int
    documents: int
    today: dt.date
    company_qualifier: str
    company_id: str
    company_title: str
    partners: tuple[WorldPartner, ...]
    items: tuple[WorldItem, ...]
    unit_codes: dict[str, str]
