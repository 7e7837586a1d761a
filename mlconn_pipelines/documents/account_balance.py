"""What one customer owes, as the ERP has it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """Amounts are gross, in `currency` (ISO 4217). balance: of the customer's account, payments on account and all.

    open_invoices: what is left to pay of invoices and down payment invoices, less open credit notes; money on account lowers it when
    it is matched with one of them. overdue: of those that were due before the day that it is of. oldest_due_date: of an open one, None
    where all are paid. open_orders: ordered and not delivered yet.
    last_payment_date: None where nobody asked, or none was found. is_blocked: the ERP takes no orders of the customer at present.
    """

    customer_code: str
    name: str
    currency: str
    balance: Decimal
    open_orders: Decimal
    open_invoices: Decimal
    overdue: Decimal
    oldest_due_date: dt.date | None
    credit_limit: Decimal
    is_blocked: bool
    last_payment_date: dt.date | None = None
