"""Purchase orders (API v2.0 `purchaseOrders`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.systems.business_central.records.sales_document import DocumentLine, TradeDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine(DocumentLine):
    directUnitCost: Decimal = Decimal()
    expectedReceiptDate: dt.date | None = None

    @property
    def price(self) -> Decimal:
        return self.directUnitCost


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder(TradeDocument):
    """status: `Draft` (open), `In Review` (pending approval), `Open` (released)."""

    orderDate: dt.date | None = None
    requestedReceiptDate: dt.date | None = None
    vendorId: str = ""
    vendorNumber: str = ""
    vendorName: str = ""
    purchaser: str = ""
    buyFromAddressLine1: str = ""
    buyFromAddressLine2: str = ""
    buyFromCity: str = ""
    buyFromState: str = ""
    buyFromPostCode: str = ""
    buyFromCountry: str = ""
    purchaseOrderLines: tuple[PurchaseLine, ...] = ()

    @property
    def lines(self) -> tuple[DocumentLine, ...]:
        return self.purchaseOrderLines

    @property
    def date(self) -> dt.date | None:
        return self.orderDate

    @property
    def partner_code(self) -> str:
        return self.vendorNumber
