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
from mlconn_pipelines_tests.systems.all_systems import BC, SAP, name_of
from mlconn_pipelines_tests.systems.system import System

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
    **dict.fromkeys(("850_po4_pack", "misc_po4_24_factor_12"), "unit_unknown"),
    **dict.fromkeys(("850_qty_neg", "850_qty_zero"), "quantity_not_positive"),
    "850_cur_2": "currency_differs",
    "850_lower": "item_unknown",
    **{
        f"850_{name}": "order_type_not_firm"
        for name in ("blanket_BE", "blanket_BK", "info_copy_IN", "confirm_CF", "consign_CN")
    },
    **{f"850_basis_{basis}": "price_basis" for basis in ("DZ", "HU", "KP", "NC", "PF", "PK", "PP", "PT", "TB", "UD")},
    "misc_neg_price": "price_negative",
}
POSTED = {
    **{f"850_basis_{basis}": 1200.0 for basis in ("CP", "CT", "FX", "PE", "UM")},
    "850_basis_PN": 120.0,
    "850_basis_TM": 1.2,
    "850_basis_TP": 1.2,
    "850_basis_HT": 0.012,
    "850_ctp_price": 9.75,
    "flow2_ctp_ucp": 16.09,
    "misc_price_way_off": 0.01,
    **dict.fromkeys(("850_plain", "850_dropship", "850_release_1", "850_release_2", "850_bt_mark_for"), 12.5),
    **dict.fromkeys(("850_cancel_after", "850_only_037", "850_only_118", "850_only_cancel_after"), 12.5),
    **dict.fromkeys(("850_sac_percent", "850_sac_rate", "850_sac_amount", "misc_sac_negative"), 12.5),
    **dict.fromkeys(("850_amt_tt", "850_ctp_disc", "850_ctt_count", "850_ctt_hash", "flow2_amt_tt"), 12.5),
    **dict.fromkeys(("850_head_msg", "850_line_msg", "850_itd", "850_td5", "850_tax", "850_ids_disagree"), 12.5),
    **dict.fromkeys(("850_po1_dup_lines", "misc_line_due_dates", "misc_qty_3dec_each", "flow3_turn"), 12.5),
    **{
        f"env_{name}": 12.5
        for name in ("bom", "future_date", "iea_count", "indent", "isa_id_lower", "latin1", "r4030", "vics", "z_ctrl_z")
    },
    **{f"env_po_{name}": 12.5 for name in ("lower", "no_zeros", "spaces", "zeros")},
}
REFUSED = {
    **dict.fromkeys(
        ("850_no_qty_unit", "env_exp", "env_plus", "env_thousands", "env_trailing_point", "env_two_digit_year"), "5"
    ),
    **dict.fromkeys(("misc_ref_co_td5", "flow2_pickup"), "5"),
    "env_se_count": "4",
}
"""Our AK502: what is no X12 of 004010, such as a DTM after the TD5."""

TOLD = {
    "850_amt_tt": "AMT*TT), and its lines make 125.00",
    "850_ctt_hash": "The order states 99 as the sum of its quantities (CTT02), and its lines make 15.",
    "850_ctp_disc": "CTP RES 19.99 SEL 0.9, which is not what it costs",
    "850_cancel_after": "ship not before 2026-12-08 (037)",
    "850_only_cancel_after": "cancel after 2027-01-07 (001)",
    "850_sac_percent": "Allowance C310 5 % = 6.25",
    "850_sac_rate": "Allowance C310 0.25 per EA, for 100 = 25.00",
    "850_sac_amount": "Allowance C310 12.50 Promo",
    "misc_sac_negative": "Charge D240 -5.00 Freight",
    "850_itd": "2 % within 10 days 60 days net",
    "850_td5": "TD5 2 FDEG GROUND · TD501 O",
    "850_tax": "TAX SP NV (line 1)",
    "flow3_turn": "REF IA 83138 · REF DP 038",
    "850_sdq": "0100 75, 0101 164",
    "850_sdq_sum_differs": "The stores add up to 135, the line is over 239.",
    "850_sln": "VP A1001 6 EA; VP A1002 6 EA",
    "850_blanket_BK": "(blanket, quantity firm)",
    "850_basis_PP": "'price per pound' (PO105 PP)",
    "850_line_n1_over_head": "The line goes to 0101 Other Reno",
}


def prices_of(scene: Scene, system: type[System]) -> list[tuple[str, float]]:
    """Number, in capitals as Business Central keeps it, and the first line's price of each order that was created."""
    if system is SAP:
        return [(entry["NumAtCard"].upper(), entry["lines"][0]["price"]) for entry in scene.erp.state()["created"]]
    created = scene.sandbox.business_central.state(source=False, bodies=True)["created"]
    return [(entry["externalDocumentNumber"], float(entry["body"]["salesOrderLines"][0]["unitPrice"])) for entry in created]


OF_BUSINESS_CENTRAL = dict.fromkeys(("850_po4_pack", "misc_po4_24_factor_12"), "refused_by_server")
"""Its API does not tell which units an item has; it refuses one that the item lacks."""


