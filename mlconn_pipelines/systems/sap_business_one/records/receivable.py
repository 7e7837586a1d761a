"""A customer with what is open of their account."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()


@dataclass(frozen=True, slots=True)
class OpenAmount:
    """Of all open documents that are due on a day, in the company's currency."""

    DueDate: dt.date | None = None
    Amount: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class Receivable:
    """A BusinessPartner's own fields, in the company's currency, and the open amounts of its documents."""

    CardCode: str = ""
    CardName: str = ""
    CurrentAccountBalance: Decimal = _ZERO
    OpenOrdersBalance: Decimal = _ZERO
    CreditLimit: Decimal = _ZERO
    Valid: bool = True
    ValidFrom: dt.date | None = None
    ValidTo: dt.date | None = None
    Frozen: bool = False
    FrozenFrom: dt.date | None = None
    FrozenTo: dt.date | None = None
    OpenInvoices: tuple[OpenAmount, ...] = ()
    OpenDownPayments: tuple[OpenAmount, ...] = ()
    OpenCreditNotes: tuple[OpenAmount, ...] = ()
    LastPaymentDate: dt.date | None = None
