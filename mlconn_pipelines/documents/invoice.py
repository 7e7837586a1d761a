"""An invoice (X12 810)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    PaymentTerms,
    ProductId,
    Reference,
    Tax,
    UnitsShipped,
)
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received
from mlconn_pipelines.documents.turnaround import Returned


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """number: IT101. unit: X12 element 355. unit_price: in the invoice's currency, net of line discounts that have no SAC.

    price_basis: IT105, as in an order; unit_price is for one unit all the same. units_shipped: IT3, in the unit that was packed.
    """

    number: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    product_ids: tuple[ProductId, ...]
    description: str = ""
    references: tuple[Reference, ...] = ()
    dates: tuple[DateReference, ...] = ()
    taxes: tuple[Tax, ...] = ()
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    price_basis: str = ""
    units_shipped: tuple[UnitsShipped, ...] = ()

    @property
    def extended(self) -> Decimal:
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Invoice(Received):
    """total: what is to be paid, taxes and charges included, in `currency` (ISO 4217).

    order_number, order_date: the buyer's purchase order (BIG04, BIG03). kind: BIG07, empty where the partner wants none.
    purpose: BIG08, empty where none is stated, which means an original. release: BIG05, of the order. returned: what the buyer's order
    said, where they want it back. units_shipped: ISS, of all lines together.
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
    contacts: tuple[Contact, ...] = ()
    purpose: str = ""
    release: str = ""
    returned: Returned | None = None
    units_shipped: tuple[UnitsShipped, ...] = ()

    @property
    def all_allowances_and_charges(self) -> tuple[AllowanceOrCharge, ...]:
        """Those of the lines, and those of the whole invoice."""
        return tuple(one for line in self.lines for one in line.allowances_and_charges) + self.allowances_and_charges

    @property
    def counted_total(self) -> Decimal:
        """Lines, taxes, charges and allowances added up, unrounded. What states no amount counts nothing."""
        signed = (one.signed for one in self.all_allowances_and_charges)
        taxes = (tax.amount for tax in self.counted_taxes if tax.amount is not None)
        return sum((*(line.extended for line in self.lines), *taxes, *signed), Decimal())

    @property
    def counted_taxes(self) -> tuple[Tax, ...]:
        """Taxes of lines count only where the summary states none, as partners who write both mean the same money."""
        return self.taxes or tuple(tax for line in self.lines for tax in line.taxes)
