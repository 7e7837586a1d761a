"""How an order is named, how its confirmations follow each other, and where a composed record keeps its parts.

Connector and mapping must agree to the letter. A composed record is the header as the server returned it, with its lines, the
confirmations of the order and the order's own header beside its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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


def confirmation_rank(row: Mapping[str, Any]) -> tuple[str, int, str]:
    """What orders the confirmations of one order: day, then the number's last digits (`BRMF-000018-10` after `-9`)."""
    number = str(row.get("ConfirmationNumber") or "")
    digits = _TRAILING_NUMBER.search(number)
    return str(row.get("ConfirmationDate") or "")[:10], int(digits[1]) if digits else 0, number


def stamp_of(row: Mapping[str, Any]) -> str:
    """`2026-01-05|BRMF-000018-2`, the latest confirmation's day and number; sorts by day. Confirmations bear no time of day."""
    return f"{str(row.get('ConfirmationDate') or '')[:10]}|{row.get('ConfirmationNumber') or ''}"


def newest_of(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last confirmation of an order's."""
    return max(rows, key=confirmation_rank)


def first_of(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first confirmation of an order's."""
    return min(rows, key=confirmation_rank)
