"""Orders that say more than we carry are held in every ERP that takes orders, and a sound one beside them is posted in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.systems.all_systems import BC, SAP, name_of
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.partner.orders import DraftOrder

pytestmark = pytest.mark.database

AFTER_THE_LAST_LINE = {
    "split_by_store": [["SDQ", "EA", "92", "0100", "1", "0101", "2"]],
    "split_by_schedule": [["SCH", "1", "EA", "", "", "002", "20991231"]],
    "has_components": [["SLN", "1", "", "I", "6", "EA"]],
    "line_ship_to": [["N1", "ST", "Elsewhere", "92", "9977"]],
    "price_elsewhere": [["CTP", "", "UCP", "9.75", "", "", "CSD", "1.2"]],
}
IN_A_SEGMENT = {
    "order_type_not_firm": ("BEG", 2, "BK"),
    "purpose_not_supported": ("BEG", 1, "05"),
    "price_basis": ("PO1", 5, "PP"),
    "price_negative": ("PO1", 4, "-1"),
}


def more_said(order: DraftOrder, code: str) -> DraftOrder:
    """The order with what is held under that code."""
    segments = [list(segment) for segment in order.segments]
    if code == "several_ship_tos":
        first_line = next(place for place, segment in enumerate(segments) if segment[0] == "PO1")
        segments.insert(first_line, ["N1", "ST", "Elsewhere", "92", "9977"])
    if code in IN_A_SEGMENT:
        name, place, value = IN_A_SEGMENT[code]
        next(segment for segment in segments if segment[0] == name)[place] = value
    if code == "price_elsewhere":
        [segment for segment in segments if segment[0] == "PO1"][-1][4] = ""
        last = max(place for place, segment in enumerate(segments) if segment[0] == "PO1")
        segments[last + 1 : last + 1] = AFTER_THE_LAST_LINE[code]
    elif code in AFTER_THE_LAST_LINE:
        segments[-1:-1] = AFTER_THE_LAST_LINE[code]
    return replace(order, segments=tuple(segments))


CODES: Sequence[str] = (*AFTER_THE_LAST_LINE, *IN_A_SEGMENT, "several_ship_tos")


@pytest.mark.parametrize("system", [SAP, BC], ids=name_of)
def test_what_an_order_says_beyond_what_we_carry_holds_it_and_no_other(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=["northwind"], late_max_s=3600)
    sound = clerks.an_order(scene)
    held = {code: more_said(clerks.an_order(scene), code) for code in CODES}
    for control, (code, order) in enumerate([*held.items(), ("sound", sound)], start=31):
        clerks.put(scene, clerks.order_file(scene, [order], control), f"{code}.edi")
    for _ in range(2):
        scene.run(INBOUND)
    became = {
        row.business_number: row.reason_code or row.state.value
        for row in scene.documents(INBOUND, set_ids=("850",), direction="inbound")
    }
    assert became == {order.number: code for code, order in held.items()} | {sound.number: "posted"}
    assert [record.number for record in scene.system.created()] == [sound.number]
    answers = [upload.content.decode() for upload in scene.uploads("997")]
    assert len(answers) == len(CODES) + 1
    assert all("~AK9*A*1*1*1~" in answer for answer in answers)
