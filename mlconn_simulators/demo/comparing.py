"""Both sides compared: what the simulated systems hold and received, against what the ledger says. Pure, over what was read."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.flows.ports.reports import Standing
from mlconn_simulators.demo.description import DemoSystem, ErpBooks, Line, SourceDocument, number
from mlconn_simulators.demo.report import FlowReport

AT_THE_TARGET = frozenset({"sent", "accepted", "accepted_with_errors", "rejected_by_partner"})
_CENT = Decimal("0.01")
_PRICE_STEP = Decimal("0.00001")
_LINES_SHOWN_MAX = 6


@dataclass(frozen=True, slots=True)
class BothSides:
    """erp: the ERP's own books. partner: `/_sandbox/state` of its trading partners, in detail."""

    system: DemoSystem
    erp: ErpBooks
    partner: Mapping[str, Any]


def compare_outbound(report: FlowReport, sides: BothSides, standings: Iterable[Standing], send_from: dt.date) -> None:
    """Count what the source has and nobody got, what partners got twice, and compare amounts and lines of what they got."""
    set_id = sides.system.sends[report.flow]
    by_key = {standing.source_key: standing for standing in standings}
    arrived: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for received in sides.partner["received"]:
        if received["set_id"] == set_id:
            arrived[received["partner"], received["business_number"]].append(received)
    report.duplicates += _twice(sides.partner, {set_id})
    for source in sides.erp.sources:
        if source.flow != report.flow or source.date < send_from or source.ours:
            continue
        standing = by_key.get(source.key)
        if standing is None:
            report.lost += 1
            continue
        if standing.state not in AT_THE_TARGET:
            continue
        there = arrived.get((sides.system.partner_named(standing.partner), standing.business_number), [])
        if not there:
            report.lost += 1
            continue
        report.compared += 1
        report.differences += _differences(source, there[0])


def compare_inbound(report: FlowReport, sides: BothSides, standings: Sequence[Standing], files: Mapping[str, str]) -> None:
    """Count what partners sent and nobody has, what came into the ERP twice, and compare records with what was sent."""
    system = sides.system
    report.duplicates += sides.erp.twice
    report.duplicates += _twice(sides.partner, {"824"})
    known = Counter((system.partner_named(one.partner), one.set_id) for one in standings if one.direction == "inbound")
    posted = {
        (system.partner_named(one.partner), one.set_id, one.business_number)
        for one in standings
        if one.set_id in system.posts and one.state == "posted"
    }
    records = {(record.set_id, record.number): record for record in sides.erp.posted}
    sent_count: Counter[tuple[str, str]] = Counter()
    for sent in sides.partner["sent"]:
        if sent["file"] not in files:
            report.lost += 1
            continue
        if files[sent["file"]] == "on_hold":
            continue
        sent_count[sent["partner"], sent["set_id"]] += 1
        key = (sent["partner"], sent["set_id"], sent["business_number"])
        if key not in posted:
            continue
        posted.discard(key)
        record = records.get((sent["set_id"], sent["business_number"].upper()))
        if record is None:
            report.lost += 1
            continue
        report.compared += 1
        report.differences += _posted_differences(sent, record.lines, record.value)
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


def _differences(source: SourceDocument, received: Mapping[str, Any]) -> list[str]:
    name = f"{source.flow} {source.number}"
    said = []
    if source.total is not None and (there := _money(received["total"])) != (here := _money(source.total)):
        said.append(f"{name}: the document is over {here}, what arrived over {there}")
    priced = any(line.price is not None for line in source.lines)
    here_lines = sorted(source.lines, key=_order)
    there_lines = sorted(
        (Line(number(line["quantity"]), number(line["price"]) if priced else None) for line in received["detail"]["lines"]),
        key=_order,
    )
    if len(here_lines) != len(there_lines) or not all(map(_same, here_lines, there_lines)):
        said.append(f"{name}: lines in the ERP {_shown(here_lines)}, lines that arrived {_shown(there_lines)}")
    return said


def _order(line: Line) -> tuple[Decimal, Decimal]:
    return line.quantity, line.price or Decimal()


def _same(here: Line, there: Line) -> bool:
    """The same quantity, and amounts that differ by no more than half a cent and what a price of five decimals cannot show."""
    if here.quantity != there.quantity or (here.price is None) != (there.price is None):
        return False
    if here.price is None or there.price is None:
        return True
    return abs(here.price - there.price) * here.quantity <= _CENT / 2 + _PRICE_STEP * here.quantity


def _shown(lines: Sequence[Line]) -> str:
    shown = [f"{line.quantity:f}" + (f" at {line.price:f}" if line.price is not None else "") for line in lines]
    return ", ".join(shown[:_LINES_SHOWN_MAX]) + (" …" if len(shown) > _LINES_SHOWN_MAX else "")


def _posted_differences(sent: Mapping[str, Any], lines: int, value: Decimal) -> list[str]:
    name = f"{sent['set_id']} {sent['business_number']}"
    said = []
    if lines != len(sent["lines"]):
        said.append(f"{name}: {len(sent['lines'])} lines came, {lines} are in the ERP")
    came = sum((number(line["quantity"]) * number(line["price"]) for line in sent["lines"]), Decimal())
    if abs(came - value) > _CENT * len(sent["lines"]):
        said.append(f"{name}: it came over {_money(came)}, in the ERP are {_money(value)}")
    return said


def _money(value: Any) -> Decimal:
    return number(value).quantize(_CENT, ROUND_HALF_UP)
