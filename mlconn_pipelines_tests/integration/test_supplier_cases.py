"""What suppliers answer to our orders: many small 855s, 856s and 810s in one scene, each against everything before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.cases import segments_of
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.business_central_scene import business_central_scene
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.system import Written

pytestmark = pytest.mark.database

DAY = dt.date(2026, 11, 28)


class Answer(NamedTuple):
    """What a supplier sends to one of our orders. order: which of the scene's, by number of its own."""

    name: str
    order: int
    elements: Mapping[str, str] = {}


TOLD_855 = ("dtm_in_ack", "dtm_in_po1", "IB_no_date", "IA_IB", "IS", "BP_backordered_qty", "cur_cad", "sac")
PLAIN_856 = ("aa", "bad_sscc", "identical_cartons", "man_range", "s_t_p_o_i", "sn106_cum", "sopi_no_parent")
PLAIN_810 = ("cad_amt", "due_terms_days", "line_twice_prices", "tds_discount")
"""What is read as it is: nothing lost, nothing doubled."""

ANSWERS = [
    Answer("810_ok", 1),
    Answer("810_ok", 1, {"BIG02": "I-AGAIN"}),
    *(Answer(f"810_{name}", order) for order, name in enumerate(("cancel", "replace", "credit_CN", "credit_CR"), start=2)),
    *(Answer(f"810_{name}", order) for order, name in enumerate(("credit_neg", "neg_no_kind"), start=6)),
    *(Answer(f"810_{name}", order) for order, name in enumerate(("sac_pct", "sac_line_rate", "tax", "freight"), start=8)),
    Answer("810_sac_pct", 12, {"TDS01": "26000", "BIG02": "I-PCT-2"}),
    Answer("855_cancel_01", 13),
    Answer("855_qual_cancel", 14),
    Answer("855_head_079", 15),
    Answer("855_hundred", 16),
    Answer("856_ok", 17),
    Answer("856_ok", 18),
    Answer("856_test_copy", 19),
    Answer("855_line_missing", 20),
    Answer("855_line_missing_AD", 21),
    Answer("855_exceptions_AE", 22),
    Answer("856_dup_sscc", 23),
    Answer("856_ok", 24, {"BSN02": "S-PART"}),
    Answer("856_ok", 24, {"BSN02": "S-REST"}),
    *(Answer(f"856_{name}", order) for order, name in enumerate(PLAIN_856, start=25)),
    *(Answer(f"810_{name}", order) for order, name in enumerate(PLAIN_810, start=32)),
    Answer("810_dup_charge", 36),
    Answer("810_weighed", 37),
    *(Answer(f"855_{name}", order) for order, name in enumerate(TOLD_855, start=38)),
]
ORDERS = max(answer.order for answer in ANSWERS)
BECAME = {
    ("810_ok", 1): ["posted", "invoiced_before"],
    **{(f"810_{name}", order): ["purpose_not_supported"] for order, name in ((2, "cancel"), (3, "replace"))},
    **{
        (f"810_{name}", order): ["credit_not_handled"]
        for order, name in ((4, "credit_CN"), (5, "credit_CR"), (6, "credit_neg"), (7, "neg_no_kind"))
    },
    **{
        (f"810_{name}", order): ["posted"]
        for order, name in ((8, "sac_pct"), (9, "sac_line_rate"), (10, "tax"), (11, "freight"))
    },
    ("810_sac_pct", 12): ["stated_without_amount"],
    ("855_cancel_01", 13): ["purpose_not_supported"],
    **{(f"855_{name}", order): ["processed"] for order, name in ((14, "qual_cancel"), (15, "head_079"), (16, "hundred"))},
    ("856_ok", 17): ["posted"],
    ("856_ok", 18): ["business_duplicate"],
    ("856_test_copy", 19): ["purpose_not_supported"],
    **{(f"855_{name}", order): ["processed"] for order, name in ((20, "line_missing"), (21, "line_missing_AD"))},
    ("855_exceptions_AE", 22): ["quantity_differs"],
    ("856_dup_sscc", 23): ["posted"],
    ("856_ok", 24): ["posted", "over_shipped"],
    **{(f"856_{name}", order): ["posted"] for order, name in enumerate(PLAIN_856, start=25)},
    **{(f"810_{name}", order): ["posted"] for order, name in enumerate(PLAIN_810, start=32)},
    ("810_dup_charge", 36): ["purpose_not_supported"],
    ("810_weighed", 37): ["posted"],
    **{(f"855_{name}", order): ["processed"] for order, name in enumerate(TOLD_855, start=38)},
}

TOLD = {
    ("855_line_missing", 20): "says nothing to line 2 (A1002)",
    ("855_line_missing_AD", 21): "says nothing to line 2 (A1002)",
    ("856_ok", 18): "has announced shipment S-OK before",
    ("856_dup_sscc", 23): "000123450000000018 stands on 2 packages",
    ("856_ok", 24): "10 of the 10 EA ordered were shipped before (ship notice S-PART)",
    ("856_bad_sscc", 26): "is no SSCC",
    ("855_IB_no_date", 40): "4 EA of it backordered (IB) without a date",
    ("855_IA_IB", 41): "delivers on 2026-12-31, 2027-01-14",
    ("855_IS", 42): "item substituted (IS): VN NEW-9 comes instead",
    ("855_cur_cad", 44): "answers in CAD",
    ("855_sac", 45): "charge D240 50.00 Freight",
}
"""What the sentences of a case say; of several under one name, the last one's."""

