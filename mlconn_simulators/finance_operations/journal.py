"""What the sandbox tells about itself: what clients created and changed, what came twice, and what a pipeline should read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

from mlconn_simulators.finance_operations.schema import Values
from mlconn_simulators.finance_operations.store import Record, Store
from mlconn_simulators.finance_operations.vendor_invoices import VendorInvoices
from mlconn_simulators.odata.json_text import plain_number
from mlconn_simulators.utc_clock import UtcClock

_HEADERS, _LINES = "VendorInvoiceHeaders", "VendorInvoiceLines"


class Journal:
    """Everything that came over the API, in order."""

    def __init__(self, store: Store, invoices: VendorInvoices, clock: UtcClock) -> None:
        self._store, self._invoices, self._clock = store, invoices, clock
        self._created: list[tuple[Record, dict[str, Any]]] = []
        self.updated: list[dict[str, Any]] = []

    def created(self, set_name: str, record: Record, body: Values) -> None:
        """body: as it came, field by field."""
        entry = {"set": set_name, "key": plain(list(record.key)), "at": self._now(), "body": plain(body)}
        self._created.append((record, entry))

    def changed(self, set_name: str, record: Record, action: str, body: Values) -> None:
        """action: patch or delete."""
        entry = {"set": set_name, "key": plain(list(record.key)), "action": action, "body": plain(body), "at": self._now()}
        self.updated.append(entry)

    def created_entries(self, bodies: bool) -> list[dict[str, Any]]:
        """removed: the record is not there any more, posted invoices among them."""
        entries = []
        for record, entry in self._created:
            removed = self._store.sets[entry["set"]].find(*record.key) is not record
            shown = entry if bodies else {name: value for name, value in entry.items() if name != "body"}
            entries.append(shown | {"removed": removed})
        return entries

    def vendor_invoices(self) -> list[dict[str, Any]]:
        """Each invoice that clients made and that is there, pending or posted, with its lines."""
        pending = [
            (record.values, [line.values for line in self._store.sets[_LINES].beginning_with(*record.key)], False)
            for record in self._store.sets[_HEADERS]
            if record.over_api
        ]
        posted = [(entry["header"], entry["lines"], True) for entry in self._invoices.posted if entry["over_api"]]
        return [_invoice_entry(header, lines, is_posted) for header, lines, is_posted in (*pending, *posted)]

    def business_duplicates(self) -> list[dict[str, Any]]:
        """Invoices of clients that are there more than once with one vendor and number."""
        seen = Counter(
            (entry["dataAreaId"], entry["InvoiceAccount"], entry["InvoiceNumber"]) for entry in self.vendor_invoices()
        )
        names = ("dataAreaId", "InvoiceAccount", "InvoiceNumber")
        return [dict(zip(names, key, strict=True)) | {"times": times} for key, times in seen.items() if times > 1]

    def _now(self) -> str:
        return self._clock.now().astimezone(dt.UTC).isoformat(timespec="milliseconds")


def _invoice_entry(header: Values, lines: list[Values], posted: bool) -> dict[str, Any]:
    names = (
        "dataAreaId",
        "HeaderReference",
        "InvoiceNumber",
        "InvoiceAccount",
        "InvoiceDate",
        "Currency",
        "PurchaseOrderNumber",
    )
    line_names = (
        "InvoiceLineNumber",
        "ItemNumber",
        "ReceiveNow",
        "Unit",
        "UnitPrice",
        "NetAmount",
        "PurchaseOrder",
        "PurchLineNumber",
    )
    facts = [{name: plain(line[name]) for name in line_names} for line in lines]
    net = sum((line["NetAmount"] for line in lines), Decimal(0))
    return {name: header[name] for name in names} | {"lines": facts, "net": plain_number(net), "posted": posted}


def source(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every confirmation and every order, as a pipeline is expected to read them."""
    orders = []
    for record in store.sets["PurchaseOrderHeadersV2"]:
        names = ("dataAreaId", "PurchaseOrderNumber", "OrderVendorAccountNumber", "PurchaseOrderStatus", "DocumentApprovalStatus",
                 "CurrencyCode")  # fmt: skip
        orders.append({name: record.values[name] for name in names} | {"over_api": record.over_api})
    confirmations = []
    for record in store.sets["PurchaseOrderConfirmationHeaders"]:
        names = (
            "dataAreaId",
            "PurchaseOrderNumber",
            "ConfirmationNumber",
            "ConfirmationDate",
            "OrderVendorAccountNumber",
            "CurrencyCode",
        )
        entry = {name: record.values[name] for name in names}
        lines = store.sets["PurchaseOrderConfirmationLines"].beginning_with(*record.key)
        confirmations.append(entry | {"total": plain_number(record.values["TotalConfirmedAmount"]), "lines": len(lines)})
    return {"PurchaseOrderHeadersV2": orders, "PurchaseOrderConfirmationHeaders": confirmations}


def plain(value: Any) -> Any:
    """Decimals as text, for the JSON of the sandbox's own pages."""
    match value:
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case Decimal():
            return plain_number(value)
    return value
