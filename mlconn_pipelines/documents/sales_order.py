"""An order that a customer gave us, as our own people sold it: what a won deal becomes, and how far it has come since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class SalesOrderLine:
    """item_code: the seller's. unit_price: of one sales unit, before the discount; None where the seller's price list decides.

    discount_percent: 2 means 2 %. ship_date: the day that the line is promised for.
    """

    number: str
    item_code: str
    quantity: Decimal
    unit_price: Decimal | None
    discount_percent: Decimal = Decimal()
    description: str = ""
    ship_date: dt.date | None = None

    @property
    def amount(self) -> Decimal:
        """Unrounded; 0 where no price is stated."""
        return self.quantity * (self.unit_price or Decimal()) * (_WHOLE - self.discount_percent) / _WHOLE


@dataclass(frozen=True, slots=True)
class SalesOrder:
    """number: by which the seller's people know the deal. customer_code: the customer's in the ERP. currency: ISO 4217.

    customer_order_number: the customer's own number of the order, empty where they gave none.
    """

    number: str
    date: dt.date
    customer_code: str
    currency: str
    lines: tuple[SalesOrderLine, ...]
    customer_order_number: str = ""
    delivery_date: dt.date | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """Lines added up, unrounded."""
        return sum((line.amount for line in self.lines), Decimal())


@dataclass(frozen=True, slots=True)
class SalesOrderStatus:
    """How far an order of ours has come in the ERP. number: the ERP's. state: open, partly_delivered, delivered, closed or cancelled.

    amount, open_amount: without tax, in `currency`. of: the deal that it came from, by the key of its own system.
    """

    number: str
    of: str
    state: str
    ordered_quantity: Decimal
    open_quantity: Decimal
    amount: Decimal
    open_amount: Decimal
    currency: str
