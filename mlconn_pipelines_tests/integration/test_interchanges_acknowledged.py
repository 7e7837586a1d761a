"""TA1s that say what became of a whole interchange, 999s in the place of 997s, and what we answer with them ourselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_simulators.partner.habits import PROMPT
from mlconn_simulators.partner.x12_text import Envelope, Segment, write

pytestmark = pytest.mark.database

SILENT: dict[str, Any] = {"habits": replace(PROMPT, missing=1.0)}


def answered(scene: Scene, status: str, note: str = "000", partner: str = "northwind", number: str = "") -> None:
    """The partner's TA1 about our only interchange, in an interchange of its own. number: another one's."""
    (got,) = scene.received("810")
    ta1 = f"TA1*{number or got.control_number}*{got.at:%y%m%d}*{got.at:%H%M}*{status}*{note}"
    clerks.put(scene, with_ta1(scene, partner, ta1), f"ta1_{status}.edi", partner)
    scene.settle()


def with_ta1(scene: Scene, partner: str, ta1: str) -> bytes:
    known = scene.partner_named(partner)
    at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    envelope = Envelope(known, scene.world.company_qualifier, scene.world.company_id, 901, 901, at)
    star, end = known.separators[0], known.separators[3]
    isa, *_, iea = (line for line in write(envelope, "FA", []).decode().replace("\n", "").split(end) if line)
    iea = iea.replace(f"{star}1{star}", f"{star}0{star}")
    return "".join(line + end for line in (isa, ta1.replace("*", star), iea)).encode()


def order_asking_for_a_ta1(scene: Scene, control: int = 41) -> bytes:
    """An order whose ISA14 asks for a TA1."""
    content = clerks.order_file(scene, [clerks.an_order(scene)], control).decode()
    star = scene.partner_named("northwind").separators[0]
    asking = content.replace(f"{star}0{star}P{star}", f"{star}1{star}P{star}", 1)
    assert asking != content
    return asking.encode()


def test_a_ta1_that_refuses_the_interchange_rejects_its_document(stage: Stage) -> None:
    scene = stage(only=["northwind"], **SILENT)
    clerks.invoice(scene)
    scene.settle()
    answered(scene, "R", "009")
    (row,) = scene.documents("x12_810")
    assert row.state == State.REJECTED_BY_PARTNER
    (finding,) = [found for found in row.findings if found.code == "interchange_refused"]
    assert "receiver's id (ISA08) is not known there" in finding.message
    assert scene.states(INBOUND) == {"processed": 1}
    (alert,) = scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL")
    assert "rejected it in TA1" in alert["text"]


@pytest.mark.parametrize(("status", "note"), [("A", "000"), ("E", "021")])
def test_a_ta1_that_accepts_is_evidence_of_an_unknown_delivery_and_the_997_is_still_awaited(
    stage: Stage, status: str, note: str
) -> None:
    scene = stage(only=["bluepeak"], **SILENT)
    clerks.invoice(scene, "bluepeak")
    scene.cleo.faults.arm("cut_after", "/provider", method="POST")
    scene.run("x12_810")
    assert scene.states("x12_810") == {"outcome_unknown": 1}
    answered(scene, status, note, "bluepeak")
    assert scene.states("x12_810") == {"sent": 1}
    assert scene.rows("SELECT c.state, a.state AS awaited FROM claim c JOIN acknowledgment a ON a.claim_id = c.id") == [
        {"state": "done", "awaited": "awaited"}
    ]
    assert len(scene.cleo.received) == 1


def test_a_ta1_about_an_interchange_that_we_never_sent_waits_for_a_person(stage: Stage) -> None:
    scene = stage(only=["northwind"], **SILENT)
    clerks.invoice(scene)
    scene.settle()
    answered(scene, "R", "001", number="000777777")
    assert scene.states("x12_810") == {"sent": 1}
    (row,) = scene.documents(INBOUND)
    assert (row.state, row.set_id, row.reason_code) == (State.ON_HOLD, "TA1", "acknowledgment_unmatched")
    assert "000777777" in row.reason


@pytest.mark.parametrize(("code", "state"), [("A", "accepted"), ("E", "accepted_with_errors"), ("R", "rejected_by_partner")])
def test_a_999_has_the_effect_of_a_997(stage: Stage, code: str, state: str) -> None:
    scene = stage(only=["northwind"], **SILENT)
    clerks.invoice(scene)
    scene.settle()
    (got,) = scene.received("810")
    segments: list[Segment] = [["AK1", "IN", got.group, "005010"], ["AK2", "810", got.set_control]]
    if code != "A":
        segments += [["IK3", "TDS", "9", "", "8"], ["CTX", "BIG02"], ["IK4", "1", "610", "6", "x"]]
    segments += [["IK5", code, *(["5"] if code != "A" else [])], ["AK9", code, "1", "1", "0" if code == "R" else "1"]]
    known = scene.partner_named("northwind")
    at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    envelope = Envelope(replace(known, version="005010"), scene.world.company_qualifier, scene.world.company_id, 902, 902, at)
    clerks.put(scene, write(envelope, "FA", [("999", "0001", segments)]), "999.edi")
    scene.settle()
    (row,) = scene.documents("x12_810")
    assert row.state.value == state
    assert [found.message.split(":")[0][:3] for found in row.findings if found.code == "acknowledged_with_errors"][:1] == (
        [] if code == "A" else ["999"]
    )


def test_a_partner_that_wants_999s_gets_them_for_groups_that_know_them(stage: Stage) -> None:
    changes = {"northwind": {"x12": {"acknowledgments": "999"}}}
    scene = stage(only=["northwind"], partners=changes)
    content = clerks.order_file(scene, [clerks.an_order(scene)], 51)
    clerks.put(scene, content, "old.edi")
    scene.settle()
    assert [row.set_id for row in scene.documents(INBOUND, direction="outbound")] == ["997"]
    newer = content.replace(b"004010", b"005010").replace(b"000000051", b"000000052").replace(b"*51*X", b"*52*X")
    newer = newer.replace(b"GE*1*51", b"GE*1*52").replace(b"*U*00401*", b"*^*00501*")
    assert b"005010" in newer
    clerks.put(scene, newer, "new.edi")
    scene.settle()
    assert sorted(row.set_id for row in scene.documents(INBOUND, direction="outbound")) == ["997", "999"]
    (upload,) = scene.uploads("999")
    assert b"ST*999*" in upload.content and b"IK5*A~" in upload.content and b"005010" in upload.content


def test_an_interchange_that_asks_for_a_ta1_gets_one_beside_the_997(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    content = order_asking_for_a_ta1(scene)
    clerks.put(scene, content, "asking.edi")
    scene.settle()
    assert sorted(row.set_id for row in scene.documents(INBOUND, direction="outbound")) == ["997", "TA1"]
    assert scene.states(INBOUND, direction="outbound") == {"sent": 2}
    (upload,) = scene.uploads("TA1")
    isa = content.decode().split("*")
    assert f"~TA1*000000041*{isa[9]}*{isa[10]}*A*000~IEA*0*".encode() in upload.content.replace(b"~\n", b"~")
    clerks.put(scene, content, "asking again.edi")
    scene.settle()
    assert len(scene.uploads("TA1")) == 1


def test_segments_that_would_be_lost_set_the_file_aside_with_words_for_a_person(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    content = clerks.order_file(scene, [clerks.an_order(scene)], 61)
    end = scene.partner_named("northwind").separators[3].encode()
    clerks.put(scene, content.replace(end + b"GE*", end + b"PO1*9*1*EA*1" + end + b"GE*"), "stray.edi")
    scene.settle()
    (row,) = scene.rows("SELECT state, reason_code, reason FROM received_file")
    assert (row["state"], row["reason_code"]) == ("on_hold", "interchange_refused")
    assert "stand outside of any transaction set" in row["reason"]
    assert scene.states(INBOUND) == {"sent": 1}
    (upload,) = scene.uploads("TA1")
    assert b"TA1*000000061*" in upload.content and b"*R*022" in upload.content


def test_an_interchange_without_its_end_is_refused_once_it_grows_no_more(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    content = clerks.order_file(scene, [clerks.an_order(scene)], 62)
    clerks.put(scene, content[: content.index(b"IEA")], "cut.edi")
    scene.settle()
    assert scene.rows("SELECT reason_code FROM received_file") == [{"reason_code": "interchange_incomplete"}]
    (upload,) = scene.uploads("TA1")
    assert b"TA1*000000062*" in upload.content and b"*R*023" in upload.content
    assert scene.states(INBOUND) == {"sent": 1}
