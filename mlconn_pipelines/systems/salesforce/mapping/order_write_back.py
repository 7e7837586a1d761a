"""How far an order has come, as fields of the opportunity that it came from, and of Order and Invoice where they are told too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.sales_order import OrderInvoice, PaymentState, SalesOrderStatus, payment_state
from mlconn_pipelines.systems.salesforce.mapping.settings import named_fields
from mlconn_pipelines.systems.salesforce.records.orders import INVOICES, ORDER, SEPARATOR
from mlconn_pipelines.systems.salesforce.records.stamps import instant_text

STATES: Mapping[str, str] = {
    "open": "Open",
    "partly_delivered": "Partly delivered",
    "delivered": "Delivered",
    "closed": "Closed",
    "cancelled": "Cancelled",
}
PAYMENT_STATES: Mapping[PaymentState, str | None] = {
    "": None,
    "open": "Open",
    "partly_paid": "Partly paid",
    "paid": "Paid",
    "overdue": "Overdue",
    "credited": "Credited",
}
"""As people read them on the opportunity."""


@dataclass(frozen=True, slots=True)
class OrderFields:
    """Fields of a record by name; one that is empty is not written. Same names and meanings as in the configuration.

    order_number: of an Order its external id.
    """

    order_number: str = "ERP_Order_Number__c"
    status: str = ""
    ordered_quantity: str = ""
    delivered_quantity: str = ""
    open_quantity: str = ""
    ordered_amount: str = ""
    delivered_amount: str = ""
    open_amount: str = ""
    last_delivery_number: str = ""
    last_delivery_date: str = ""
    tracking_number: str = ""
    invoice_numbers: str = ""
    invoiced_amount: str = ""
    credited_amount: str = ""
    paid_amount: str = ""
    payment_status: str = ""
    due_date: str = ""
    as_of: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are written."""
        return named_fields(self)

    @property
    def of_fulfilment(self) -> bool:
        """Whether any tells more than the order's number."""
        return bool(set(self.names) - {self.order_number, self.as_of})

    @property
    def of_payment(self) -> bool:
        """Whether any tells what was paid."""
        return bool(self.paid_amount or self.payment_status or self.due_date)


@dataclass(frozen=True, slots=True)
class InvoiceFields:
    """As `OrderFields`, of Invoice. number: its external id."""

    number: str = "ERP_Invoice__c"
    paid_amount: str = ""
    open_amount: str = ""
    payment_status: str = ""
    due_date: str = ""
    as_of: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are written."""
        return named_fields(self)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Who is told of an order: its opportunity, and Order and Invoice where they are set.

    draft_status: of an order that is made; none is made where it is empty.
    """

    opportunity: OrderFields
    order: OrderFields | None = None
    invoice: InvoiceFields | None = None
    draft_status: str = ""

    @property
    def of_fulfilment(self) -> bool:
        """Whether more than the order's number is told, so that what was made of it has to be read."""
        return self.invoice is not None or self.opportunity.of_fulfilment or bool(self.order and self.order.of_fulfilment)

    @property
    def of_payment(self) -> bool:
        return self.invoice is not None or self.opportunity.of_payment or bool(self.order and self.order.of_payment)


def changes_of(status: SalesOrderStatus, told: WriteBack, at: dt.datetime) -> Mapping[str, Any]:
    """Fields of the opportunity; those of Order and Invoice in it, for `api/order_records.py`. at: aware, when it is written."""
    changes: dict[str, Any] = _fields_of(status, told.opportunity, at)
    if told.order is not None:
        made = {"EffectiveDate": _day(status.date or at.date()), "Status": told.draft_status} if told.draft_status else {}
        changes[ORDER] = {**_fields_of(status, told.order, at), **made}
    if told.invoice is not None and status.invoices:
        # Down payments are numbered by a series of their own: another invoice may bear the same number.
        changes[INVOICES] = [_invoice(one, told.invoice, at) for one in status.invoices if not one.is_down_payment]
    return changes


def _invoice(invoice: OrderInvoice, fields: InvoiceFields, at: dt.datetime) -> dict[str, Any]:
    values = {
        fields.number: invoice.number,
        fields.paid_amount: invoice.paid,
        fields.open_amount: invoice.open_amount,
        fields.payment_status: PAYMENT_STATES[payment_state((invoice,))],
        fields.due_date: _day(invoice.due_date),
        fields.as_of: instant_text(at),
    }
    return {name: value for name, value in values.items() if name}


def _fields_of(status: SalesOrderStatus, fields: OrderFields, at: dt.datetime) -> dict[str, Any]:
    values = {
        fields.order_number: status.number,
        fields.status: STATES[status.state],
        fields.ordered_quantity: status.ordered_quantity,
        fields.delivered_quantity: status.delivered_quantity,
        fields.open_quantity: status.open_quantity,
        fields.ordered_amount: status.amount,
        fields.delivered_amount: status.delivered_amount,
        fields.open_amount: status.open_amount,
        fields.last_delivery_number: status.delivery_number or None,
        fields.last_delivery_date: _day(status.delivery_date),
        fields.tracking_number: status.tracking_number or None,
        fields.invoice_numbers: SEPARATOR.join(one.number for one in status.invoices) or None,
        fields.invoiced_amount: status.invoiced_amount,
        fields.credited_amount: status.credited_amount,
        fields.paid_amount: status.paid_amount,
        fields.payment_status: PAYMENT_STATES[status.payment_state],
        fields.due_date: _day(status.due_date),
        fields.as_of: instant_text(at),
    }
    return {name: value for name, value in values.items() if name}


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
