"""An invoice (X12 810)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, PaymentTerms, ProductId, Reference, Tax
from mlconn_pipelines.documents.party import Party


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """number: IT101. unit: X12 element 355. unit_price: net of line discounts, in the invoice's currency."""

    number: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    product_ids: tuple[ProductId, ...]
    description: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def extended(self) -> Decimal:
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Invoice:
    """total: what is to be paid, taxes and charges included, in `currency` (ISO 4217).

    order_number, order_date: the buyer's purchase order (BIG04, BIG03). kind: BIG07, empty where the partner wants none.
    """

    number: str
    date: dt.date
    currency: str
    total: Decimal
    lines: tuple[InvoiceLine, ...]
    order_number: str = ""
    order_date: dt.date | None = None
    kind: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    terms: PaymentTerms | None = None
    dates: tuple[DateReference, ...] = ()
    taxes: tuple[Tax, ...] = ()
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counted_total(self) -> Decimal:
        """Lines, taxes, charges and allowances added up, unrounded."""
        signed = (a.amount if a.indicator == "C" else -a.amount for a in self.allowances_and_charges)
        amounts = (*(line.extended for line in self.lines), *(tax.amount for tax in self.taxes), *signed)
        return sum(amounts, Decimal())
