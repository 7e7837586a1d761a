"""The demo's Finance & Operations: confirmed purchase orders go out, vendors' invoices come in."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from mlconn_simulators.demo.description import DemoSystem, Described, ErpBooks, Line, PostedDocument, SourceDocument, number
from mlconn_simulators.demo.reading import done, odata_records, state

KIND, INTEGRATION = "finance_operations", "acme_fo"
_CONFIRMATIONS, _LINES = "PurchaseOrderConfirmationHeaders", "PurchaseOrderConfirmationLines"
_CANCELED = "Canceled"


def _erp(described: Described) -> dict[str, Any]:
    said, entra = described[KIND], described["entra"]
    return {
        "kind": KIND,
        "url": said["url"],
        "company": said["default_company"],
        "authority": entra["url"],
        "tenant": entra["tenant"],
    }


def _credential(described: Described) -> dict[str, str]:
    return {"client_id": described["entra"]["client_id"], "client_secret": described["entra"]["client_secret"]}


def _partner(partner: Mapping[str, Any], described: Described) -> dict[str, Any]:
    return {"units": dict(described[KIND]["unit_codes"])}


def _books(described: Described) -> ErpBooks:
    said = described[KIND]
    told = state(said["state"])
    lines: dict[tuple[str, str], list[Line]] = defaultdict(list)
    query = {"cross-company": "true", "$filter": f"dataAreaId eq '{said['default_company']}'"}
    for record in odata_records(described["entra"], said["scope"], f"{said['data']}/{_LINES}", query):
        if (quantity := number(record["OrderedPurchaseQuantity"])) and record.get("PurchaseOrderLineStatus") != _CANCELED:
            line = Line(quantity, number(record["LineAmount"]) / quantity)
            lines[record["PurchaseOrderNumber"], record["ConfirmationNumber"]].append(line)
    by_order: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in told["source"][_CONFIRMATIONS]:
        if entry["dataAreaId"] == said["default_company"]:
            by_order[entry["PurchaseOrderNumber"]].append(entry)
    sources = []
    for order, confirmations in by_order.items():
        confirmations.sort(key=lambda entry: (entry["ConfirmationDate"], entry["ConfirmationNumber"]))
        day = dt.date.fromisoformat(confirmations[0]["ConfirmationDate"][:10])
        last = confirmations[-1]
        key = f"{last['dataAreaId']}|{order}"
        sources.append(SourceDocument("x12_850", key, order, day, lines[order, last["ConfirmationNumber"]]))
    posted = [
        PostedDocument("810", str(entry["InvoiceNumber"]).upper(), len(entry["lines"]), number(entry["net"]))
        for entry in told["vendor_invoices"]
    ]
    return ErpBooks(sources, posted, len(told["business_duplicates"]))


def _tells(described: Described, address: str, secret: str) -> None:
    """Its endpoints can set no header, so that the secret ends the address."""
    said = described[KIND]
    done(said["state"], "endpoints", url=f"{address}/{secret}", companies=[said["default_company"]])


FINANCE_OPERATIONS = DemoSystem(
    kind=KIND,
    integration=INTEGRATION,
    share=16,
    sends={"x12_850": "850"},
    posts=frozenset({"810"}),
    erp=_erp,
    credential=_credential,
    books=_books,
    tells=_tells,
    partner=_partner,
    partner_suffix="_fo",
    suppliers_only=True,
)
