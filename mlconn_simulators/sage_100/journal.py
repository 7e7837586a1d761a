"""What came over the interface, in order, and what of it came twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.sage_100.clock import ServerClock
from mlconn_simulators.sage_100.layouts import Row
from mlconn_simulators.sage_100.store import Company, Key

LINES_OF = {
    "PO_PurchaseOrderHeader": (
        "PO_PurchaseOrderDetail",
        ("LineKey$", "ItemCode$", "QuantityOrdered", "UnitCost", "WarehouseCode$"),
    ),
    "PO_ReceiptHeader": ("PO_ReceiptDetail", ("LineKey$", "OrderLineKey$", "ItemCode$", "QuantityReceived", "WarehouseCode$")),
    "AP_InvoiceHeader": ("AP_InvoiceDetail", ("LineKey$", "AccountKey$", "DistributionAmt")),
}
HISTORY_OF = {"PO_PurchaseOrderHeader": "PO_PurchaseOrderHistoryHeader", "PO_ReceiptHeader": "PO_ReceiptHistoryHeader",
              "AP_InvoiceHeader": "AP_InvoiceHistoryHeader"}  # fmt: skip


@dataclass(frozen=True)
class Written:
    table: str
    key: Key
    new: bool
    at: str


class Journal:
    """Writes of clients only: what people enter at their screens does not count."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self.written: list[Written] = []

    def wrote(self, table: str, key: Key, new: bool, by_people: bool) -> None:
        if not by_people:
            self.written.append(Written(table, key, new, self._clock.local().isoformat(timespec="seconds")))

    def created_entries(self, company: Company) -> list[dict[str, Any]]:
        """Documents that clients made, as they stand now: entered or posted by then."""
        return [_entry(company, each) for each in self.written if each.new]

    def changed_entries(self) -> list[dict[str, Any]]:
        return [{"table": each.table, "key": list(each.key), "at": each.at} for each in self.written if not each.new]

    def business_duplicates(self, company: Company) -> list[dict[str, Any]]:
        """Documents of one vendor and order that were made more than once with one reference."""
        seen = Counter(
            (entry["table"], entry["vendor"], entry["order"], entry["reference"])
            for entry in self.created_entries(company)
            if entry["reference"]
        )
        names = ("table", "vendor", "order", "reference")
        return [dict(zip(names, key, strict=True)) | {"times": times} for key, times in seen.items() if times > 1]


def _entry(company: Company, written: Written) -> dict[str, Any]:
    row, posted = company[written.table].rows.get(written.key), False
    if row is None:
        row, posted = _in_history(company, written), True
    order = "" if written.table == "PO_PurchaseOrderHeader" else row.get("PurchaseOrderNo$", "")
    told: dict[str, Any] = {
        "table": written.table,
        "key": list(written.key),
        "vendor": f"{row.get('APDivisionNo$', '')}-{row.get('VendorNo$', '')}",
        "order": order,
        "reference": row.get("Comment$", ""),
        "posted": posted,
        "at": written.at,
    }
    if written.table in LINES_OF and not posted:
        table, names = LINES_OF[written.table]
        told["lines"] = [{name: line[name] for name in names} for line in company[table].under(*written.key)]
    return told


def _in_history(company: Company, written: Written) -> Row:
    """Where it went; an empty row if it was deleted."""
    name = HISTORY_OF.get(written.table)
    if name is None:
        return {}
    keys = company[written.table].layout.keys
    rows = company[name].rows.values()
    return next((row for row in rows if tuple(row[key] for key in keys) == written.key), {})
