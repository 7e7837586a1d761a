"""The type that Invoices, Orders, DeliveryNotes, PurchaseOrders ... share (Service Layer type `Document`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal()


@dataclass(frozen=True, slots=True)
class LineExpense:
    """DocumentLineAdditionalExpense. LineTotalFC: in the document's currency, 0 where that is the local one."""

    ExpenseCode: int | None = None
    LineTotal: Decimal = _ZERO
    LineTotalFC: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class DocumentExpense:
    """DocumentAdditionalExpense: freight and the like, without tax."""

    ExpenseCode: int | None = None
    LineTotal: Decimal = _ZERO
    LineTotalFC: Decimal = _ZERO
    Remarks: str = ""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """Price: after discount, without tax; UnitPrice: before discount. LineTotal: local currency, RowTotalFC: the document's.

    CostingCode-CostingCode5: distribution rules of dimensions 1-5. UnitsOfMeasurment (misspelt there): stock units in the unit.
    """

    LineNum: int = 0
    VisualOrder: int | None = None
    ItemCode: str = ""
    ItemDescription: str = ""
    Quantity: Decimal = _ZERO
    Price: Decimal | None = None
    UnitPrice: Decimal | None = None
    Currency: str = ""
    LineTotal: Decimal = _ZERO
    RowTotalFC: Decimal = _ZERO
    TaxPercentagePerRow: Decimal | None = None
    UoMCode: str = ""
    MeasureUnit: str = ""
    UnitsOfMeasurment: Decimal = _ZERO
    BarCode: str = ""
    SupplierCatNum: str = ""
    WarehouseCode: str = ""
    ShipDate: dt.date | None = None
    BaseType: int = -1
    BaseEntry: int | None = None
    BaseLine: int | None = None
    LineStatus: str = "bost_Open"
    RemainingOpenQuantity: Decimal = _ZERO
    AccountCode: str = ""
    CostingCode: str = ""
    CostingCode2: str = ""
    CostingCode3: str = ""
    CostingCode4: str = ""
    CostingCode5: str = ""
    DocumentLineAdditionalExpenses: tuple[LineExpense, ...] = ()

    @property
    def costing_codes(self) -> tuple[tuple[int, str], ...]:
        """(dimension, distribution rule) of every dimension that the line names a rule for."""
        codes = (self.CostingCode, self.CostingCode2, self.CostingCode3, self.CostingCode4, self.CostingCode5)
        return tuple((dimension, code) for dimension, code in enumerate(codes, start=1) if code)


@dataclass(frozen=True, slots=True)
class SpecialLine:
    """DocumentSpecialLine. LineType: `dslt_Text` or `dslt_Subtotal`."""

    LineType: str = ""
    LineText: str = ""


@dataclass(frozen=True, slots=True)
class DocumentAddresses:
    """Type `AddressExtension`: the document's own copy of its addresses; wholly empty on many documents."""

    ShipToStreet: str = ""
    ShipToStreetNo: str = ""
    ShipToBlock: str = ""
    ShipToBuilding: str = ""
    ShipToCity: str = ""
    ShipToZipCode: str = ""
    ShipToState: str = ""
    ShipToCountry: str = ""
    ShipToGlobalLocationNumber: str = ""
    ShipToAddress2: str = ""
    ShipToAddress3: str = ""
    BillToStreet: str = ""
    BillToStreetNo: str = ""
    BillToBlock: str = ""
    BillToBuilding: str = ""
    BillToCity: str = ""
    BillToZipCode: str = ""
    BillToState: str = ""
    BillToCountry: str = ""
    BillToGlobalLocationNumber: str = ""
    BillToAddress2: str = ""
    BillToAddress3: str = ""


NO_ADDRESSES = DocumentAddresses()


@dataclass(frozen=True, slots=True)
class MarketingDocument:
    """DocTotal and VatSum: local currency, tax included. DocTotalFc and VatSumFc: the document's, 0 where that is the local one."""

    DocEntry: int = 0
    DocNum: int = 0
    DocType: str = "dDocument_Items"
    DocDate: dt.date | None = None
    DocDueDate: dt.date | None = None
    DocTime: dt.time | None = None
    CardCode: str = ""
    CardName: str = ""
    NumAtCard: str = ""
    DocCurrency: str = ""
    DocTotal: Decimal = _ZERO
    DocTotalFc: Decimal = _ZERO
    VatSum: Decimal = _ZERO
    VatSumFc: Decimal = _ZERO
    TotalDiscount: Decimal = _ZERO
    TotalDiscountFC: Decimal = _ZERO
    RoundingDiffAmount: Decimal = _ZERO
    RoundingDiffAmountFC: Decimal = _ZERO
    Address: str = ""
    Address2: str = ""
    ShipToCode: str = ""
    PayToCode: str = ""
    ContactPersonCode: int | None = None
    RequesterName: str = ""
    RequesterEmail: str = ""
    BPLName: str = ""
    BPL_IDAssignedToInvoice: int | None = None
    TrackingNumber: str = ""
    OpeningRemarks: str = ""
    ClosingRemarks: str = ""
    Cancelled: bool = False
    CancelStatus: str = "csNo"
    DocumentStatus: str = "bost_Open"
    DocumentLines: tuple[DocumentLine, ...] = ()
    DocumentSpecialLines: tuple[SpecialLine, ...] = ()
    DocumentAdditionalExpenses: tuple[DocumentExpense, ...] = ()
    AddressExtension: DocumentAddresses = NO_ADDRESSES

    @property
    def cancelled(self) -> bool:
        """Cancelled itself, or the reversal that a cancellation made. (CancelDate says nothing of the kind.)"""
        return self.Cancelled or self.CancelStatus in ("csYes", "csCancellation")

    @property
    def foreign(self) -> bool:
        """Whether the document's currency is not the company's own."""
        return self.DocTotalFc != 0

    @property
    def total(self) -> Decimal:
        """What is to be paid, in the document's currency."""
        return self.DocTotalFc if self.foreign else self.DocTotal

    @property
    def tax(self) -> Decimal:
        return self.VatSumFc if self.foreign else self.VatSum

    @property
    def discount(self) -> Decimal:
        """The document discount as money, before tax."""
        return self.TotalDiscountFC if self.foreign else self.TotalDiscount

    @property
    def rounding(self) -> Decimal:
        return self.RoundingDiffAmountFC if self.foreign else self.RoundingDiffAmount

    def line_total(self, line: DocumentLine) -> Decimal:
        """A line's net amount in the document's currency."""
        return line.RowTotalFC if self.foreign else line.LineTotal

    @property
    def lines(self) -> tuple[DocumentLine, ...]:
        """The lines as people see them: LineNum is the stable id and may have gaps, VisualOrder the order shown."""
        return tuple(
            sorted(
                self.DocumentLines,
                key=lambda line: (line.LineNum if line.VisualOrder is None else line.VisualOrder, line.LineNum),
            )
        )
