"""How far an order has come, as fields of the opportunity that it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.sales_order import SalesOrderStatus
from mlconn_pipelines.systems.salesforce.records.stamps import instant_text

STATES: Mapping[str, str] = {
    "open": "Open",
    "partly_delivered": "Partly delivered",
    "delivered": "Delivered",
    "closed": "Closed",
    "cancelled": "Cancelled",
}
"""As people read them on the opportunity."""


@dataclass(frozen=True, slots=True)
class OrderFields:
    """Fields of the opportunity by name; one that is empty is not written. Same names and meanings as in the configuration."""

    order_number: str = "ERP_Order_Number__c"
    status: str = ""
    delivered_amount: str = ""
    open_amount: str = ""
    as_of: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are written."""
        return tuple(filter(None, (self.order_number, self.status, self.delivered_amount, self.open_amount, self.as_of)))


def changes_of(status: SalesOrderStatus, fields: OrderFields, at: dt.datetime) -> Mapping[str, Any]:
    """at: aware, when it is written."""
    values = {
        fields.order_number: status.number,
        fields.status: STATES[status.state],
        fields.delivered_amount: status.amount - status.open_amount,
        fields.open_amount: status.open_amount,
        fields.as_of: instant_text(at),
    }
    return {name: value for name, value in values.items() if name}
