"""Received originals read again by today's rules: what would be held, refused or answered otherwise, without a trace anywhere."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DatabaseUnavailable
from mlconn_pipelines.flows.backtesting.received import backtest_received
from mlconn_pipelines.flows.backtesting.received_report import ReceivedReport
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.ledger.originals import read_only
from mlconn_pipelines.wiring.past import past_pipeline
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import each_system_over_http
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database

LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def read_again(scene: Scene, partner: str = "") -> ReceivedReport:
    """By the configuration as it stands now. That the ledger, alerts and all, stays as it was is part of every test."""
    before = everything(scene)
    with open_stores(scene.settings, with_vault=False) as stores:
        configuration = load_configuration(scene.settings.config)
        pipeline, originals, intake = past_pipeline(configuration, "acme", read_only(stores.engine))
        report = backtest_received(pipeline.inbound, originals, intake.at_version, LONG_AGO, partner=partner)
    assert everything(scene) == before
    return report


def everything(scene: Scene) -> dict[str, Any]:
    """Every row of every table of the ledger, by table."""
    tables = [row["tablename"] for row in scene.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {table: scene.rows(f"SELECT md5(array_agg(t::text ORDER BY t::text)::text) FROM {table} t") for table in tables}


def with_partner(scene: Scene, name: str, **changes: Any) -> None:
    """x12 settings are laid over those that there are, others replace them."""
    path: Path = scene.settings.config / "partners" / f"{name}.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    written["x12"] |= changes.pop("x12", {})
    path.write_text(yaml.safe_dump(written | changes), encoding="utf-8")


def told(report: ReceivedReport) -> list[tuple[str, str, str, str, str, int]]:
    return [(one.partner, one.set_id, one.today, one.code, one.then, one.documents) for one in report.in_order]


@each_system_over_http
def test_the_rules_in_force_find_what_became_of_everything(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, documents=20, initial_orders=6, seed=3)
    scene.settle()
    asked = scene.system.faults.counts()["requests"]
    report = read_again(scene)
    assert report.documents > 10 and report.unknown == 0
    assert told(report) == []
    assert scene.system.faults.counts()["requests"] == asked, "the ERP was asked nothing"


def test_what_would_be_held_refused_or_answered_otherwise_is_told_by_partner_and_reason(stage: Stage) -> None:
    scene = stage(only=["northwind", "maplegate"])
    scene.know_reference()
    for partner in ("northwind", "maplegate"):
        order = clerks.an_order(scene, partner)
        clerks.put(scene, clerks.order_file(scene, [order], 77, partner), f"{partner}.edi", partner)
    clerks.put(scene, clerks.order_file(scene, [clerks.an_order(scene)], 78, usage="T"), "pilot.edi")
    scene.settle()
    created = scene.erp.state()["created"]
    assert len(created) == 2 and read_again(scene).groups == {}

    with_partner(scene, "northwind", x12={"sets": {"850": {"required": ["FOB01"]}}})
    (refused,) = read_again(scene).in_order
    assert (refused.partner, refused.set_id, refused.today, refused.then) == ("northwind", "850", "refused", "taken in")
    assert refused.code == "guide_segment_missing" and "FOB" in refused.examples[0].words
    assert refused.examples[0].file == "northwind.edi"

    weighed = {"sets": {"850": {"required": ["FOB01"]}}, "severities": {"guide_segment_missing": "accept_with_error"}}
    with_partner(scene, "northwind", x12=weighed)
    assert told(read_again(scene)) == [("northwind", "850", "answered", "guide_segment_missing", "997 A", 1)]
    assert told(read_again(scene, partner="maplegate")) == []

    with_partner(scene, "maplegate", units={}, default_unit="XX", items={})
    (held,) = read_again(scene, partner="maplegate").in_order
    assert (held.today, held.then) == ("held", "taken in")
    assert held.code in ("unit_unknown", "item_unknown") and held.meaning

    with_partner(scene, "northwind", x12={"usage": "T"})
    whole = {(one.set_id, one.today, one.code, one.then) for one in read_again(scene, partner="northwind").in_order}
    assert whole == {
        ("file", "held", "usage_differs", "taken in"),
        ("file", "taken", "usage_differs", "held (usage_differs)"),
    }
    assert scene.erp.state()["created"] == created


def test_what_a_person_decided_is_no_news(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.know_reference()
    first = clerks.an_order(scene)
    clerks.put(scene, clerks.order_file(scene, [first], 77), "first.edi")
    scene.settle()
    clerks.put(scene, clerks.order_file(scene, [first], 78), "again.edi")
    scene.settle()
    (held,) = scene.documents(INBOUND, State.ON_HOLD, set_ids=("850",))
    assert held.reason_code == "business_duplicate"
    assert told(read_again(scene)) == []
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, INBOUND), held.id, "a second delivery")
    scene.settle()
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 2}
    assert told(read_again(scene)) == [], "the first one has no twin but a later one"


def test_the_database_itself_refuses_a_write(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    with open_stores(scene.settings, with_vault=False) as stores:
        pipeline, _, _ = past_pipeline(load_configuration(scene.settings.config), "acme", read_only(stores.engine))
        with pytest.raises(DatabaseUnavailable, match="read-only transaction"):
            pipeline.watch.raise_alert("acme", "cause", "text")
