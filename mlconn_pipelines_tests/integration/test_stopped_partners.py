"""A mistake in one partner's file holds what is theirs, with file and line; the others trade on, and the correction frees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.running import fetch, render, validate
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of

pytestmark = pytest.mark.database

MISTAKES = {"a setting that there is not": "no_setting: 1\n", "no YAML": "units: [open\n"}


def break_file(scene: Scene, partner: str, mistake: str) -> tuple[str, str]:
    """Its text as it was, and what stands at its mistake: file and line."""
    path = scene.settings.config / "partners" / f"{partner}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + mistake, encoding="utf-8")
    return text, f"{path}:"


def correct_file(scene: Scene, partner: str, text: str) -> None:
    Path(scene.settings.config / "partners" / f"{partner}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_what_is_theirs_waits_and_the_others_trade_on(stage: Stage, mistake: str) -> None:
    scene = stage(only=["northwind", "maplegate"])
    scene.know_reference()
    text, place = break_file(scene, "northwind", mistake)
    held, other = clerks.invoice(scene), clerks.invoice(scene, "maplegate")
    order = clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [order], 77), "order.edi")
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [other.number]
    rows = {row.business_number: row for row in scene.documents("x12_810")}
    assert (rows[held.number].state, rows[held.number].reason_code) == (State.ON_HOLD, "partner_file_wrong")
    assert place in rows[held.number].reason
    with scene.pipeline() as pipeline:
        (file,) = pipeline.engine.intake.files_on_hold(pipeline.name)
    assert (file.file.name, file.reason_code) == ("order.edi", "partner_file_wrong") and place in file.reason
    assert scene.received("997", partner="northwind") == [] and scene.erp.state()["created"] == []

    correct_file(scene, "northwind", text)
    scene.settle()
    assert sorted(got.business_number for got in scene.received("810")) == sorted([held.number, other.number])
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [order.number]
    assert len(scene.received("997", partner="northwind")) == 1


def test_what_was_ready_waits_too(stage: Stage) -> None:
    scene = stage(only=["northwind", "maplegate"])
    scene.know_reference()
    clerks.invoice(scene)
    with scene.pipeline() as pipeline:
        run = run_of(pipeline, "x12_810")
        for step in (fetch, validate, render):
            step(pipeline, run)
    assert scene.states("x12_810") == {"ready": 1}
    text, place = break_file(scene, "northwind", MISTAKES["no YAML"])
    scene.settle()
    (row,) = scene.documents("x12_810")
    assert (row.state, row.reason_code, scene.uploads()) == (State.ON_HOLD, "partner_file_wrong", [])
    assert place in row.reason
    correct_file(scene, "northwind", text)
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