@pytest.mark.parametrize("system", [SAP, BC], ids=name_of)
def test_an_850_is_posted_as_it_was_meant_and_held_where_nobody_said_how(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=["northwind"], today=DAY)
    folder = {name: "answers" if name.startswith("flow") else "inbound" for name in (*HELD, *POSTED, *REFUSED)}
    files = {name: f"{where}/{name}.edi" for name, where in folder.items()}
    became = received(scene, list(files.values()))
    rows = {name: became[file].documents[0] for name, file in files.items()}
    assert {name: row.reason_code or row.state.value for name, row in rows.items()} == (
        (HELD | (OF_BUSINESS_CENTRAL if system is BC else {}))
        | dict.fromkeys(POSTED, "posted")
        | dict.fromkeys(REFUSED, "syntax_refused")
    )
    answers = {name: became[file].answers for name, file in files.items()}
    assert {name: answers[name][0][:7] for name in REFUSED} == {name: f"AK5*R*{code}" for name, code in REFUSED.items()}
    clean = {name for name in (*HELD, *POSTED) if name not in ("env_indent", "env_latin1")}
    assert {name: answers[name] for name in clean} == {name: ["AK5*A~AK9*A*1*1*1"] for name in clean}
    assert sorted(prices_of(scene, system)) == sorted(
        (rows[name].business_number.upper(), price) for name, price in POSTED.items()
    )
    assert {got.set_id for got in scene.received()} == {"997"}
    for name, words in TOLD.items():
        assert words in " ".join(finding.message for finding in rows[name].findings), name
    if system is BC:
        return
    orders = {entry["NumAtCard"]: scene.erp.record("Orders", entry["DocEntry"]) for entry in scene.erp.state()["created"]}
    assert "mark for 0101 Store 7" in orders["P-MF"]["Comments"]
    assert "PACK ON CHEP PALLETS ONLY" in orders["P-HMSG"]["Comments"]
    assert orders["P-LMSG"]["DocumentLines"][0]["FreeText"] == "DO NOT SHIP WITHOUT COA"
    assert [line["ShipDate"][:10] for line in orders["M-LD"]["DocumentLines"]] == ["2027-01-15", "2027-03-01"]
    assert {number: orders[number]["DocDueDate"][:10] for number in ("P-037", "P-118", "P-CAN", "P-CAN2")} == {
        "P-037": "2026-12-08",
        "P-118": "2026-12-08",
        "P-CAN": "2026-12-18",
        "P-CAN2": "2026-11-28",
    }


def test_what_our_answer_accepts_is_posted_and_nothing_that_it_refuses(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    names = [
        *("inbound/env_same_st02.edi", "inbound/env_same_st02_same_po.edi", "inbound/misc_st02_1_3.edi"),
        *(f"answers/{name}.edi" for name in ("flow_no_gs_iea1", "flow2_no_gs_bad", "flow2_no_gs_ta1", "flow_gs_cut")),
        *(f"answers/{name}.edi" for name in ("flow_v003040", "flow_v00501", "flow_v006030_bad", "flow_s875")),
        *(f"answers/{name}.edi" for name in ("flow_empty_group", "flow_two_sets_one_missing_st")),
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
        "flow_empty_group": [],
        "flow_two_sets_one_missing_st": [("A-TS1", "posted")],
    }
    posted = ["A-00501", "A-TS1", "E-ST1", "E-ST3", "M-S1", "M-S2"]
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == posted
    answers = {name.split("/")[1].removesuffix(".edi"): answers for name, (_, answers) in became.items()}
    assert answers["env_same_st02"] == ["AK5*A~AK5*R*23~AK9*P*2*2*1"]
    assert answers["flow_v003040"] == ["AK5*R*1~AK9*R*1*1*0*2"]
    assert answers["flow_s875"] == ["AK5*R*5~AK9*R*1*1*0"]
    assert answers["flow_empty_group"] == ["AK9*A*0*0*0"]
    assert answers["flow_two_sets_one_missing_st"] == ["AK5*A~AK9*P*2*1*1*5"]
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


def test_odd_envelopes_lose_nothing_and_double_nothing(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    names = ("env_reuse_1", "env_reuse_2", "env_wrap80", "env_ge_count", "env_old_date", "misc_iea_2_groups_1")
    for name in (*names, "misc_gs03_not_ours", "env_gs_receiver_other", "env_two_isa_second_cut", "misc_truncated_iea"):
        clerks.put(scene, case(f"inbound/{name}.edi"), f"{name}.edi")
        scene.run(INBOUND)
    scene.run(INBOUND)
    rows = scene.documents(INBOUND, direction="inbound")
    became = {row.business_number: row.reason_code or row.state.value for row in rows}
    assert became == {
        "E-R1": "posted",
        "E-R2": "control_number_reused",
        "E-WRAP": "syntax_refused",
        **dict.fromkeys(("E-GE", "E-GE2"), "posted"),
        "E-OLD": "before_go_live",
        "M-IEA": "posted",
        **dict.fromkeys(("M-GS", "E-GSID"), "group_for_others"),
    }
    assert "is addressed to ACMEDIV9 (GS03), and we are MERIDIAN to northwind" in next(
        row.reason for row in rows if row.business_number == "M-GS"
    )
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == ["E-GE", "E-GE2", "E-R1", "M-IEA"]
    with scene.pipeline() as pipeline:
        held = [row.file.name for row in pipeline.engine.intake.files_on_hold(pipeline.name)]
    assert held == ["env_two_isa_second_cut.edi", "misc_truncated_iea.edi"]
