"""What the demo calls lost, twice and different: each is found where it is planted, in either direction."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.ports.reports import Standing
from mlconn_simulators.demo.comparing import BothSides, compare_inbound, compare_outbound
from mlconn_simulators.demo.description import ErpBooks, Line, PostedDocument, SourceDocument
from mlconn_simulators.demo.progress import Progress, all_read
from mlconn_simulators.demo.report import FlowReport, count_states
from mlconn_simulators.demo.systems import SYSTEMS, chosen, divided

TODAY = dt.date(2026, 1, 30)
GO_LIVE = dt.date(2026, 1, 2)
CENTRAL = SYSTEMS["business_central"]
LINES = (Line(Decimal(3), Decimal("363.634")), Line(Decimal(10), Decimal("1.5")))
INVOICE = SourceDocument("x12_810", "id-1", "PS-1", TODAY, LINES, Decimal("1105.90"))


def received(**changes: Any) -> dict[str, Any]:
    lines = [{"quantity": "10", "price": "1.5"}, {"quantity": "3", "price": "363.634"}]
    told = {"set_id": "810", "partner": "northwind", "business_number": "PS-1", "total": "1105.9", "detail": {"lines": lines}}
    return {**told, **changes}


def partner(**changes: Any) -> dict[str, Any]:
    return {"received": [], "sent": [], "business_duplicates": [], "duplicates_by_control_number": [], **changes}


def standing(state: str = "accepted", **changes: Any) -> Standing:
    fields = {"document_id": "D1", "set_id": "810", "direction": "outbound", "source_key": "id-1", "partner": "northwind_bc"}
    return Standing(**{**fields, "state": state, "business_number": "PS-1", **changes})


def outbound(told: dict[str, Any], *standings: Standing, source: SourceDocument = INVOICE) -> FlowReport:
    report = FlowReport("acme_bc", "x12_810")
    compare_outbound(report, BothSides(CENTRAL, ErpBooks([source], [], 0), told), standings, GO_LIVE)
    return report


def test_a_document_that_arrived_as_it_was_is_fine_in_whatever_order_its_lines_came() -> None:
    report = outbound(partner(received=[received()]), standing())
    assert (report.compared, report.lost, report.duplicates, report.differences) == (1, 0, 0, [])


@pytest.mark.parametrize(
    ("told", "standings"),
    [
        (partner(received=[received()]), ()),
        (partner(), (standing(),)),
        (partner(received=[received(partner="x")]), (standing(),)),
    ],
    ids=["never seen", "said to be sent", "at somebody else"],
)
def test_what_is_due_and_nowhere_is_lost(told: dict[str, Any], standings: tuple[Standing, ...]) -> None:
    assert outbound(told, *standings).lost == 1


def test_what_is_old_or_ours_or_waits_for_a_person_is_not_lost() -> None:
    assert outbound(partner(), standing("on_hold")).lost == 0
    assert outbound(partner(), source=SourceDocument("x12_810", "id-1", "PS-1", dt.date(2026, 1, 1), LINES)).lost == 0
    assert outbound(partner(), source=SourceDocument("x12_810", "id-1", "PS-1", TODAY, LINES, ours=True)).lost == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"total": "1105.91"},
        {"detail": {"lines": [{"quantity": "10", "price": "1.5"}]}},
        {"detail": {"lines": [{"quantity": "10", "price": "1.5"}, {"quantity": "4", "price": "363.634"}]}},
        {"detail": {"lines": [{"quantity": "10", "price": "1.51"}, {"quantity": "3", "price": "363.634"}]}},
    ],
    ids=["total", "line missing", "quantity", "price"],
)
def test_other_amounts_and_lines_are_told(changes: dict[str, Any]) -> None:
    report = outbound(partner(received=[received(**changes)]), standing())
    assert len(report.differences) == 1 and report.differences[0] in report.complaints


def test_a_unit_price_that_was_rounded_to_four_places_is_the_same() -> None:
    lines = [{"quantity": "10", "price": "1.5"}, {"quantity": "3", "price": "363.6336"}]
    assert outbound(partner(received=[received(detail={"lines": lines})]), standing()).differences == []


def test_what_partners_got_twice_is_counted_once_for_each_file() -> None:
    again = {"partner": "northwind", "file": "b.edi", "set_id": "810", "first_file": "a.edi", "set_ids": ["810"]}
    other = {**again, "set_id": "850", "set_ids": ["850"]}
    told = partner(received=[received()], business_duplicates=[again, other], duplicates_by_control_number=[again])
    assert outbound(told, standing()).duplicates == 1


SENT = {"partner": "northwind", "set_id": "850", "business_number": "po-7", "file": "850_1.edi",
        "lines": [{"quantity": "2", "price": "5"}, {"quantity": "1", "price": "0.333"}]}  # fmt: skip
ORDER = PostedDocument("850", "PO-7", 2, Decimal("10.33"))


def inbound(files: dict[str, str], standings: list[Standing], posted: list[PostedDocument], twice: int = 0) -> FlowReport:
    report = FlowReport("acme_bc", "inbound")
    compare_inbound(report, BothSides(CENTRAL, ErpBooks([], posted, twice), partner(sent=[SENT])), standings, files)
    return report


def test_orders_that_came_are_looked_for_in_the_ledger_and_in_the_erp() -> None:
    order = standing("posted", set_id="850", direction="inbound", business_number="po-7")
    fine = inbound({"850_1.edi": "removed"}, [order], [ORDER])
    assert (fine.compared, fine.lost, fine.duplicates, fine.differences) == (1, 0, 0, [])
    assert inbound({}, [], []).lost == 1, "a file that nobody took"
    assert inbound({"850_1.edi": "removed"}, [], []).lost == 1, "a file without its document"
    assert inbound({"850_1.edi": "removed"}, [order], []).lost == 1, "an order that is said to be posted"
    assert inbound({"850_1.edi": "on_hold"}, [], []).lost == 0
    assert inbound({"850_1.edi": "removed"}, [order], [ORDER], twice=2).duplicates == 2
    wrong = [PostedDocument("850", "PO-7", 1, Decimal("10.33")), PostedDocument("850", "PO-7", 2, Decimal("10.36"))]
    assert [len(inbound({"850_1.edi": "removed"}, [order], [one]).differences) for one in wrong] == [1, 1]


def test_a_row_adds_up_only_when_every_document_and_every_997_is_accounted_for() -> None:
    report = FlowReport("acme", "x12_810", expecting=2, acknowledged=1, awaited=1)
    count_states(report, {"accepted": 1, "sent": 1, "on_hold": 1, "before_go_live": 1})
    assert (report.documents, report.adds_up) == (4, True)
    count_states(report, {"ready": 1})
    assert not report.adds_up
    assert not FlowReport("acme", "x12_810", expecting=1).adds_up


class Totals:
    """A ledger of which only totals are asked."""

    def __init__(self, **totals: int) -> None:
        self._totals = totals

    def totals(self, integration: str, flow: str) -> dict[str, int]:
        return self._totals if flow == "x12_810" else {}


def test_nothing_is_left_to_do_when_all_was_found_and_settled_and_read() -> None:
    progress = Progress([CENTRAL])
    progress.expect(CENTRAL, [INVOICE, SourceDocument("x12_810", "old", "PS-0", dt.date(2026, 1, 1), LINES)], GO_LIVE)
    for totals, going_on in [({}, True), ({"before_go_live": 1}, True), ({"ready": 1}, True), ({"sent": 1}, False)]:
        progress.read(Totals(**totals))  # type: ignore[arg-type]
        assert progress.on_the_way() == going_on, totals
    state = {"announced": 0, "sent": [{"file": "a.edi"}]}
    assert not all_read({**state, "announced": 1}, {"a.edi": "removed"})
    assert [all_read(state, files) for files in ({}, {"a.edi": "stored"}, {"a.edi": "removed"})] == [False, False, True]


def test_documents_are_divided_among_the_chosen_systems() -> None:
    assert divided(500, chosen("finance_operations, sap_business_one,business_central")) == {
        "sap_business_one": 300,
        "business_central": 120,
        "finance_operations": 80,
    }
    assert divided(7, chosen("business_central")) == {"business_central": 7}
    for names in ("", "sage"):
        with pytest.raises(ConfigurationError, match="no simulated system"):
            chosen(names)
