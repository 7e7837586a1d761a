"""What the sandbox tells about itself: what clients created and changed, what came twice, and what a pipeline should read."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.schema import KINDS, LINE_SETS, Values
from mlconn_simulators.odata.json_text import plain_number

SOURCES = ("salesInvoices", "purchaseOrders", "salesShipments")
"""The sets whose documents a pipeline is expected to read."""


class Journal:
    """Everything that came over the API, in order."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._created: list[tuple[Record, dict[str, Any]]] = []
        self.updated: list[dict[str, Any]] = []

    def created(self, record: Record, body: Values) -> None:
        """body: as it came, field by field."""
        entry: dict[str, Any] = {"set": record.set_name, "id": record.id, "at": self._company.stamp()}
        for name in ("number", "customerNumber", "vendorNumber", "externalDocumentNumber", "documentId"):
            if name in record.values:
                entry[name] = record.values[name]
        if record.set_name in KINDS:
            entry |= {"lines": [line_facts(line) for line in self._company.lines_of(record)], **amounts(record)}
        self._created.append((record, entry | {"body": plain(body)}))

    def changed(self, record: Record, action: str, body: Values) -> None:
        """action: patch, delete or the name of a bound action."""
        self.updated.append(
            {"set": record.set_name, "id": record.id, "action": action, "body": plain(body), "at": self._company.stamp()}
        )

    def created_entries(self, bodies: bool) -> list[dict[str, Any]]:
        """removed: the record is not there any more."""
        entries = []
        for record, entry in self._created:
            removed = record.id not in self._company.sets[record.set_name].records
            shown = entry if bodies else {name: value for name, value in entry.items() if name != "body"}
            entries.append(shown | {"removed": removed})
        return entries

    def business_duplicates(self) -> list[dict[str, Any]]:
        """Documents that clients stored more than once with one party and one external number, those deleted again left out."""
        seen: Counter[tuple[str, str, str]] = Counter()
        for entry in self.created_entries(False):
            number = entry.get("externalDocumentNumber")
            if number and not entry["removed"]:
                seen[entry["set"], entry.get("customerNumber", ""), number] += 1
        return [
            {"set": set_name, "customerNumber": party, "externalDocumentNumber": number, "times": times}
            for (set_name, party, number), times in seen.items()
            if times > 1
        ]


def amounts(record: Record) -> dict[str, Any]:
    values = record.values
    return {
        "total": plain_number(values["totalAmountIncludingTax"]),
        "net": plain_number(values["totalAmountExcludingTax"]),
        "tax": plain_number(values["totalTaxAmount"]),
        "iso": values["currencyCode"],
    }


def line_facts(line: Record) -> dict[str, Any]:
    values = line.values
    price = values["unitPrice" if "unitPrice" in values else "directUnitCost"]
    return {
        "sequence": values["sequence"],
        "type": values["lineType"],
        "item": values["lineObjectNumber"],
        "quantity": plain_number(values["quantity"]),
        "unit": values["unitOfMeasureCode"],
        "price": plain_number(price),
    }


def source(company: Company) -> dict[str, list[dict[str, Any]]]:
    """Every document of the sets that a pipeline reads. posted: what no property of an invoice tells."""
    return {name: [_source_entry(company, record) for record in company.sets[name]] for name in SOURCES}


def _source_entry(company: Company, record: Record) -> dict[str, Any]:
    values = record.values
    entry: dict[str, Any] = {"id": record.id, "number": values["number"], "updated": values["lastModifiedDateTime"]}
    for name in ("customerNumber", "vendorNumber", "externalDocumentNumber", "orderNumber", "status", "postingDate"):
        if name in values:
            entry[name] = values[name]
    if "totalAmountIncludingTax" in values:
        entry |= amounts(record)
    lines = company.sets[LINE_SETS[record.set_name]].all_with("documentId", record.id)
    return entry | {"posted": record.posted, "over_api": record.over_api, "lines": len(lines)}


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
