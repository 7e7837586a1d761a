"""The demo's SAP Business One: invoices, purchase orders and delivery notes go out, customers' orders come in."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import httpx

from mlconn_simulators.demo.description import DemoSystem, Described, ErpBooks, Line, PostedDocument, SourceDocument, number
from mlconn_simulators.demo.reading import TIMEOUT_S, answered, state

KIND, INTEGRATION = "sap_business_one", "acme"
_ENTITIES = {"x12_810": "Invoices", "x12_850": "PurchaseOrders", "x12_856": "DeliveryNotes"}


def _erp(described: Described) -> dict[str, Any]:
    said = described[KIND]
    return {"kind": KIND, "url": said["url"], "company_db": said["company_db"], "order_target": "Orders"}


def _credential(described: Described) -> dict[str, str]:
    return {"username": described[KIND]["user"], "password": described[KIND]["password"]}


def _books(described: Described) -> ErpBooks:
    told = state(described[KIND]["state"])
    records = _records(described)
    sources = [
        _source(flow, entry, records[entity][str(entry["DocEntry"])])
        for flow, entity in _ENTITIES.items()
        for entry in told["source"][entity]
    ]
    posted = [_posted(record) for record in told["created"] if not record.get("removed")]
    return ErpBooks(sources, posted, len(told["business_duplicates"]))


def _source(flow: str, entry: Mapping[str, Any], record: Mapping[str, Any]) -> SourceDocument:
    priced = flow != "x12_856"
    return SourceDocument(
        flow,
        str(entry["DocEntry"]),
        str(entry["DocNum"]),
        dt.date.fromisoformat(entry["date"]),
        [Line(number(line["Quantity"]), number(line["Price"]) if priced else None) for line in record["DocumentLines"]],
        number(entry["total"]) if flow == "x12_810" else None,
        ours=str(entry.get("reference") or "").startswith(f"{INTEGRATION}:{_ENTITIES[flow]}:"),
    )


def _posted(record: Mapping[str, Any]) -> PostedDocument:
    lines = record["lines"]
    value = sum((number(line["quantity"]) * number(line["price"]) for line in lines), number(0))
    return PostedDocument("850", str(record["NumAtCard"]).upper(), len(lines), value)


def _records(described: Described) -> dict[str, dict[str, Mapping[str, Any]]]:
    """All documents with their lines, by entity and key, read by a client that shares no code with the product's."""
    with httpx.Client(timeout=TIMEOUT_S) as http:
        cookies = _signed_in(described, http)
        return {entity: _all(http, f"{described[KIND]['url']}/{entity}", cookies) for entity in _ENTITIES.values()}


def _signed_in(described: Described, http: httpx.Client) -> str:
    """The session's cookies."""
    said = described[KIND]
    signed_in = http.post(
        f"{said['url']}/Login",
        json={"CompanyDB": said["company_db"], "UserName": said["user"], "Password": said["password"]},
    )
    signed_in.raise_for_status()
    return "; ".join(f"{name}={value}" for name, value in signed_in.cookies.items())


def _all(http: httpx.Client, url: str, cookies: str) -> dict[str, Mapping[str, Any]]:
    headers = {"Cookie": cookies, "Prefer": "odata.maxpagesize=200"}
    found: dict[str, Mapping[str, Any]] = {}
    last = 0
    while True:
        query = {"$select": "DocEntry,DocNum,DocumentLines", "$filter": f"DocEntry gt {last}", "$orderby": "DocEntry"}
        page = answered(http, url, query, headers)["value"]
        if not page:
            return found
        found |= {str(record["DocEntry"]): record for record in page}
        last = page[-1]["DocEntry"]


def _tells(described: Described, address: str, secret: str) -> None:
    """One webhook for all document types, signed, as an administrator subscribes to it."""
    changes = ("Created", "Updated", "Cancelled", "Closed")
    wanted = [{"BusinessObject": entity, "TransactionType": change} for entity in _ENTITIES.values() for change in changes]
    subscription = {
        "WebhookID": "mlconn",
        "WebhookURL": address,
        "AuthenticationType": "HMAC",
        "AuthenticationCred": json.dumps({"Key": secret, "Algorithm": "HMACSha256"}),
        "Handshake": "tYES",
        "EventCollection": wanted,
    }
    with httpx.Client(timeout=TIMEOUT_S) as http:
        url, headers = described[KIND]["url"], {"Cookie": _signed_in(described, http)}
        admin = {"AdminInfo": {"EnableWebhook": "tYES"}}
        http.post(f"{url}/CompanyService_UpdateAdminInfo", json=admin, headers=headers).raise_for_status()
        http.post(f"{url}/EventSubscriptions", json=subscription, headers=headers).raise_for_status()


SAP_BUSINESS_ONE = DemoSystem(
    kind=KIND,
    integration=INTEGRATION,
    share=60,
    sends={"x12_810": "810", "x12_850": "850", "x12_856": "856"},
    posts=frozenset({"850"}),
    erp=_erp,
    credential=_credential,
    books=_books,
    tells=_tells,
)
