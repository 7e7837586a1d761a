"""Both sides compared: what the simulated systems hold and received, against what the ledger says. Pure, over plain JSON."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.cli.demo.report import FlowReport
from mlconn_pipelines.flows.ports.reports import Standing

SOURCES = {"x12_810": ("Invoices", "810"), "x12_850": ("PurchaseOrders", "850"), "x12_856": ("DeliveryNotes", "856")}
"""Flow to the entity it reads and the set it sends."""

AT_THE_TARGET = frozenset({"sent", "accepted", "accepted_with_errors", "rejected_by_partner"})
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class BothSides:
    """erp, partner: `/_sandbox/state` of each. records: whole source documents by entity and key, with lines."""

    erp: Mapping[str, Any]
    partner: Mapping[str, Any]
    records: Mapping[str, Mapping[str, Mapping[str, Any]]]


def compare_outbound(
    report: FlowReport, sides: BothSides, standings: Iterable[Standing], integration: str, send_from: dt.date
) -> None:
    """Count what the source has and nobody got, what partners got twice, and compare amounts and lines of what they got."""
    entity, set_id = SOURCES[report.flow]
    by_key = {standing.source_key: standing for standing in standings}
    arrived: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for received in sides.partner["received"]:
        if received["set_id"] == set_id:
            arrived[received["partner"], received["business_number"]].append(received)
    report.duplicates += _twice(sides.partner, {set_id})
    for source in sides.erp["source"][entity]:
        if dt.date.fromisoformat(source["date"]) < send_from:
            continue
        if str(source.get("reference") or "").startswith(f"{integration}:{entity}:"):
            continue  # ours: an inbound order that must not go out again
        standing = by_key.get(str(source["DocEntry"]))
        if standing is None:
            report.lost += 1
            continue
        if standing.state not in AT_THE_TARGET:
            continue
        there = arrived.get((standing.partner, standing.business_number), [])
        if not there:
            report.lost += 1
            continue
        report.compared += 1
        report.differences += _differences(report.flow, source, sides.records[entity].get(str(source["DocEntry"])), there[0])


def compare_inbound(report: FlowReport, sides: BothSides, standings: Sequence[Standing], files: Mapping[str, str]) -> None:
    """Count what partners sent and nobody has, what came into the ERP twice, and compare posted orders with the 850s."""
    report.duplicates += len(sides.erp["business_duplicates"])
    report.duplicates += _twice(sides.partner, {"824"})
    known: Counter[tuple[str, str]] = Counter((s.partner, s.set_id) for s in standings if s.direction == "inbound")
    posted = {(s.partner, s.business_number): s for s in standings if s.set_id == "850" and s.state == "posted"}
    created: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in sides.erp["created"]:
        if not record.get("removed"):
            created[str(record["NumAtCard"])].append(record)
    sent_count: Counter[tuple[str, str]] = Counter()
    compared: set[tuple[str, str]] = set()
    for sent in sides.partner["sent"]:
        if sent["file"] not in files:
            report.lost += 1
            continue
        if files[sent["file"]] == "set_aside":
            continue
        sent_count[sent["partner"], sent["set_id"]] += 1
        key = (sent["partner"], sent["business_number"])
        if sent["set_id"] != "850" or key not in posted or key in compared:
            continue
        compared.add(key)
        records = created.get(sent["business_number"], [])
        if not records:
            report.lost += 1
            continue
        report.compared += 1
        report.differences += _posted_differences(sent, records[0])
    for kind, count in sent_count.items():
        report.lost += max(0, count - known[kind])


def _twice(partner: Mapping[str, Any], sets: set[str]) -> int:
    """Documents that partners got more than once, by control number or by business number; a 997 may repeat by design."""
    pairs = {
        (entry["partner"], entry["file"])
        for entry in partner["business_duplicates"]
        if entry["set_id"] in sets and entry["first_file"] != entry["file"]
    }
    pairs |= {
        (entry["partner"], entry["file"]) for entry in partner["duplicates_by_control_number"] if set(entry["set_ids"]) & sets
    }
    return len(pairs)


def _differences(
    flow: str, source: Mapping[str, Any], record: Mapping[str, Any] | None, received: Mapping[str, Any]
) -> list[str]:
    name = f"{flow} {source['DocNum']}"
    said = []
    if flow == "x12_810" and (there := _money(received["total"])) != (here := _money(source["total"])):
        said.append(f"{name}: the invoice is over {here}, the 810 over {there}")
    lines = received["detail"]["lines"]
    if record is not None:
        ours = [(_number(line["Quantity"]), _number(line["Price"])) for line in record["DocumentLines"]]
        priced = flow != "x12_856"
        theirs = [(_number(line["quantity"]), _number(line["price"]) if priced else None) for line in lines]
        ours_shown = [(quantity, price if priced else None) for quantity, price in ours]
        if sorted(map(str, ours_shown)) != sorted(map(str, theirs)):
            said.append(f"{name}: lines in the ERP {ours_shown[:6]}, lines that arrived {theirs[:6]}")
    elif len(lines) != source["lines"]:
        said.append(f"{name}: {source['lines']} lines in the ERP, {len(lines)} arrived")
    return said


def _posted_differences(sent: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    name = f"850 {sent['business_number']}"
    said = []
    if len(record["lines"]) != len(sent["lines"]):
        said.append(f"{name}: {len(sent['lines'])} lines ordered, {len(record['lines'])} in the ERP")
    ordered, stored = _value(sent["lines"]), _value(record["lines"])
    if abs(ordered - stored) > _CENT * len(sent["lines"]):
        said.append(f"{name}: ordered for {ordered}, in the ERP {stored}")
    return said


def _value(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return _money(sum((_number(line["quantity"]) * _number(line["price"]) for line in lines), Decimal()))


def _money(value: Any) -> Decimal:
    return _number(value).quantize(_CENT, ROUND_HALF_UP)


def _number(value: Any) -> Decimal:
    return Decimal(str(value if value is not None else 0)).normalize()