_AS_ONE, _APART = ["2026-12-31", "2026-12-31"], ["2026-12-31", "2027-01-14"]
CONFIRMED = dict.fromkeys((15, 16, 42, 43, 44, 45), _AS_ONE) | {38: _APART, 39: _APART, 41: _APART[::-1]}
"""The days that the lines of these orders have afterwards."""


def answered(
    scene: Scene, answers: Sequence[Answer], numbers: Mapping[int, str], *, in_one_run: bool = True
) -> dict[tuple[str, int], list[DocumentRow]]:
    """Every answer in a file of its own; what became of them, by case and order. numbers: of our orders, by number of the scene's."""
    sent = []
    for answer in answers:
        segments = segments_of(answer.name, numbers[answer.order], **answer.elements)
        sent.append(clerks.send_set(scene, "ferrolux", answer.name[:3], segments, answer.name))
        if not in_one_run and answer.name in ("810_ok", "856_ok"):
            scene.run(INBOUND)
    for _ in range(2):
        scene.run(INBOUND)
    rows = {row.source_key.split("|")[4].lstrip("0"): row for row in scene.documents(INBOUND, direction="inbound")}
    became: dict[tuple[str, int], list[DocumentRow]] = {}
    for answer, one in zip(answers, sent, strict=True):
        became.setdefault((answer.name, answer.order), []).append(rows[one.control_number.lstrip("0")])
    return became


def _outcome(row: DocumentRow) -> str:
    return row.reason_code or row.state.value


def _lines(scene: Scene, orders: Mapping[int, Written]) -> dict[int, list[dict[str, Any]]]:
    return {place: scene.erp.record("PurchaseOrders", order.entry)["DocumentLines"] for place, order in orders.items()}


@pytest.mark.parametrize("in_one_run", [True, False])
def test_what_suppliers_answer_is_seen_for_what_it_is_and_against_what_came_before(stage: Stage, in_one_run: bool) -> None:
    scene = stage(only=["ferrolux"], late_max_s=3600, today=DAY, erp={"invoice_drafts": True, "receipt_drafts": True})
    orders = {place: clerks.purchase_order(scene) for place in range(1, ORDERS + 1)}
    scene.settle()
    due = {place: lines[0]["ShipDate"][:10] for place, lines in _lines(scene, orders).items()}
    became = answered(scene, ANSWERS, {place: order.number for place, order in orders.items()}, in_one_run=in_one_run)
    assert {case: [_outcome(row) for row in rows] for case, rows in became.items()} == BECAME
    for case, said in TOLD.items():
        assert said in " ".join(finding.message for finding in became[case][-1].findings), case
    created = sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"])
    posted = sorted(row.business_number for rows in became.values() for row in rows if row.state is State.POSTED)
    assert created == posted and len(created) == len(set(created)), "once each, and nothing that is on hold"
    charged = sorted(
        row.business_number for rows in became.values() for row in rows if row.set_id == "810" and row.state is State.POSTED
    )
    advices = [upload.content.decode() for upload in scene.uploads("824")]
    assert sorted(text[text.index("*IV*") + 4 :].split("*")[0] for text in advices) == charged
    assert all("~OTI*TA*" in text for text in advices)
    now = _lines(scene, orders)
    assert {place: now[place][0]["ShipDate"][:10] for place in (13, 14)} == {place: due[place] for place in (13, 14)}
    days = {place: [line["ShipDate"][:10] for line in now[place]] for place in CONFIRMED}
    assert days == CONFIRMED


def test_business_central_sees_the_same_and_writes_the_confirmed_days(stage: Stage) -> None:
    """It enters no receipts and no invoices: what SAP gets as a draft is recorded."""
    settings = {"orders_sent": "purchaseOrders"}
    with business_central_scene(stage, only=["ferrolux", "northwind"], late_max_s=3600, today=DAY, erp=settings) as bc:
        bought = {place: bc.buy("ferrolux") for place in range(1, ORDERS + 1)}
        bc.scene.settle()
        assert bc.scene.states("x12_850") == {"accepted": ORDERS}
        numbers = {place: bc.record("purchaseOrders", order)["number"] for place, order in bought.items()}
        became = answered(bc.scene, ANSWERS, numbers)
        expected = {case: ["processed" if one == "posted" else one for one in outcomes] for case, outcomes in BECAME.items()}
        assert {case: [_outcome(row) for row in rows] for case, rows in became.items()} == expected
        for case, said in TOLD.items():
            assert said in " ".join(finding.message for finding in became[case][-1].findings), case
        assert bc.company.state()["created"] == []
        for place, days in CONFIRMED.items():
            lines = bc.company.lines("purchaseOrders", bought[place])
            assert [line["expectedReceiptDate"] for line in lines if line["lineType"] == "Item"] == days, place


