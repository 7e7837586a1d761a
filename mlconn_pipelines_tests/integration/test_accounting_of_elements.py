"""What a partner says and no record takes: told on the document, or the document waits; by the partner's file where that says so."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
import yaml

from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.cases import case, changed
from mlconn_pipelines_tests.command_line import mlconn_here
from mlconn_pipelines_tests.flows.test_coverage import order
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.test_received_again import with_partner
from mlconn_pipelines_tests.scenario import Scene

pytestmark = pytest.mark.database

DAY = dt.date(2026, 11, 28)
ORDER_NUMBER = "NOR01500001"


def puts(scene: Scene, number: str, control: int, *more: str) -> None:
    clerks.put(scene, changed(order(control, *more), ORDER_NUMBER, number), f"{number}.edi")


def test_an_order_is_posted_and_told_or_held_by_what_else_it_says(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = stage(only=["northwind"], today=DAY)
    puts(scene, "PO-TOLD", 801, "REF*LU*12", "TD3*TL**UT7")
    puts(scene, "PO-HELD", 802, "DIS*001*ZZ*1*EA*1")
    puts(scene, "PO-PLAIN", 803)
    for _ in range(2):
        scene.run(INBOUND)
    rows = {row.business_number: row for row in scene.documents(INBOUND, direction="inbound", set_ids=("850",))}
    told = {finding.code: finding.message for finding in rows["PO-TOLD"].findings}
    assert rows["PO-TOLD"].state.value == "posted" and "REF LU 12 (line 5) · TD3 TL UT7 (line 5)" in told["not_carried_over"]
    held = rows["PO-HELD"]
    assert (held.state.value, held.reason_code) == ("on_hold", "decides_unread")
    assert "Not read, although it decides what is meant: DIS 001 ZZ 1 EA 1 (line 5)." in held.reason
    assert rows["PO-PLAIN"].state.value == "posted"
    assert {entry["NumAtCard"] for entry in scene.erp.state()["created"]} == {"PO-TOLD", "PO-PLAIN"}
    shown = mlconn_here(monkeypatch, capsys, scene.environment, "documents", "show", held.id).stdout
    assert (
        "Said beside what its fields hold\n  line 5: DIS 001 ZZ 1 EA 1 (the document is held, because it states a price)"
        in shown
    )
    # Looked at once more, it is told once.
    said = mlconn_here(monkeypatch, capsys, scene.environment, "approve", held.id, "--reason", "the discount is in the price")
    assert said.returncode == 0, said.stderr
    scene.run(INBOUND)
    again = next(row for row in scene.documents(INBOUND, direction="inbound", set_ids=("850",)) if row.id == held.id)
    assert again.state.value == "posted" and [one.code for one in again.findings].count("decides_unread") == 1


def test_what_a_rule_would_hold_is_shown_before_it_does(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = stage(only=["northwind"], today=DAY)
    puts(scene, "PO-FOB", 801, "TD3*TL")
    scene.run(INBOUND)
    tried = tmp_path / "tried"
    shutil.copytree(scene.settings.config, tried)
    file = tried / "partners" / "northwind.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "unread": {"TD3": "hold"}}, sort_keys=False))
    said = mlconn_here(
        monkeypatch, capsys, scene.environment, "backtest", "acme", "--received", "--days", "3", "-c", str(tried), "--json"
    )
    (group,) = json.loads(said.stdout)["groups"]
    assert said.returncode == 1 and (group["partner"], group["then"], group["today"]) == ("northwind", "taken in", "held")
    assert "decides_unread" in json.dumps(group)


def test_a_group_for_others_is_noted_where_the_partner_file_only_notes_it(stage: Stage) -> None:
    scene = stage(only=["northwind"], today=DAY)
    with_partner(scene, "northwind", x12={"severities": {"group_for_others": "accept_with_error"}})
    clerks.put(scene, case("inbound/misc_gs03_not_ours.edi"), "other.edi")
    scene.run(INBOUND)
    (row,) = scene.documents(INBOUND, direction="inbound", set_ids=("850",))
    (told,) = [finding for finding in row.findings if finding.code == "group_for_others"]
    assert row.state.value == "posted" and told.severity == "accept_with_error" and "ACMEDIV9" in told.message
