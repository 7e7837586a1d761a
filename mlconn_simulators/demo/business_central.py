"""The demo's Business Central: posted invoices and released purchase orders go out, customers' orders come in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from mlconn_simulators.demo.description import DemoSystem, Described, ErpBooks, Line, PostedDocument, SourceDocument, number
from mlconn_simulators.demo.reading import odata_records, state

KIND, INTEGRATION = "business_central", "acme_bc"
_SETS = {"x12_810": "salesInvoices", "x12_850": "purchaseOrders"}
_LINES = {"x12_810": "salesInvoiceLines", "x12_850": "purchaseOrderLines"}
_DATES = {"x12_810": "invoiceDate", "x12_850": "orderDate"}
_RELEASED = "Open"
"""What the API says of a purchase order that was released; one that is worked on is a Draft."""


def _erp(described: Described) -> dict[str, Any]:
    said, entra = described[KIND], described["entra"]
    return {
        "kind": KIND,
        "url": said["url"],
        "authority": entra["url"],
        "tenant": entra["tenant"],
        "environment": said["environment"],
        "company": said["company"],
        "orders_sent": "purchaseOrders",
    }


def _credential(described: Described) -> dict[str, str]:
    return {"client_id": described["entra"]["client_id"], "client_secret": described["entra"]["client_secret"]}


def _partner(partner: Mapping[str, Any], described: Described) -> dict[str, Any]:
    """Business Central keeps neither the partners' own item numbers nor ship-to codes: the partner's file has both."""
    items = {
        theirs: item["code"]
        for item in described["world"]["items"]
        if item["active"] and (theirs := item["partner_numbers"].get(partner["name"]))
    }
    ship_to = {address["location_number"]: partner["customer_code"] for address in partner["addresses"]}
    return {
        "units": dict(described[KIND]["unit_codes"]),
        "items": items,
        "ship_to": ship_to if partner["customer_code"] else {},
    }


def _books(described: Described) -> ErpBooks:
    told = state(described[KIND]["state"])
    sources = []
    for flow, name in _SETS.items():
        records = _records(described, flow)
        for entry in told["source"][name]:
            if _due(flow, entry) and (record := records.get(entry["id"])) is not None:
                sources.append(_source(flow, entry, record))
    orders = [entry for entry in told["created"] if entry["set"] == "salesOrders" and not entry["removed"]]
    return ErpBooks(sources, [_posted(entry) for entry in orders], len(told["business_duplicates"]))


def _due(flow: str, entry: Mapping[str, Any]) -> bool:
    return bool(entry["posted"]) if flow == "x12_810" else entry["status"] == _RELEASED


def _source(flow: str, entry: Mapping[str, Any], record: Mapping[str, Any]) -> SourceDocument:
    lines = [
        Line(quantity, number(line["amountExcludingTax"]) / quantity)
        for line in record[_LINES[flow]]
        if line["lineType"] != "Comment" and (quantity := number(line["quantity"]))
    ]
    total = number(entry["total"]) if flow == "x12_810" else None
    return SourceDocument(flow, entry["id"], entry["number"], dt.date.fromisoformat(record[_DATES[flow]]), lines, total)


def _posted(entry: Mapping[str, Any]) -> PostedDocument:
    items = [line for line in entry["lines"] if line["type"] == "Item"]
    value = sum((number(line["quantity"]) * number(line["price"]) for line in items), number(0))
    return PostedDocument("850", str(entry["externalDocumentNumber"]).upper(), len(items), value)


def _records(described: Described, flow: str) -> dict[str, Mapping[str, Any]]:
    """All documents of a set with their lines, by id."""
    said = described[KIND]
    url = f"{said['api']}/companies({said['company_id']})/{_SETS[flow]}"
    found = odata_records(described["entra"], said["scope"], url, {"$expand": _LINES[flow]})
    return {str(record["id"]): record for record in found}


BUSINESS_CENTRAL = DemoSystem(
    kind=KIND,
    integration=INTEGRATION,
    share=24,
    sends={"x12_810": "810", "x12_850": "850"},
    posts=frozenset({"850"}),
    erp=_erp,
    credential=_credential,
    books=_books,
    partner=_partner,
    partner_suffix="_bc",
)
