"""An order that a customer gave us, as our own people sold it: what a won deal becomes, and how far it has come since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

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


PaymentState = Literal["", "open", "partly_paid", "paid", "overdue", "credited"]


@dataclass(frozen=True, slots=True)
class OrderInvoice:
    """What was invoiced of one order by one invoice; of an invoice over several orders, this one's part. Amounts: tax included.

    amount: before down payments are taken off. paid: whatever settled it but credit notes, down payments that it draws among it.
    overdue: not settled by the day that it was due. is_down_payment: it asks for money before the goods are invoiced.
    """

    number: str
    date: dt.date | None
    due_date: dt.date | None
    amount: Decimal
    paid: Decimal
    credited: Decimal = Decimal()
    overdue: bool = False
    is_down_payment: bool = False

    @property
    def open_amount(self) -> Decimal:
        return max(self.amount - self.paid - self.credited, Decimal())


@dataclass(frozen=True, slots=True)
class SalesOrderStatus:
    """How far an order of ours has come in the ERP. number: the ERP's. state: open, partly_delivered, delivered, closed or cancelled.

    amount, delivered_amount, open_amount: without tax, in `currency`. of: the deal that it came from, by the key of its own system.
    date: of the order. delivery_number, delivery_date: of the last delivery, or of the invoice that goods left by.
    credited_amount: all credit notes, tax included.
    """

    number: str
    of: str
    state: str
    ordered_quantity: Decimal
    open_quantity: Decimal
    amount: Decimal
    open_amount: Decimal
    currency: str
    delivered_quantity: Decimal = Decimal()
    delivered_amount: Decimal = Decimal()
    delivery_number: str = ""
    delivery_date: dt.date | None = None
    tracking_number: str = ""
    invoices: tuple[OrderInvoice, ...] = ()
    credited_amount: Decimal = Decimal()
    date: dt.date | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether something of it is still to come: goods, or money."""
        return self.state in ("open", "partly_delivered") or any(one.open_amount > 0 for one in self.invoices)

    @property
    def invoiced_amount(self) -> Decimal:
        return sum((one.amount for one in self.invoices), Decimal())

    @property
    def paid_amount(self) -> Decimal:
        return sum((one.paid for one in self.invoices), Decimal())

    @property
    def due_date(self) -> dt.date | None:
        """Of what is to be paid first; of the last invoice where nothing is."""
        waiting = [one.due_date for one in self.invoices if one.due_date and one.open_amount > 0]
        return min(waiting) if waiting else max((one.due_date for one in self.invoices if one.due_date), default=None)

    @property
    def payment_state(self) -> PaymentState:
        """Of all invoices together, empty where there is none."""
        return payment_state(self.invoices)


def payment_state(invoices: Sequence[OrderInvoice]) -> PaymentState:
    """Of invoices taken together, empty where there is none."""
    if not invoices:
        return ""
    paid = any(one.paid > 0 for one in invoices)
    if all(one.open_amount <= 0 for one in invoices):
        return "paid" if paid or not any(one.credited for one in invoices) else "credited"
    if any(one.overdue for one in invoices):
        return "overdue"
    return "partly_paid" if paid else "open"
