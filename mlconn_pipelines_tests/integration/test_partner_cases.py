"""What partners say beyond the simplest order: received, answered, and held or posted as it was meant. Many files, one run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.cases import case
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene

pytestmark = pytest.mark.database

DAY = dt.date(2026, 11, 28)


class Received(NamedTuple):
    """What became of one case: its documents, and our answers to its group or interchange as their AK5, AK9 and TA1."""

    documents: list[DocumentRow]
    answers: list[str]


def received(scene: Scene, names: list[str]) -> Mapping[str, Received]:
    """Every case in a file of its own, under a control number of its own, taken in by one run."""
    controls = {name: place for place, name in enumerate(names, start=701)}
    for name, control in controls.items():
        clerks.put(scene, case(name, control), name.replace("/", "_"))
    for _ in range(2):
        scene.run(INBOUND)
    rows = scene.documents(INBOUND, direction="inbound")
    uploads = [upload.content.decode() for upload in scene.uploads()]
    return {
        name: Received(
            [row for row in rows if row.source_key.split("|")[4] == f"{control:09d}"],
            [
                "~".join(segment for segment in text.split("~") if segment.startswith(("AK5", "AK9", "TA1")))
                for text in uploads
                if f"*{control}~" in text or f"TA1*{control:09d}*" in text
            ],
        )
        for name, control in controls.items()
    }


HELD = {
    **dict.fromkeys(("850_sdq", "850_sdq_sum_differs"), "split_by_store"),
    **dict.fromkeys(("850_line_n1_st", "850_line_n1_over_head"), "line_ship_to"),
    "850_two_st": "several_ship_tos",
    "850_sln": "has_components",
    "850_ctp_price": "price_elsewhere",
    **{
        f"850_{name}": "order_type_not_firm"
        for name in ("blanket_BE", "blanket_BK", "info_copy_IN", "confirm_CF", "consign_CN")
    },
    **{f"850_basis_{basis}": "price_basis" for basis in ("DZ", "HU", "NC", "PF", "PK", "PP", "TB")},
    "misc_neg_price": "price_negative",
}
POSTED = {
    **{f"850_basis_{basis}": 1200.0 for basis in ("CT", "PE", "UM")},
    "850_basis_TM": 1.2,
    "850_basis_TP": 1.2,
    "850_basis_HT": 0.012,
    **dict.fromkeys(("850_plain", "850_dropship", "850_release_1", "850_bt_mark_for"), 12.5),
    **dict.fromkeys(("850_cancel_after", "850_only_037", "850_only_118", "850_only_cancel_after"), 12.5),
    **dict.fromkeys(("850_sac_percent", "850_sac_rate", "850_sac_amount", "env_r4030"), 12.5),
}


def test_an_850_that_says_more_than_we_carry_is_held_and_the_others_are_posted(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    names = [f"inbound/{name}.edi" for name in (*HELD, *POSTED)] + ["answers/flow2_ctp_ucp.edi"]
    became = received(scene, names)
    held = HELD | {"flow2_ctp_ucp": "price_elsewhere"}
    for name, (documents, answers) in became.items():
        (row,) = documents
        code = held.get(name.split("/")[1].removesuffix(".edi"), "")
        assert (row.state.value, row.reason_code) == (("on_hold", code) if code else ("posted", "")), name
        assert answers == ["AK5*A~AK9*A*1*1*1"], name
    created = {entry["NumAtCard"]: entry for entry in scene.erp.state()["created"]}
    wanted = {became[f"inbound/{name}.edi"].documents[0].business_number: price for name, price in POSTED.items()}
    assert {number: entry["lines"][0]["price"] for number, entry in created.items()} == wanted
    assert {got.set_id for got in scene.received()} == {"997"}
    words = {name: row.reason for name, (documents, _) in became.items() for row in documents}
    assert "0100 75, 0101 164" in words["inbound/850_sdq.edi"]
    assert "(blanket, quantity firm)" in words["inbound/850_blanket_BK.edi"]
    assert "'price per pound' (PO105 PP)" in words["inbound/850_basis_PP.edi"]


def test_what_our_answer_accepts_is_posted_and_nothing_that_it_refuses(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    names = [
        *("inbound/env_same_st02.edi", "inbound/env_same_st02_same_po.edi", "inbound/misc_st02_1_3.edi"),
        *(f"answers/{name}.edi" for name in ("flow_no_gs_iea1", "flow2_no_gs_bad", "flow2_no_gs_ta1", "flow_gs_cut")),
        *(f"answers/{name}.edi" for name in ("flow_v003040", "flow_v00501", "flow_v006030_bad", "flow_s875")),
    ]
    became = received(scene, names)
    states = {
        name.split("/")[1].removesuffix(".edi"): [(row.business_number, row.state.value) for row in documents]
        for name, (documents, _) in became.items()
    }
    assert states == {
        "env_same_st02": [("E-ST1", "posted"), ("E-ST2", "syntax_rejected")],
        "env_same_st02_same_po": [("E-ST3", "posted"), ("E-ST3", "syntax_rejected")],
        "misc_st02_1_3": [("M-S1", "posted"), ("M-S2", "posted"), ("M-S3", "syntax_rejected")],
        **{key: [] for key in ("flow_no_gs_iea1", "flow2_no_gs_bad", "flow2_no_gs_ta1", "flow_gs_cut")},
        "flow_v003040": [("A-3040", "syntax_rejected")],
        "flow_v00501": [("A-00501", "posted")],
        "flow_v006030_bad": [("A-6030", "syntax_rejected")],
        "flow_s875": [("A-875", "syntax_rejected")],
    }
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == ["A-00501", "E-ST1", "E-ST3", "M-S1", "M-S2"]
    answers = {name.split("/")[1].removesuffix(".edi"): answers for name, (_, answers) in became.items()}
    assert answers["env_same_st02"] == ["AK5*A~AK5*R*23~AK9*P*2*2*1"]
    assert answers["flow_v003040"] == ["AK5*R*1~AK9*R*1*1*0*2"]
    assert answers["flow_s875"] == ["AK5*R*5~AK9*R*1*1*0"]
    assert [text[-5:] for text in answers["flow2_no_gs_ta1"]] == ["R*022"]
    assert [text[-5:] for text in answers["flow_gs_cut"]] == ["R*024"]


def test_a_delivery_of_two_orders_is_held_and_one_of_one_order_goes_out(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    code = scene.partner_named("northwind").customer_code
    items = clerks.sound_items(scene, "northwind")
    entries = [
        scene.erp.add_document(
            "Orders",
            CardCode=code,
            NumAtCard=f"PO-{place}",
            DocumentLines=[{"ItemCode": items[0].code, "Quantity": 4.0, "UnitPrice": 2.5}],
        )
        for place in (1, 2, 3)
    ]
    rows = [{"BaseType": 17, "BaseEntry": entry, "BaseLine": 0} for entry in entries]
    scene.erp.add_document("DeliveryNotes", CardCode=code, NumAtCard="PO-1", DocumentLines=rows[:2])
    scene.erp.add_document("DeliveryNotes", CardCode=code, NumAtCard="PO-3", DocumentLines=rows[2:])
    scene.run("x12_856")
    assert sorted(row.reason_code or row.state.value for row in scene.documents("x12_856")) == [
        "sent",
        "several_orders_shipped",
    ]
    (upload,) = scene.uploads("856")
    assert "~PRF*PO-3~" in upload.content.decode()
