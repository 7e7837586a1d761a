"""A purchase order of the open table with its lines, and how it is named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from mlconn_pipelines.systems.sage_100.records.reading import NO_DATES, number_from_text, read

_ZERO = Decimal()
ORDERS = "PO_PurchaseOrderHeader"
OF_WAREHOUSE = "OfWarehouse"
"""Beside the columns of a record that is one warehouse's part of an order (`order_parts`)."""

STANDARD, DROP_SHIP = "S", "D"
SENT_TYPES = frozenset({STANDARD, DROP_SHIP})
"""Not sent: master and repeating orders, which standard ones are made of; requisitions of material, which go to nobody; requests for
quote, which stand in the same table since 2025, and whatever a later release puts there."""
COMPLETED = "X"
AMOUNTS = ("TaxableAmt", "NonTaxableAmt", "SalesTaxAmt", "FreightAmt")

REGULAR, SPECIAL, CHARGE, COMMENT, MISCELLANEOUS = "1", "2", "3", "4", "5"
"""Item types of lines. A special item is not on file: its line alone describes it."""


@dataclass(frozen=True, slots=True)
class PurchaseOrderLine:
    """LineKey: stays the same for good, and is what partners are told as the line's number; LineSeqNo says where it stands.

    UnitCost: of one UnitOfMeasure, which holds UnitOfMeasureConvFactor stock units.
    """

    LineKey: int = 0
    LineSeqNo: str = ""
    ItemCode: str = ""
    ItemType: str = REGULAR
    ItemCodeDesc: str = ""
    RequiredDate: dt.date | None = None
    UnitOfMeasure: str = ""
    WarehouseCode: str = ""
    PurchasesAcctKey: str = ""
    VendorAliasItemNo: str = ""
    CommentText: str = ""
    QuantityOrdered: Decimal = _ZERO
    QuantityReceived: Decimal = _ZERO
    UnitCost: Decimal = _ZERO
    ExtensionAmt: Decimal = _ZERO
    UnitOfMeasureConvFactor: Decimal = _ZERO

    @property
    def is_ordered(self) -> bool:
        """Whether it orders something, rather than only charging for it or saying something."""
        return self.ItemType not in (CHARGE, COMMENT)

    @property
    def is_open(self) -> bool:
        """Whether more of it is to come; Sage keeps a line that was received in full."""
        return self.QuantityReceived < self.QuantityOrdered


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """OrderStatus: N new, O open, B back-ordered, C changed, X completed. OnHold: nobody is to send it yet.

    OfWarehouse: see OF_WAREHOUSE; empty for a whole order.
    """

    PurchaseOrderNo: str = ""
    PurchaseOrderDate: dt.date | None = None
    OrderType: str = STANDARD
    OrderStatus: str = ""
    OnHold: bool = False
    RequiredExpireDate: dt.date | None = None
    APDivisionNo: str = ""
    VendorNo: str = ""
    PurchaseName: str = ""
    PurchaseAddress1: str = ""
    PurchaseAddress2: str = ""
    PurchaseAddress3: str = ""
    PurchaseCity: str = ""
    PurchaseState: str = ""
    PurchaseZipCode: str = ""
    PurchaseCountryCode: str = ""
    ShipToName: str = ""
    ShipToAddress1: str = ""
    ShipToAddress2: str = ""
    ShipToAddress3: str = ""
    ShipToCity: str = ""
    ShipToState: str = ""
    ShipToZipCode: str = ""
    ShipToCountryCode: str = ""
    WarehouseCode: str = ""
    ShipVia: str = ""
    ConfirmTo: str = ""
    Comment: str = ""
    TermsCode: str = ""
    OfWarehouse: str = ""
    lines: tuple[PurchaseOrderLine, ...] = ()

    @property
    def number(self) -> str:
        """What its supplier knows it by."""
        return f"{self.PurchaseOrderNo}-{self.OfWarehouse}" if self.OfWarehouse else self.PurchaseOrderNo

    @property
    def vendor(self) -> str:
        return vendor_code(self.APDivisionNo, self.VendorNo)

    @property
    def ordered(self) -> tuple[PurchaseOrderLine, ...]:
        """Its lines that order something."""
        return tuple(line for line in self.lines if line.is_ordered)

    def warehouse_of(self, line: PurchaseOrderLine) -> str:
        """Where the line goes: its own warehouse, else the order's."""
        return line.WarehouseCode or self.WarehouseCode


def order_from(record: Mapping[str, Any]) -> PurchaseOrder:
    """DocumentRejected when a value is not what its column holds."""
    return read(PurchaseOrder, record)


def vendor_code(division: Any, number: Any) -> str:
    """Division and number: one number may be two vendors. The division is 00 where a company has none.

    >>> vendor_code("01", "ABC0001"), vendor_code("", "ABC0001 ")
    ('01-ABC0001', '00-ABC0001')
    """
    return f"{str(division or '').strip() or '00'}-{str(number or '').strip()}"


def amount_of(record: Mapping[str, Any]) -> Decimal | None:
    """There is no column of the total. A part of an order has no amounts but those of its lines."""
    parts = (
        [row.get("ExtensionAmt") for row in record.get("lines") or ()]
        if record.get(OF_WAREHOUSE)
        else [record.get(name) for name in AMOUNTS]
    )
    try:
        return sum((number_from_text(part or "") for part in parts), Decimal())
    except (InvalidOperation, ValueError, TypeError):
        return None


def key_of(record: Mapping[str, Any]) -> str:
    """
    >>> key_of({"PurchaseOrderNo": "0001234"}), key_of({"PurchaseOrderNo": "0001234", "OfWarehouse": "001"})
    ('0001234', '0001234-001')
    """
    number, warehouse = str(record["PurchaseOrderNo"]).strip(), record.get(OF_WAREHOUSE)
    return f"{number}-{warehouse}" if warehouse else number


def stamp_of(record: Mapping[str, Any]) -> str:
    """`20261129 08.49238 1f3a…`: the later of the times of making and of changing, as this server's clock stood, and a piece of
    the hash of all there is, since lines bear no time of their own. Sorts by time.

    >>> stamp_of({"DateCreated": "20261128", "TimeCreated": "15.5", "DateUpdated": "", "TimeUpdated": "", "content": "1f3a"})
    '20261128 15.50000 1f3a'
    """
    moments = [(_digits(record.get(f"Date{what}")), _hours(record.get(f"Time{what}"))) for what in ("Created", "Updated")]
    day, hours = max(moments)
    return f"{day} {hours:08.5f} {str(record.get('content') or '')[:16]}".strip()


def _digits(value: Any) -> str:
    digits = str(value or "").strip()
    return "00000000" if digits in NO_DATES else digits


def _hours(value: Any) -> Decimal:
    try:
        return number_from_text(value or "")
    except (ValueError, ArithmeticError):
        return _ZERO
