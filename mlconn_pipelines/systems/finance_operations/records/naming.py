"""How an order is named, how its confirmations follow each other, and where a composed record keeps its parts.

Connector and mapping must agree to the letter. A composed record is the header as the server returned it, with its lines, the
confirmations of the order and the order's own header beside its fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

ORDERS, ORDER_LINES = "PurchaseOrderHeadersV2", "PurchaseOrderLinesV2"
CONFIRMATIONS, CONFIRMATION_LINES = "PurchaseOrderConfirmationHeaders", "PurchaseOrderConfirmationLines"
INVOICES, INVOICE_LINES = "VendorInvoiceHeaders", "VendorInvoiceLines"

LINES_OF: Mapping[str, str] = {ORDERS: ORDER_LINES, CONFIRMATIONS: CONFIRMATION_LINES, INVOICES: INVOICE_LINES}
"""The set that holds the lines of each; a composed record keeps them under that name."""

_TRAILING_NUMBER = re.compile(r"(\d+)\D*$")


def key_of(record: Mapping[str, Any]) -> str:
    """Company and order number, as `usmf|000002`. The company is in lower case, whichever way it was written."""
    return f"{str(record['dataAreaId']).lower()}|{record['PurchaseOrderNumber']}"


def order_number_of(key: str) -> str:
    """The order number of a key.

    >>> order_number_of("usmf|PO|7")
    'PO|7'
    """
    return key.partition("|")[2]


def in_order(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The confirmations of one order as they followed each other: by their numbers, which F&O counts up, `-10` after `-9`.

    Their days are people's: one may be dated months ahead or back. They count only where numbers are not of one series.

    >>> days = {"PO1-9": "2027-05-01", "PO1-10": "2026-01-05"}
    >>> [row["ConfirmationNumber"] for row in in_order([{"ConfirmationNumber": n, "ConfirmationDate": d} for n, d in days.items()])]
    ['PO1-9', 'PO1-10']
    """
    known = [(*_counted(str(row.get("ConfirmationNumber") or "")), str(row.get("ConfirmationDate") or "")[:10]) for row in rows]
    same_series = len({series for series, _, _ in known}) == 1
    ranked = sorted(
        zip(known, rows, strict=True),
        key=lambda one: ("" if same_series else one[0][2], one[0][1], one[0][2], one[0][0]),
    )
    return [row for _, row in ranked]


def _counted(number: str) -> tuple[str, int]:
    """What stands before the last digits of a number, and those."""
    digits = _TRAILING_NUMBER.search(number)
    return (number[: digits.start()], int(digits[1])) if digits else (number, 0)


def stamp_of(row: Mapping[str, Any]) -> str:
    """`2026-01-05|BRMF-000018-2`, the latest confirmation's day and number; sorts by day. Confirmations bear no time of day."""
    return f"{str(row.get('ConfirmationDate') or '')[:10]}|{row.get('ConfirmationNumber') or ''}"


def newest_of(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last confirmation of an order's."""
    return in_order(rows)[-1]


def first_of(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first confirmation of an order's."""
    return in_order(rows)[0]
