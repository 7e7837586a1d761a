"""A backtest's report: bounded however many documents there are, and pages that hold nothing but text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.kinds import Summary
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.backtesting.causes import Change
from mlconn_pipelines.flows.backtesting.deliveries import AROUND, delivered_differences, x12_in
from mlconn_pipelines.flows.backtesting.pages import html, markdown, verdict
from mlconn_pipelines.flows.backtesting.report import DOCUMENTS_MAX, EXAMPLES_MAX, BacktestReport
from mlconn_pipelines.flows.ports.entries import DocumentRow

NOW = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def row(number: int = 1, **changes: Any) -> DocumentRow:
    values: dict[str, Any] = {
        **dict.fromkeys(("source_key", "partner_code", "reason", "reason_code", "responds_to"), ""),
        **dict.fromkeys(("raw", "canonical", "next_attempt_at", "reference_version")),
        **dict.fromkeys(("first_seen_at", "changed_at"), NOW),
        "id": f"D{number:07}",
        "integration": "acme",
        "flow": "x12_810",
        "direction": "outbound",
        "set_id": "810",
        "revision": 1,
        "state": State.SENT,
        "partition": NOW.date(),
        "document_date": NOW.date(),
        "partner": "maxi",
        "business_number": str(number),
        "line_count": 1,
        "amount": Decimal(5),
        "currency": "USD",
        "findings": (),
        "approved": False,
        "preview": False,
        "attempts": 1,
    }
    return DocumentRow(**(values | changes))


def report() -> BacktestReport:
    return BacktestReport("acme", dt.date(2026, 1, 1), dt.date(2026, 1, 31), "0123456789abcdef")


def test_it_stays_small() -> None:
    found = report()
    for number in range(DOCUMENTS_MAX + 50):
        found.count(row(number), Summary(str(number), 1, Decimal(5), "USD"), Summary("", 1, Decimal(6), "USD"), "differing")
        found.add(row(number), "maxi", [Change("changed", "IT104", str(n), "x", "mapping") for n in range(5)])
    (group,) = found.groups.values()
    assert (group.documents, len(group.examples), group.partners) == (1050, EXAMPLES_MAX, {"maxi": 1050})
    assert len(found.differing) == DOCUMENTS_MAX
    (flow,) = found.sums.values()
    assert (flow.before, flow.after, flow.difference) == (5250, 6300, 1050)
    assert (found.documents, found.changed, found.identical, found.refused) == (1050, 1050, 0, 0)
    assert "and 50 more" in html(found)


def test_pages_hold_text_only_and_what_is_refused_comes_first() -> None:
    found = report()
    assert "no documents" in verdict(found)
    found.count(row(), Summary("1", 1, Decimal("1234.5"), "USD"), None, "refused")
    found.add(row(), "maxi", [Change("changed", "BIG07", "", "<script>|x", "x12.sets.810.fixed.BIG07")])
    found.add(row(), "maxi", [Change("refused", "required_missing", "", "no <b>BIG03</b> | none", "x12.sets.810.required")])
    page, text = html(found), markdown(found)
    assert "<script>" not in page and "&lt;script&gt;" in page and "<b>" not in page
    assert text.index("required_missing") < text.index("BIG07")
    assert all(line.replace("\\|", "").count("|") in (10, 8) for line in text.splitlines() if line.startswith("|"))
    assert "1,234.50" in page and "-1,234.50" in page


def test_deliveries_are_compared_within_their_message() -> None:
    x12 = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*1200*U*00401*000000001*0*P*>~ST*810*1~BIG*1~"
    before = ('{"edi": ["' + x12 + '"], "n": 1}').encode()
    assert x12_in(before) == x12.encode() and x12_in(b"{broken ISA") == b"{broken ISA"
    (one,) = delivered_differences(before, before.replace(b"BIG*1", b"BIG*2"))
    assert (one.place, one.before, one.after) == ("BIG01", "1", "2")
    (around,) = delivered_differences(before, before.replace(b'"n": 1', b'"n": 2'))
    assert around.place == AROUND
    assert delivered_differences(before, before) == []