CHARGED = [
    Answer("810_freight", 1),
    Answer("810_sac_pct", 2),
    Answer("810_sac_line_rate", 3),
    Answer("810_tax", 4),
    Answer("810_tax", 5, {"TDS01": "28718", "TXI02": "13.68", "TXI03": "5", "TXI01": "VA", "BIG02": "I-VA"}),
    Answer("810_tax", 6, {"TDS01": "28767", "TXI02": "14.17", "TXI03": "5.18", "TXI01": "VA", "BIG02": "I-OFF"}),
    Answer("810_tax", 7, {"TXI01": "GS", "BIG02": "I-GS"}),
    Answer("810_freight", 8, {"SAC02": "H750", "BIG02": "I-H750"}),
]
TABLES = {
    "charges": {"D240": {"code": "1"}, "C310": {"code": "3", "tax_code": "A0"}},
    "taxes": {"ST": {"code": "2"}, "VA": {"tax_code": "A5", "percent": "5"}, "none": {"tax_code": "A0", "percent": "0"}},
}


def test_charges_and_taxes_are_entered_by_the_partners_tables_and_make_the_invoices_total(stage: Stage) -> None:
    scene = stage(only=["ferrolux"], late_max_s=3600, today=DAY, erp={"invoice_drafts": True}, partners={"ferrolux": TABLES})
    orders = {place: clerks.purchase_order(scene) for place in range(1, 9)}
    scene.settle()
    became = answered(scene, CHARGED, {place: order.number for place, order in orders.items()})
    assert {row.business_number: _outcome(row) for rows in became.values() for row in rows} == {
        **dict.fromkeys(("I-FRT", "I-PCT", "I-RATE", "I-TAX", "I-VA"), "posted"),
        "I-OFF": "total_does_not_add_up",
        "I-GS": "charge_without_account",
        "I-H750": "charge_without_account",
    }
    drafts = {entry["NumAtCard"]: scene.erp.record("Drafts", entry["DocEntry"]) for entry in scene.erp.state()["created"]}
    total = "DocTotalFc" if any(draft["DocTotalFc"] for draft in drafts.values()) else "DocTotal"
    assert {number: draft[total] for number, draft in drafts.items()} == {
        "I-FRT": 303.5,
        "I-PCT": 268.03,
        "I-RATE": 268.5,
        "I-TAX": 295.38,
        "I-VA": 287.18,
    }
    assert [line["VatGroup"] for line in drafts["I-VA"]["DocumentLines"]] == ["A5", "A5"]
    (freight,) = drafts["I-FRT"]["DocumentAdditionalExpenses"]
    assert (freight["ExpenseCode"], freight["LineTotal"], freight["Remarks"]) == (1, 30.0, "charge D240 30.00 Freight")
    said = {row.business_number: row.reason for rows in became.values() for row in rows}
    assert 'Add GS: {tax_code: "...", percent: "..."} to taxes: of partners/ferrolux.yaml' in said["I-GS"]
    assert 'Add H750: {code: "..."} to charges: of partners/ferrolux.yaml' in said["I-H750"]
    assert "The total is 287.67, and by the rows of `charges` and `taxes` the ERP would make 287.18" in said["I-OFF"]
    assert len(scene.uploads("824")) == 5, "of what we cannot enter nothing is said"


def test_by_setting_a_credit_becomes_a_draft_credit_memo_and_one_in_part_is_held(stage: Stage) -> None:
    scene = stage(only=["ferrolux"], late_max_s=3600, today=DAY, erp={"invoice_drafts": True, "credit_drafts": True})
    names = ("credit_CR", "credit_CN", "credit_neg", "neg_no_kind")
    orders = {place: clerks.purchase_order(scene) for place in range(1, 6)}
    scene.settle()
    cases = [Answer(f"810_{name}", place) for place, name in enumerate(names, start=1)]
    cases += [Answer("810_neg_no_kind", 5, {"IT102": "10", "BIG02": "I-PART"})]  # a positive line, and a total below zero
    became = answered(scene, cases, {place: order.number for place, order in orders.items()})
    outcomes = {row.business_number: row.state.value for rows in became.values() for row in rows}
    assert outcomes == {**dict.fromkeys(("I-CR", "I-CN", "I-NEG", "I-NEG2"), "posted"), "I-PART": "on_hold"}
    drafts = [scene.erp.record("Drafts", entry["DocEntry"]) for entry in scene.erp.state()["created"]]
    assert {draft["DocObjectCode"] for draft in drafts} == {"oPurchaseCreditNotes"}
    lines = {draft["NumAtCard"]: [(line["Quantity"], line["UnitPrice"]) for line in draft["DocumentLines"]] for draft in drafts}
    both, one = [(10.0, 12.5), (11.0, 13.5)], [(10.0, 12.5)]
    assert lines == {"I-CR": both, "I-CN": both, "I-NEG": one, "I-NEG2": one}
    assert scene.uploads("824") == [], "nothing is said of a credit before the ERP has it"
