"""A vendor's master record, as it goes to whoever keeps a copy of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vendor:
    """number: what orders call the vendor. street: its lines. terms: code and words of the terms of payment; net_days: None where
    they state no number of days."""

    number: str
    name: str
    active: bool = True
    street: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    terms: str = ""
    terms_description: str = ""
    net_days: int | None = None
