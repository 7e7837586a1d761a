"""The settings of a Finance & Operations connection that decide what documents become."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FinanceOperationsSettings:
    """Same names and meanings as in the connection's configuration. company: in lower case, as F&O writes it."""

    company: str
    supplier_invoices: bool = True
    confirmed_dates: bool = False
