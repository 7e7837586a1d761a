"""What the ledger must know of an order, and which of its columns count as a change."""

from __future__ import annotations

import datetime as dt
from decimal import InvalidOperation
from functools import cache
from typing import Any

from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sage_100.records.purchase_order import (
    CHARGE,
    COMMENT,
    OF_WAREHOUSE,
    SENT_TYPES,
    amount_of,
    key_of,
    stamp_of,
    vendor_code,
)
from mlconn_pipelines.systems.sage_100.records.reading import day_or_none, number_from_text

_ADDRESS = ("Name", "Address1", "Address2", "Address3", "City", "State", "ZipCode", "CountryCode")
_NUMBERS = ("QuantityOrdered", "UnitCost", "ExtensionAmt", "UnitOfMeasureConvFactor")
_LINE = Projection(
    (
        *("LineKey", "LineSeqNo", "ItemCode", "ItemType", "ItemCodeDesc", "RequiredDate", "UnitOfMeasure", "WarehouseCode"),
        *("PurchasesAcctKey", "VendorAliasItemNo", "CommentText", *_NUMBERS),
    ),
    ordered_by="LineKey",
)
PROJECTION = Projection(
    (
        *("PurchaseOrderNo", "OrderType", "APDivisionNo", "VendorNo", "RequiredExpireDate", "WarehouseCode", "ShipVia"),
        *("ConfirmTo", "Comment", "TermsCode", OF_WAREHOUSE),
        *(f"{party}{part}" for party in ("Purchase", "ShipTo") for part in _ADDRESS),
    ),
    {"lines": _LINE},
)
"""The business columns. Not in them, on purpose: stamps; how far the order is received or invoiced (amounts, quantities, last numbers,
status), since that is what others do with it; its hold, which ends before it is sent."""


@cache
def hashing_of(entity: str) -> RecordHashing:
    return RecordHashing(entity, PROJECTION, prepared=_by_value)


def header_of(entity: str, record: Record, currency: str) -> RecordHeader:
    """Read without judging. An order that is on hold, or of a type that is not sent, begins no document."""
    hashing = hashing_of(entity)
    rows = record.get("lines") or ()
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=key_of(record),
        date=_day(record.get("PurchaseOrderDate")),
        partner_code=vendor_code(record.get("APDivisionNo"), record.get("VendorNo")),
        content_hash=hashing.of(record),
        projection=hashing.version,
        cancelled=False,
        correlation_reference="",
        line_count=sum(_text(row, "ItemType") not in (CHARGE, COMMENT) for row in rows),
        amount=amount_of(record),
        currency=currency,
        begins=_text(record, "OrderType") in SENT_TYPES and _text(record, "OnHold") != "Y",
    )


def _by_value(record: Record) -> Record:
    """Numbers come as text, whose zeros at the end say nothing, and texts padded."""
    lines = [
        {name: _number(value) if name in _NUMBERS else _stripped(value) for name, value in row.items()}
        for row in record.get("lines") or ()
    ]
    return {name: _stripped(value) for name, value in record.items()} | {"lines": lines}


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _number(value: Any) -> Any:
    """As it came where it is none."""
    try:
        return number_from_text(value or "")
    except (InvalidOperation, ValueError, TypeError):
        return value


def _text(row: Record, name: str) -> str:
    return str(row.get(name) or "").strip()


def _day(value: Any) -> dt.date | None:
    """None where it cannot be read: the mapping then says what it is, and a person looks."""
    try:
        return day_or_none(value or "")
    except ValueError:
        return None
