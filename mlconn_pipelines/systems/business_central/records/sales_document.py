"""Sales invoices and sales orders (API v2.0 `salesInvoices`, `salesOrders`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.systems.business_central.records.correlation_reference import COMMENT

_ZERO = Decimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionSetLine:
    """A dimension's value on a line. id, code: the dimension's."""

    id: str = ""
    code: str = ""
    displayName: str = ""
    valueCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """What lines of all documents have. lineType: Comment, Account, Item, Resource, Fixed Asset, Charge, Allocation Account.

    itemVariantId: empty where it has none. amountExcludingTax: after the line's own discount, before the invoice discount, whose share
    is invoiceDiscountAllocation. dimensionSetLines: absent where the application may not read them.
    """

    id: str = ""
    sequence: int = 0
    lineType: str = ""
    lineObjectNumber: str = ""
    itemVariantId: str = ""
    description: str = ""
    description2: str = ""
    unitOfMeasureCode: str = ""
    quantity: Decimal = _ZERO
    discountAmount: Decimal = _ZERO
    discountPercent: Decimal = _ZERO
    amountExcludingTax: Decimal = _ZERO
    taxPercent: Decimal = _ZERO
    invoiceDiscountAllocation: Decimal = _ZERO
    dimensionSetLines: tuple[DimensionSetLine, ...] = ()

    @property
    def is_comment(self) -> bool:
        return self.lineType in (COMMENT, "")

    @property
    def price(self) -> Decimal:
        """Of one unit, before discounts; includes tax where the document says so."""
        return _ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesLine(DocumentLine):
    unitPrice: Decimal = _ZERO
    shipmentDate: dt.date | None = None

    @property
    def price(self) -> Decimal:
        return self.unitPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeDocument:
    """What documents of both sides have. currencyCode: the company's own shows its real code; only currencyId is empty then."""

    id: str = ""
    number: str = ""
    status: str = ""
    currencyCode: str = ""
    pricesIncludeTax: bool = False
    shipToName: str = ""
    shipToContact: str = ""
    shipToAddressLine1: str = ""
    shipToAddressLine2: str = ""
    shipToCity: str = ""
    shipToState: str = ""
    shipToPostCode: str = ""
    shipToCountry: str = ""
    discountAmount: Decimal = _ZERO
    totalAmountExcludingTax: Decimal = _ZERO
    totalTaxAmount: Decimal = _ZERO
    totalAmountIncludingTax: Decimal = _ZERO

    @property
    def lines(self) -> tuple[DocumentLine, ...]:
        return ()

    @property
    def date(self) -> dt.date | None:
        """The document's own date."""
        return None

    @property
    def partner_code(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesDocument(TradeDocument):
    externalDocumentNumber: str = ""
    customerNumber: str = ""
    customerName: str = ""
    billToName: str = ""
    billToCustomerNumber: str = ""
    billToAddressLine1: str = ""
    billToAddressLine2: str = ""
    billToCity: str = ""
    billToState: str = ""
    billToPostCode: str = ""
    billToCountry: str = ""
    sellToAddressLine1: str = ""
    sellToAddressLine2: str = ""
    sellToCity: str = ""
    sellToState: str = ""
    sellToPostCode: str = ""
    sellToCountry: str = ""
    phoneNumber: str = ""
    email: str = ""

    @property
    def partner_code(self) -> str:
        return self.customerNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesInvoice(SalesDocument):
    """status: `Draft`, `In Review` and `Open` of drafts; `Open` (unpaid), `Paid`, `Canceled`, `Corrective` of posted ones."""

    invoiceDate: dt.date | None = None
    dueDate: dt.date | None = None
    customerPurchaseOrderReference: str = ""
    orderNumber: str = ""
    salesInvoiceLines: tuple[SalesLine, ...] = ()

    @property
    def lines(self) -> tuple[DocumentLine, ...]:
        return self.salesInvoiceLines

    @property
    def date(self) -> dt.date | None:
        return self.invoiceDate


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesOrder(SalesDocument):
    """status: `Draft` (open), `In Review` (pending approval), `Open` (released)."""

    orderDate: dt.date | None = None
    requestedDeliveryDate: dt.date | None = None
    salesOrderLines: tuple[SalesLine, ...] = ()

    @property
    def lines(self) -> tuple[DocumentLine, ...]:
        return self.salesOrderLines

    @property
    def date(self) -> dt.date | None:
        return self.orderDate
