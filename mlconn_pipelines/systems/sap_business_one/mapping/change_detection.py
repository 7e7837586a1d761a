"""What the ledger must know of a SAP document, and which of its fields count as a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.records.reading import day_from_text, decimal_from_json
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of, master_stamp_of, stamp_of

_HEADER = (
    *("DocType", "DocNum", "DocDate", "DocDueDate", "CardCode", "CardName", "NumAtCard", "BPLName", "ContactPersonCode"),
    *("ShipToCode", "PayToCode", "Address", "Address2", "OpeningRemarks", "ClosingRemarks", "Cancelled", "CancelStatus"),
)
_MONEY = (
    *("DocCurrency", "DocTotal", "DocTotalFc", "VatSum", "VatSumFc", "TotalDiscount", "TotalDiscountFC"),
    *("RoundingDiffAmount", "RoundingDiffAmountFC"),
)
_LINE = (
    *("LineNum", "VisualOrder", "ItemCode", "ItemDescription", "Quantity", "UoMCode", "MeasureUnit", "UnitsOfMeasurment"),
    *("BarCode", "SupplierCatNum", "WarehouseCode", "BaseType", "BaseEntry", "BaseLine"),
)
_ACCOUNT = "AccountCode"
_COSTS = ("CostingCode", "CostingCode2", "CostingCode3", "CostingCode4", "CostingCode5")
_LINE_MONEY = ("Price", "Currency", "LineTotal", "RowTotalFC", "TaxPercentagePerRow")
_ADDRESS = Projection(
    tuple(
        f"{side}{name}"
        for side in ("ShipTo", "BillTo")
        for name in (
            *("Street", "StreetNo", "Block", "Building", "City", "ZipCode", "State", "Country"),
            *("GlobalLocationNumber", "Address2", "Address3"),
        )
    )
)
_EXPENSE = Projection(("ExpenseCode", "LineTotal", "LineTotalFC", "Remarks"))
_LINE_EXPENSE = Projection(("ExpenseCode", "LineTotal", "LineTotalFC"))
_TEXT = Projection(("LineType", "LineText"))


def _document(header: tuple[str, ...], line: Projection, **parts: Projection) -> Projection:
    return Projection(header, {"DocumentLines": line, "DocumentSpecialLines": _TEXT, "AddressExtension": _ADDRESS, **parts})


PROJECTIONS: Mapping[str, Projection] = {
    "Invoices": _document(
        (*_HEADER, *_MONEY),
        Projection(
            (*_LINE, _ACCOUNT, *_COSTS, *_LINE_MONEY), {"DocumentLineAdditionalExpenses": _LINE_EXPENSE}, ordered_by="LineNum"
        ),
        DocumentAdditionalExpenses=_EXPENSE,
    ),
    "PurchaseOrders": _document(
        (*_HEADER, *_MONEY, "RequesterName", "RequesterEmail"),
        Projection(
            (*_LINE, _ACCOUNT, *_COSTS, *_LINE_MONEY, "ShipDate"),
            {"DocumentLineAdditionalExpenses": _LINE_EXPENSE},
            ordered_by="LineNum",
        ),
        DocumentAdditionalExpenses=_EXPENSE,
    ),
    "DeliveryNotes": _document((*_HEADER, "TrackingNumber"), Projection((*_LINE, _ACCOUNT, *_COSTS), ordered_by="LineNum")),
}
"""The business fields of each set. Not in them, on purpose: payments, DocumentStatus, LineStatus, open quantities, update stamps,
printing, journal remarks, our reference; and of a delivery note all money, since a ship notice shows none. Cancelling counts."""


@cache
def hashing_of(entity: str) -> RecordHashing:
    """By the declared projection; of an entity that is never sent, by its purchase order's fields."""
    projection = PROJECTIONS.get(entity, PROJECTIONS["PurchaseOrders"])
    without_accounts = projection.without(DocumentLines=projection.parts["DocumentLines"].without(_ACCOUNT))
    return RecordHashing(entity, projection, (without_accounts,))


def header_of(entity: str, record: Record, reference_field: str) -> RecordHeader:
    """Read without judging: a record that makes no sense is refused when it is mapped, not while it is fetched."""
    hashing = hashing_of(entity)
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=str(record.get("DocNum") or record["DocEntry"]),
        date=_day(record.get("DocDate") or record.get("CreationDate") or record.get("UpdateDate")),
        partner_code=str(record.get("CardCode") or ""),
        content_hash=hashing.of(record),
        projection=hashing.version,
        cancelled=record.get("Cancelled") == "tYES" or record.get("CancelStatus") in ("csYes", "csCancellation"),
        correlation_reference=str(record.get(reference_field) or ""),
        line_count=len(record.get("DocumentLines") or ()),
        amount=_amount(record),
        currency=str(record.get("DocCurrency") or ""),
    )


def master_header_of(
    record: Record, key: str, hashing: ContentHashing, left_out: bool | str, partner_code: str = ""
) -> RecordHeader:
    """Of master data, which have no day and no amount.

    key: the property that is it. left_out: whether, or in words why, it is no document.
    """
    return RecordHeader(
        key=str(record[key]),
        stamp=master_stamp_of(record),
        business_number=str(record[key]),
        date=None,
        partner_code=partner_code,
        content_hash=hashing.of(record),
        projection=hashing.version,
        cancelled=bool(left_out),
        cancelled_by=left_out if isinstance(left_out, str) else "",
        correlation_reference="",
        line_count=0,
        amount=None,
        currency="",
    )


def _day(value: Any) -> dt.date | None:
    """None where it cannot be read: the mapping then says what it is, and a person looks."""
    try:
        return day_from_text(str(value))
    except ValueError:
        return None


def _amount(record: Record) -> Decimal | None:
    for name in ("DocTotalFc", "DocTotal"):
        try:
            if record.get(name) is not None and (amount := decimal_from_json(record[name])):
                return amount
        except (InvalidOperation, ValueError, TypeError):
            return None
    return Decimal() if record.get("DocTotal") is not None else None
