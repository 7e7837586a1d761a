"""The demo's Sage 100: purchase orders go out, receipts and invoices come in, all of it through the agent beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlconn_simulators.demo.description import DemoSystem, Described, ErpBooks, Line, PostedDocument, SourceDocument, number
from mlconn_simulators.demo.reading import state

KIND, INTEGRATION, AGENT = "sage_100", "acme_sage", "warehouse"
_SENT = ("S", "D")
"""Standard and drop-ship orders; requests for quote and master orders are no orders yet."""
_BESIDE = ("3", "4")
"""Item types of lines that order nothing: a charge, a comment."""


def _erp(described: Described) -> dict[str, Any]:
    said = described[KIND]
    return {"kind": KIND, "agent": AGENT, "company": said["company"], "time_zone": said["time_zone"]}


def _partner(partner: Mapping[str, Any], described: Described) -> dict[str, Any]:
    return {"units": dict(described[KIND]["unit_codes"]), "supplier_codes": [f"00-{partner['supplier_code']}"]}


def _books(described: Described) -> ErpBooks:
    told = state(described[KIND]["state"])
    sources = [
        SourceDocument(
            "x12_850",
            order["PurchaseOrderNo$"],
            order["PurchaseOrderNo$"],
            dt.datetime.strptime(order["PurchaseOrderDate$"], "%Y%m%d").date(),
            [
                Line(number(line["QuantityOrdered"]), number(line["UnitCost"]))
                for line in order["detail"]
                if line["ItemType$"] not in _BESIDE
            ],
        )
        for order in told["source"]["orders"]
        if order["OrderType$"] in _SENT
    ]
    posted = [
        PostedDocument(
            "810",
            str(entry["key"][2]).upper(),
            len(entry["lines"]),
            sum((number(line["DistributionAmt"]) for line in entry["lines"]), Decimal()),
        )
        for entry in told["created"]
        if entry["table"] == "AP_InvoiceHeader" and not entry["posted"]
    ]
    return ErpBooks(sources, posted, len(told["business_duplicates"]))


SAGE_100 = DemoSystem(
    kind=KIND,
    integration=INTEGRATION,
    share=12,
    sends={"x12_850": "850"},
    posts=frozenset({"810"}),
    erp=_erp,
    credential=lambda described: {},
    books=_books,
    partner=_partner,
    partner_suffix="_sage",
    suppliers_only=True,
    agent=AGENT,
)
