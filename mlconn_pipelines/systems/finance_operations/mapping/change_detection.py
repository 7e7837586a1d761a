"""What the ledger must know of a confirmed order, and which of its fields count as a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.records.reading import day_from_text, decimal_from_json
from mlconn_pipelines.systems.finance_operations.records.naming import (
    CONFIRMATION_LINES,
    ORDER_LINES,
    first_of,
    key_of,
    stamp_of,
)
from mlconn_pipelines.systems.finance_operations.records.purchase_order import CANCELED, status_of
from mlconn_pipelines.systems.finance_operations.records.variants import DIMENSIONS

_ACCOUNT, _VALUES = "MainAccountIdDisplayValue", "DefaultLedgerDimensionDisplayValue"
_LINE = Projection(
    (
        *("LineNumber", "ItemNumber", "ExternalItemNumber", "Barcode", "LineDescription", "OrderedPurchaseQuantity"),
        *("PurchaseUnitSymbol", "PurchasePrice", "PurchasePriceQuantity", "LineAmount", "RequestedDeliveryDate"),
        *("ReceivingWarehouseId", "PurchaseOrderLineStatus", "IsDeleted", _ACCOUNT, _VALUES, *DIMENSIONS.values()),
    ),
    ordered_by="LineNumber",
)
PROJECTION = Projection(
    (
        *("PurchaseOrderNumber", "OrderVendorAccountNumber", "InvoiceVendorAccountNumber", "CurrencyCode"),
        *("RequestedDeliveryDate", "DeliveryTermsId", "DeliveryModeId", "PaymentTermsName", "VendorOrderReference"),
        *("AttentionInformation", "DeliveryAddressName", "DeliveryAddressStreet", "DeliveryAddressStreetNumber"),
        *("DeliveryAddressCity", "DeliveryAddressStateId", "DeliveryAddressZipCode", "DeliveryAddressCountryRegionId"),
        *("DeliveryAddressLocationId", "TotalDiscountAmount", "TotalChargeAmount"),
    ),
    {CONFIRMATION_LINES: _LINE, ORDER_LINES: _LINE},
)
"""The business fields. Not in them, on purpose: number, day and voucher of the confirmation, so that confirming the same again is no
change; what the supplier confirmed (ConfirmedDeliveryDate), which we write ourselves; how far lines are received or invoiced."""


def _with_lines(line: Projection) -> Projection:
    return PROJECTION.without(**{CONFIRMATION_LINES: line, ORDER_LINES: line})


_EARLIER = tuple(
    _with_lines(_LINE.without(*names)) for names in ((_ACCOUNT, _VALUES, *DIMENSIONS.values()), (_ACCOUNT, _VALUES), (_VALUES,))
)
"""What counted before product variants did, before main accounts did, and before financial dimensions did."""


@cache
def hashing_of(entity: str) -> RecordHashing:
    """By the declared projection. Of a line's status only counts whether it is cancelled."""
    return RecordHashing(entity, PROJECTION, _EARLIER, prepared=_judged)


def header_of(entity: str, record: Record) -> RecordHeader:
    """Read without judging. The document's day is that of the order's first confirmation, which later ones do not move."""
    hashing = hashing_of(entity)
    confirmations: Sequence[Record] = record.get("Confirmations") or (record,)
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=str(record["PurchaseOrderNumber"]),
        date=_day(first_of(confirmations).get("ConfirmationDate")),
        partner_code=str(record.get("OrderVendorAccountNumber") or ""),
        content_hash=hashing.of(record),
        projection=hashing.version,
        cancelled=status_of(record) == CANCELED,
        correlation_reference="",
        line_count=len(record.get(CONFIRMATION_LINES) or ()),
        amount=_amount(record.get("TotalConfirmedAmount")),
        currency=str(record.get("CurrencyCode") or ""),
        changed_on=_day(record.get("ConfirmationDate")) if record.get("ConfirmationDate") else None,
    )


def _judged(record: Record) -> Record:
    parts: dict[str, Any] = {}
    for name in (CONFIRMATION_LINES, ORDER_LINES):
        if rows := record.get(name):
            parts[name] = [
                {**row, "PurchaseOrderLineStatus": CANCELED if row.get("PurchaseOrderLineStatus") == CANCELED else ""}
                for row in rows
            ]
    return {**record, **parts}


def _day(value: Any) -> dt.date | None:
    """None where it cannot be read: the mapping then says what it is, and a person looks."""
    try:
        return day_from_text(str(value))
    except ValueError:
        return None


def _amount(value: Any) -> Decimal | None:
    try:
        return None if value is None else decimal_from_json(value)
    except (InvalidOperation, ValueError, TypeError):
        return None
