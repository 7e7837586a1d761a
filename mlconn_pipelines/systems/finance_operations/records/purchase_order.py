"""A purchase order, or the copy of it that a confirmation froze: header and lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.systems.finance_operations.records.reading import read

_ZERO = Decimal()
CANCELED = "Canceled"


@dataclass(frozen=True, slots=True)
class PurchaseOrderLine:
    """PurchasePrice: for PurchasePriceQuantity units. LineAmount: net of line discounts, without tax, in the order's currency."""

    LineNumber: int = 0
    ItemNumber: str = ""
    ExternalItemNumber: str = ""
    Barcode: str = ""
    LineDescription: str = ""
    ProcurementProductCategoryName: str = ""
    OrderedPurchaseQuantity: Decimal = _ZERO
    PurchaseUnitSymbol: str = ""
    PurchasePrice: Decimal = _ZERO
    PurchasePriceQuantity: Decimal = _ZERO
    LineAmount: Decimal | None = None
    LineDiscountAmount: Decimal = _ZERO
    LineDiscountPercentage: Decimal = _ZERO
    FixedPriceCharges: Decimal = _ZERO
    PurchaseOrderLineStatus: str = ""
    RequestedDeliveryDate: dt.date | None = None
    ConfirmedDeliveryDate: dt.date | None = None
    ReceivingWarehouseId: str = ""
    ProductColorId: str = ""
    ProductConfigurationId: str = ""
    ProductSizeId: str = ""
    ProductStyleId: str = ""
    ProductVersionId: str = ""
    IsDeleted: bool = False
    MainAccountIdDisplayValue: str = ""
    DefaultLedgerDimensionDisplayValue: str = ""

    @property
    def stands(self) -> bool:
        """Whether it is still ordered: cancelled and deleted lines stay in the set."""
        return not self.IsDeleted and self.PurchaseOrderLineStatus != CANCELED

    @property
    def unit_price(self) -> Decimal:
        """Of one unit, before discounts."""
        return self.PurchasePrice / self.PurchasePriceQuantity if self.PurchasePriceQuantity > 0 else self.PurchasePrice


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """PurchaseOrderStatus: Backorder, Received, Invoiced, Canceled. DocumentApprovalStatus: Confirmed among others.

    ConfirmationNumber to TotalConfirmedAmount: of a confirmation only.
    """

    dataAreaId: str = ""
    PurchaseOrderNumber: str = ""
    PurchaseOrderName: str = ""
    OrderVendorAccountNumber: str = ""
    InvoiceVendorAccountNumber: str = ""
    PurchaseOrderStatus: str = ""
    DocumentApprovalStatus: str = ""
    CurrencyCode: str = ""
    AccountingDate: dt.date | None = None
    RequestedDeliveryDate: dt.date | None = None
    DeliveryTermsId: str = ""
    DeliveryModeId: str = ""
    PaymentTermsName: str = ""
    VendorOrderReference: str = ""
    AttentionInformation: str = ""
    DefaultReceivingWarehouseId: str = ""
    DeliveryAddressName: str = ""
    DeliveryAddressStreet: str = ""
    DeliveryAddressStreetNumber: str = ""
    DeliveryAddressCity: str = ""
    DeliveryAddressStateId: str = ""
    DeliveryAddressZipCode: str = ""
    DeliveryAddressCountryRegionId: str = ""
    DeliveryAddressCountryRegionISOCode: str = ""
    DeliveryAddressDunsNumber: str = ""
    DeliveryAddressLocationId: str = ""
    FormattedDeliveryAddress: str = ""
    ArePricesIncludingSalesTax: bool = False
    ConfirmationNumber: str = ""
    ConfirmationDate: dt.date | None = None
    TotalConfirmedAmount: Decimal | None = None
    TotalDiscountAmount: Decimal = _ZERO
    TotalChargeAmount: Decimal = _ZERO
    PurchaseOrderLinesV2: tuple[PurchaseOrderLine, ...] = ()
    PurchaseOrderConfirmationLines: tuple[PurchaseOrderLine, ...] = ()

    @property
    def lines(self) -> tuple[PurchaseOrderLine, ...]:
        """The lines that are still ordered, by LineNumber, which need not count 1, 2, 3."""
        rows = (*self.PurchaseOrderConfirmationLines, *self.PurchaseOrderLinesV2)
        return tuple(sorted((row for row in rows if row.stands), key=lambda row: row.LineNumber))

    @property
    def invoice_account(self) -> str:
        """The vendor whose invoices pay for it."""
        return self.InvoiceVendorAccountNumber or self.OrderVendorAccountNumber


def order_from(record: Mapping[str, Any]) -> PurchaseOrder:
    """A composed record of either kind. DocumentRejected when a value is not what its field holds."""
    return read(PurchaseOrder, record)


def status_of(record: Mapping[str, Any]) -> str:
    """PurchaseOrderStatus as the order stands now: of a confirmation, which is a frozen copy, that of its order.

    TypeError where the order is no record, so that nobody knows whether it was cancelled.
    """
    held = record.get("PurchaseOrder", record)
    if not isinstance(held, Mapping):
        raise TypeError("PurchaseOrder is no record")
    return str(held.get("PurchaseOrderStatus") or "")
