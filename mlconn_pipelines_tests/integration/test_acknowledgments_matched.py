"""997s that come late, twice, against each other, for a whole group, or for nothing that we sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_simulators.partner.habits import PROMPT
from mlconn_simulators.partner.x12_text import Segment

pytestmark = pytest.mark.database

SILENT: dict[str, Any] = {"only": ["northwind"], "habits": replace(PROMPT, missing=1.0)}
"""A partner who acknowledges nothing by itself."""


def sent_invoice(scene: Scene) -> None:
    clerks.invoice(scene)
    scene.settle()
    assert scene.states("x12_810") == {"sent": 1}


def acknowledge(scene: Scene, code: str, *, group: str = "", sets: bool = True) -> None:
    """The partner's 997 about the only invoice. group: another group's number. sets: with AK2 and AK5."""
    (got,) = scene.received("810")
    segments: list[Segment] = [["AK1", "IN", group or got.group]]
    if sets:
        segments += [["AK2", "810", got.set_control], ["AK5", code, *(["5"] if code == "R" else [])]]
    segments.append(["AK9", code, "1", "1", "0" if code == "R" else "1"])
    clerks.send_set(scene, "northwind", "997", segments, "FA")
    scene.settle()


def open_alerts(scene: Scene) -> list[str]:
    return [row["text"] for row in scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL ORDER BY id")]


def test_a_late_997_is_overdue_first_and_then_settles_it(stage: Stage) -> None:
    scene = stage(**SILENT)
    sent_invoice(scene)
    scene.rows("UPDATE claim SET sending_at = sending_at - interval '2 hours'")
    scene.run("x12_810")
    assert scene.rows("SELECT state FROM acknowledgment") == [{"state": "overdue"}]
    assert ["overdue" in text for text in open_alerts(scene)] == [True]
    acknowledge(scene, "A")
    scene.run("x12_810")
    assert scene.states("x12_810") == {"accepted": 1}
    assert open_alerts(scene) == []


@pytest.mark.parametrize(
    ("code", "sets", "state"),
    [
        ("A", True, "accepted"),
        ("A", False, "accepted"),
        ("E", True, "accepted_with_errors"),
        ("R", True, "rejected_by_partner"),
        ("R", False, "rejected_by_partner"),
    ],
)
def test_what_a_997_says(stage: Stage, code: str, sets: bool, state: str) -> None:
    scene = stage(**SILENT)
    sent_invoice(scene)
    acknowledge(scene, code, sets=sets)
    assert scene.states("x12_810") == {state: 1}
    assert scene.states(INBOUND) == {"processed": 1}
    assert bool(open_alerts(scene)) == (code == "R")


def test_a_repeated_997_changes_nothing_and_a_contrary_one_is_a_finding(stage: Stage) -> None:
    scene = stage(**SILENT)
    sent_invoice(scene)
    for _ in range(2):
        acknowledge(scene, "A")
    (row,) = scene.documents("x12_810")
    assert (row.state, open_alerts(scene)) == (State.ACCEPTED, [])
    acknowledge(scene, "R")
    (row,) = scene.documents("x12_810")
    assert row.state == State.ACCEPTED
    assert "contrary_acknowledgment" in {finding.code for finding in row.findings}
    assert len(open_alerts(scene)) == 1
    assert len(scene.uploads()) == 1


def test_a_997_for_nothing_that_we_sent_waits_for_a_person(stage: Stage) -> None:
    scene = stage(**SILENT)
    sent_invoice(scene)
    acknowledge(scene, "A", group="4711")
    assert scene.states("x12_810") == {"sent": 1}
    (row,) = scene.documents(INBOUND)
    assert (row.state, row.reason_code) == (State.ON_HOLD, "acknowledgment_unmatched")
    assert "4711" in row.reason
