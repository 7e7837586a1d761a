"""A write that got no answer: what counts as evidence, and what people decide where there is none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.conftest import Mlconn, Stage, Start, after_time_out
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import BC, FO, FO_BY_REQUESTS, SAP, name_of
from mlconn_pipelines_tests.systems.system import Created, System
from mlconn_simulators.partner.habits import PROMPT

pytestmark = [pytest.mark.database, pytest.mark.slow]

SILENT = replace(PROMPT, missing=1.0)
UPLOADS = {"northwind": "/files", "bluepeak": "/provider"}
ARRIVES = frozenset({"cut_after", "500_after", "502_after"})
PLACES = pytest.mark.parametrize("partner", list(UPLOADS), ids=["folder", "API Provider"])


def send_without_an_answer(scene: Scene, fault: str, partner: str = "northwind") -> Any:
    """An invoice whose upload drew the fault; its claim."""
    clerks.invoice(scene, partner)
    scene.cleo.faults.arm(fault, path=UPLOADS[partner], method="POST")
    scene.run("x12_810")
    assert scene.states("x12_810") == {"outcome_unknown": 1}
    return the_claim(scene)


def the_claim(scene: Scene) -> dict[str, Any]:
    """The newest claim with its bytes."""
    return scene.rows("SELECT c.*, i.content FROM claim c JOIN interchange i ON i.id = c.interchange_id ORDER BY c.id")[-1]


def sent(scene: Scene) -> list[tuple[str, bytes]]:
    """Names and X12 of everything that arrived."""
    return [(file.name, file.content) for file in scene.cleo.received]


def as_sent(claim: dict[str, Any]) -> tuple[str, bytes]:
    content = bytes(claim["content"])
    return claim["file_name"], json.loads(content)["x12"].encode() if content.startswith(b"{") else content


@pytest.mark.parametrize(
    ("partner", "fault"),
    [("northwind", fault) for fault in (*sorted(ARRIVES), "cut_before", "500")]
    + [("bluepeak", "cut_after"), ("bluepeak", "500")],
)
def test_no_answer_is_never_sent_again_by_itself(stage: Stage, partner: str, fault: str) -> None:
    scene = stage(only=[partner], habits=SILENT)
    claim = send_without_an_answer(scene, fault, partner)
    assert claim["evidence"] and claim["sending_at"]
    after_time_out()
    for _ in range(2):
        scene.run("x12_810")
    assert scene.states("x12_810") == {"outcome_unknown": 1}
    assert len(sent(scene)) == (fault in ARRIVES)


def test_a_listed_file_is_evidence(stage: Stage, mlconn: Mlconn) -> None:
    scene = stage(only=["northwind"], taken_after_s=None)
    send_without_an_answer(scene, "cut_after")
    after_time_out()
    code, settled = mlconn(scene, "recover", "acme", "--flow", "x12_810")
    assert (code, settled["steps"][0]["counts"]) == (0, {"sent": 1})
    claim = the_claim(scene)
    assert claim["state"] == "done" and "Cleo lists" in claim["evidence"]
    assert len(sent(scene)) == 1


@pytest.mark.parametrize(
    ("partner", "killed"),
    [("northwind", False), ("northwind", True), ("bluepeak", False)],
    ids=["folder", "folder, killed", "API Provider"],
)
def test_a_997_with_its_control_numbers_is_evidence(stage: Stage, start: Start, partner: str, killed: bool) -> None:
    scene = stage(only=[partner])
    if killed:
        clerks.invoice(scene, partner)
        start(scene, "x12_810", at="after deliver").go().died()
    else:
        send_without_an_answer(scene, "cut_after", partner)
    scene.wait_for_partners()
    scene.run(INBOUND)
    assert scene.states("x12_810") == {"accepted": 1}
    assert the_claim(scene)["state"] == "done"
    after_time_out()
    scene.run("x12_810")
    assert scene.states("x12_810") == {"accepted": 1}
    assert len(sent(scene)) == 1


@pytest.mark.parametrize(
    ("system", "fault", "path"),
    [
        *((SAP, fault, "/Orders") for fault in ("cut_after", "500_after", "cut_before", "500")),
        *((BC, fault, "salesOrders") for fault in ("cut_after", "502_after", "cut_before", "504")),
        *((FO, fault, "$batch") for fault in ("cut_after", "500_after", "cut_before", "500")),
        *((FO_BY_REQUESTS, fault, "VendorInvoiceHeaders") for fault in ("cut_after", "cut_before")),
        *((FO_BY_REQUESTS, fault, "VendorInvoiceLines") for fault in ("cut_after", "500_after", "cut_before", "500")),
    ],
    ids=name_of,
)
def test_a_record_with_our_reference_is_evidence_and_its_absence_too(
    stage: Stage, system: type[System], fault: str, path: str
) -> None:
    scene = stage(system=system, only=[system.partner], act_time_out_s=60.0, late_max_s=3600)
    (came,) = scene.system.send(scene)
    scene.system.faults.arm(fault, path=path, method="POST")
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"outcome_unknown": 1}
    assert len(scene.system.created()) == (fault in ARRIVES or path != system.post_paths[0])
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"outcome_unknown": 1}, "too early for absence to prove anything"
    scene.hours_pass()
    scene.run(INBOUND)
    (row,) = scene.system.inbound_documents(scene, State.POSTED)
    assert scene.system.created() == [Created(came.business_number, scene.system.reference(row.id))]
    assert scene.system.left_overs() == []


def test_a_draft_that_waits_for_approval_is_evidence(stage: Stage) -> None:
    scene = stage(only=["northwind"], act_time_out_s=60.0)
    scene.erp.approval_sets.add("Orders")
    scene.partner.send_orders(1, partner="northwind")
    scene.erp.faults.arm("cut_after", path="/Orders", method="POST")
    scene.run(INBOUND)
    scene.hours_pass()
    scene.run(INBOUND)
    (entry,) = scene.erp.state(source=False)["created"]
    (row,) = scene.documents(INBOUND, State.POSTED)
    assert (entry["reference"], entry["draft"]) == (f"acme:Orders:{row.id}", True)


@PLACES
@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_by_setting_the_same_bytes_go_out_again(stage: Stage, partner: str, fault: str) -> None:
    flows = {"x12_810": {"unknown_delivery": "resend_identical"}}
    scene = stage(only=[partner], habits=SILENT, flows=flows)
    first = send_without_an_answer(scene, fault, partner)
    after_time_out()
    scene.run("x12_810")
    assert scene.states("x12_810") == {"sent": 1}
    assert sent(scene) == [as_sent(first)] * (2 if fault in ARRIVES else 1)
    assert the_claim(scene)["id"] == first["id"]


@PLACES
def test_released_as_delivered(stage: Stage, mlconn: Mlconn, partner: str) -> None:
    scene = stage(only=[partner], habits=SILENT)
    send_without_an_answer(scene, "cut_after", partner)
    (row,) = scene.documents("x12_810")
    code, (told,) = mlconn(scene, "release", row.id, "--delivered", "--reason", "they have it")
    assert (code, told["before"], told["after"]) == (0, "outcome_unknown", "sent")
    after_time_out()
    scene.run("x12_810")
    assert (scene.states("x12_810"), len(sent(scene))) == ({"sent": 1}, 1)
    assert (the_claim(scene)["state"], the_claim(scene)["evidence"]) == ("done", "they have it")
    code, (told,) = mlconn(scene, "release", row.id, "--delivered", "--reason", "again")
    assert code == 1 and "only an unknown outcome" in told["refused"]


@PLACES
def test_released_as_not_delivered_takes_new_numbers(stage: Stage, mlconn: Mlconn, partner: str) -> None:
    scene = stage(only=[partner])
    first = send_without_an_answer(scene, "cut_before", partner)
    (row,) = scene.documents("x12_810")
    code, (told,) = mlconn(scene, "release", row.id, "--not-delivered", "--reason", "they never saw it")
    assert (code, told["after"]) == (0, "ready")
    scene.settle()
    second = the_claim(scene)
    assert (first["interchange_number"], second["interchange_number"]) == (1, 2)
    assert sent(scene) == [as_sent(second)]
    assert scene.states("x12_810") == {"accepted": 1}
    states = scene.rows("SELECT state FROM claim ORDER BY id")
    assert [claim["state"] for claim in states] == ["cancelled", "done"]


@PLACES
@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_resent_are_the_same_bytes_name_and_numbers(stage: Stage, mlconn: Mlconn, partner: str, fault: str) -> None:
    scene = stage(only=[partner], habits=PROMPT if fault == "cut_before" else SILENT)
    first = send_without_an_answer(scene, fault, partner)
    (row,) = scene.documents("x12_810")
    code, (told,) = mlconn(scene, "resend", row.id, "--reason", "they asked for it")
    assert (code, told["before"], told["after"]) == (0, "outcome_unknown", "ready")
    scene.settle()
    assert scene.states("x12_810") == {"accepted" if fault == "cut_before" else "sent": 1}
    assert sent(scene) == [as_sent(first)] * (2 if fault in ARRIVES else 1)
    again = the_claim(scene)
    names = ("id", "file_name", "interchange_number", "group_number", "set_number")
    assert [first[name] for name in names] == [again[name] for name in names]
    assert all(twice["same_bytes"] for twice in scene.partner.inbox.duplicates_by_control_number)
