"""What the ledger must know of a Business Central document, and which of its fields count as a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.records.reading import decimal_from_json
from mlconn_pipelines.systems.business_central.mapping.sets import PURCHASE_ORDERS, SALES_INVOICES, SALES_ORDERS
from mlconn_pipelines.systems.business_central.records.correlation_reference import COMMENT, is_reference, reference_in
from mlconn_pipelines.systems.business_central.records.reading import day_of, option
from mlconn_pipelines.systems.business_central.records.stamps import key_of, stamp_of

_SHIP_TO = (
    *("shipToName", "shipToContact", "shipToAddressLine1", "shipToAddressLine2"),
    *("shipToCity", "shipToState", "shipToPostCode", "shipToCountry"),
)
_BILL_TO = (
    *("billToName", "billToCustomerNumber", "billToAddressLine1", "billToAddressLine2"),
    *("billToCity", "billToState", "billToPostCode", "billToCountry"),
)
_SELL_TO = (
    *("customerName", "sellToAddressLine1", "sellToAddressLine2"),
    *("sellToCity", "sellToState", "sellToPostCode", "sellToCountry"),
)
_MONEY = (
    *("currencyCode", "pricesIncludeTax", "discountAmount"),
    *("totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax"),
)
_VARIANT = "itemVariantId"
_LINE = (
    *("sequence", "lineType", "lineObjectNumber", _VARIANT, "description", "description2", "unitOfMeasureCode", "quantity"),
    *("discountAmount", "discountPercent", "amountExcludingTax", "taxPercent", "invoiceDiscountAllocation"),
)
_SALES = (
    "number",
    "externalDocumentNumber",
    "customerNumber",
    *_SELL_TO,
    *_BILL_TO,
    *_SHIP_TO,
    *_MONEY,
    "phoneNumber",
    "email",
)


_DIMENSIONS = "dimensionSetLines"


def _lines(price: str) -> Projection:
    return Projection((*_LINE, price), {_DIMENSIONS: Projection(("code", "valueCode"), ordered_by="code")}, "sequence")


PROJECTIONS: Mapping[str, Projection] = {
    SALES_INVOICES: Projection(
        (*_SALES, "invoiceDate", "dueDate", "customerPurchaseOrderReference", "orderNumber"),
        {"salesInvoiceLines": _lines("unitPrice")},
    ),
    SALES_ORDERS: Projection((*_SALES, "orderDate", "requestedDeliveryDate"), {"salesOrderLines": _lines("unitPrice")}),
    PURCHASE_ORDERS: Projection(
        (
            *("number", "vendorNumber", "vendorName", "orderDate", "requestedReceiptDate", "purchaser"),
            *("buyFromAddressLine1", "buyFromAddressLine2", "buyFromCity", "buyFromState", "buyFromPostCode"),
            *("buyFromCountry", *_SHIP_TO, *_MONEY),
        ),
        {"purchaseOrderLines": _lines("directUnitCost")},
    ),
}
"""The business fields of each set. Not in them, on purpose: status, payment (remainingAmount, promisedPayDate, dispute), posting
date, shipped, received and invoiced quantities, etags and stamps, our reference, and the lines' shipmentDate and
expectedReceiptDate, which no document of ours shows and which the answer to an order changes. Cancelling counts apart."""

_DATES = {SALES_INVOICES: "invoiceDate", SALES_ORDERS: "orderDate", PURCHASE_ORDERS: "orderDate"}
CANCELED = "Canceled"


@cache
def hashing_of(entity: str, with_dimensions: bool = True) -> RecordHashing:
    """By the declared projection, our own reference left out.

    with_dimensions: False for a record that was read without its dimensions, by an application that may not read them. Its hash is
    one of the release before there were any, so that it is no change when they become known.
    """
    projection = PROJECTIONS[entity]

    def before_dimensions(*names: str) -> Projection:
        lines = {name: Projection(part.without(*names).fields, {}, part.ordered_by) for name, part in projection.parts.items()}
        return projection.without(**lines)

    earlier = (before_dimensions(_VARIANT), before_dimensions())
    return RecordHashing(entity, projection if with_dimensions else earlier[-1], earlier, prepared=_without_our_reference)


def header_of(entity: str, record: Record, reference_field: str) -> RecordHeader:
    """Read without judging: a record that makes no sense is refused when it is mapped, not while it is fetched."""
    lines = _lines_of(record)
    hashing = hashing_of(entity, all(_DIMENSIONS in line for line in lines))
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=str(record.get("number") or record["id"]),
        date=_day(record.get(_DATES[entity])),
        partner_code=str(record.get("vendorNumber" if entity == PURCHASE_ORDERS else "customerNumber") or ""),
        content_hash=hashing.of(record),
        projection=hashing.version,
        cancelled=entity == SALES_INVOICES and option(record.get("status")) == CANCELED,
        correlation_reference=reference_in(record, reference_field),
        line_count=sum(1 for line in lines if option(line.get("lineType")) != COMMENT),
        amount=_amount(record.get("totalAmountIncludingTax")),
        currency=str(record.get("currencyCode") or ""),
    )


def _lines_of(record: Record) -> list[Mapping[str, Any]]:
    return [row for name, rows in record.items() if name.endswith("Lines") and isinstance(rows, list) for row in rows]


def _without_our_reference(record: Record) -> Record:
    if not reference_in(record, "comment_line") and not is_reference(str(record.get("shipToContact") or "")):
        return record
    kept = dict(record)
    for name, rows in record.items():
        if name.endswith("Lines") and isinstance(rows, list):
            kept[name] = [row for row in rows if not is_reference(str(row.get("description") or ""))]
    if is_reference(str(record.get("shipToContact") or "")):
        kept["shipToContact"] = ""
    return kept


def _day(value: Any) -> dt.date | None:
    """None where it cannot be read: the mapping then says what it is, and a person looks."""
    try:
        return day_of(value)
    except ValueError:
        return None


def _amount(value: Any) -> Decimal | None:
    try:
        return None if value is None else decimal_from_json(value)
    except (InvalidOperation, ValueError, TypeError):
        return None
