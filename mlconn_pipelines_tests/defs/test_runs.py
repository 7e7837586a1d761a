"""Runs of the jobs as Dagster executes them: documents go all the way, and materializations and checks tell it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from mlconn_pipelines.defs.keys import BACKFILL
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.ledger.totals import PostgresReports
from mlconn_pipelines_tests.defs.conftest import FLOWS, Dagster
from mlconn_pipelines_tests.integration import clerks

pytestmark = pytest.mark.database

INVOICES, X12_810 = "acme/sap_business_one/invoices", "acme/outbound/x12_810"
SMALL: dict[str, Any] = {"only": ["northwind", "ferrolux", "bluepeak"]}
FEW_DAYS = 3
"""That a night looks at: each day of each asset that held nothing is a materialization, and a month of them takes ten seconds."""


def folder_of(dagster: Dagster, partner: str) -> str:
    """The asset of a partner's folder."""
    return f"acme/cleo/{dagster.scene.partner_named(partner).inbox}"


def test_an_invoice_goes_out_and_every_asset_shows_it(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    written = clerks.invoice(it.scene)
    it.run("reference")
    result = it.run("x12_810")
    assert result.success
    assert [file.name for file in it.scene.uploads("810")]
    (row,) = it.scene.documents("x12_810", State.SENT)
    assert row.partition.isoformat() == it.today

    shown = it.metadata(INVOICES, it.today)
    assert shown["mlconn/run_new"] == 1
    assert shown["mlconn/run_erp_calls"] >= 1
    assert shown["mlconn/run_seconds"] > 0
    assert (shown["mlconn/watermark_from"], shown["dagster/row_count"]) == ("none yet", 1)
    assert shown["mlconn/watermark_to"] != "none yet"

    shown = it.metadata(X12_810, it.today, back=1)
    assert (shown["mlconn/run_rendered"], shown["mlconn/run_ready"], shown["mlconn/partition_ready"]) == (1, 1, 1)
    assert shown["mlconn/documents"][0].data["state"] == "ready"

    shown = it.metadata(X12_810, it.today)  # and after sending, its page shows them as sent
    assert (shown["mlconn/run_sent"], shown["mlconn/partition_sent"]) == (1, 1)
    (document,) = shown["mlconn/documents"]
    assert document.data["document"] == row.id
    assert document.data["number"] == written.number
    assert (document.data["partner"], document.data["state"]) == ("northwind", "sent")

    shown = it.metadata(folder_of(it, "northwind"), it.today)
    assert (shown["mlconn/run_files"], shown["mlconn/all_folders_sent"]) == (1, 1)
    assert shown["mlconn/all_folders_bytes"] > 300
    assert shown["mlconn/run_exchange_calls"] >= 1
    (document,) = shown["mlconn/documents"]
    assert shown["dagster/row_count"] == 1
    assert (document.data["state"], document.data["file"]) == ("sent", it.scene.uploads("810")[0].name)
    assert document.data["changed"].startswith(it.today[:4])
    assert not it.was_materialized(folder_of(it, "ferrolux"))
    assert it.checks() == {
        f"{INVOICES}:watermark_fresh": (
            True,
            "What changed in the ERP was read within the time that `schedules.fresh_within_s` gives.",
        ),
        f"{X12_810}:nothing_set_aside": (True, "No document is on hold."),
        f"{X12_810}:no_overdue_acknowledgments": (True, "Every 997 came in time."),
        f"{X12_810}:no_unknown_outcomes": (True, "Every delivery and every post has a known outcome."),
    }


@pytest.mark.slow
def test_all_jobs_run_and_orders_come_in(dagster: Callable[..., Dagster]) -> None:
    it = dagster(reconcile_days_back=FEW_DAYS, **SMALL)
    clerks.invoice(it.scene)
    clerks.delivery(it.scene)
    clerks.purchase_order(it.scene)
    it.scene.partner.send_orders(1, partner="northwind")
    for flow in ("reference", *FLOWS[:-1]):
        assert it.run(flow).success
    inbound = it.run("inbound")
    assert inbound.success
    (order,) = it.scene.documents("inbound", State.POSTED, set_ids=("850",))
    shown = it.metadata("acme/sap_business_one/orders_received", it.today)
    assert shown["mlconn/run_posted"] == 1
    assert [row.data["document"] for row in shown["mlconn/documents"]] == [order.id]
    assert it.metadata("acme/cleo/inbox", it.today)["mlconn/run_files"] >= 1
    assert it.metadata("acme/inbound/x12_850", it.today, back=1)["mlconn/run_resolved"] == 1
    assert it.metadata("acme/inbound/x12_850", it.today)["mlconn/partition_posted"] == 1
    answers = it.metadata("acme/outbound/x12_997", it.today)
    steps = [event.step_key for event in inbound.get_step_success_events()]
    assert steps[-1] == "acme_inbound_checks"  # they tell how things stand at the end
    assert answers["dagster/row_count"] == len(answers["mlconn/documents"]) >= 1
    items = it.metadata("acme/sap_business_one/items")
    assert (items["dagster/row_count"], items["mlconn/reference_version"] >= 1) == (len(it.scene.world.items), True)
    reconciled = it.definitions.resolve_job_def("acme_reconciliation").execute_in_process(instance=it.instance)
    assert reconciled.success
    assert it.checks()[f"{INVOICES}:counts_and_amounts_equal_the_erp"][0]
    assert it.checks()["acme/sap_business_one/orders_received:each_reference_once"][0]
    card = it.metadata("acme/reports/partner_scorecard")
    rows = {(row.data["direction"], row.data["set"]): row.data for row in card["mlconn/scorecard"]}
    assert card["dagster/row_count"] == len(card["mlconn/scorecard"]) >= len(rows) >= 3
    assert (rows["inbound", "850"]["documents"], rows["inbound", "850"]["delivered"]) == (1, 1)
    assert rows["outbound", "810"]["day"] == it.today


def test_an_acknowledgment_shows_on_the_page_of_what_it_acknowledges(dagster: Callable[..., Dagster]) -> None:
    it = dagster(late_max_s=0.1, **SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    it.run("x12_810")
    it.scene.wait_for_partners()
    it.run("inbound")
    shown = it.metadata(X12_810, it.today)
    assert (shown["mlconn/partition_accepted"], shown["mlconn/documents"][0].data["state"]) == (1, "accepted")
    asset = dg.AssetKey(X12_810.split("/"))
    made = it.instance.get_latest_materialization_event(asset)
    assert made is not None
    for check in ("nothing_set_aside", "no_overdue_acknowledgments"):
        record = it.instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(asset, check))
        assert record is not None and record.event is not None
        assert record.event.timestamp >= made.timestamp, "the UI would show it as out of date"


def test_what_waits_for_a_person_fails_its_check_in_words(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    item = clerks.sound_items(it.scene, "northwind")[0]
    clerks.invoice(it.scene)
    clerks.switch_item(it.scene, item.code, active=False)
    it.run("reference")
    it.run("x12_810")
    passed, words = it.checks()[f"{X12_810}:nothing_set_aside"]
    assert not passed
    assert words.startswith("1 document on hold")
    assert not it.scene.uploads("810")


def test_nothing_counts_as_out_of_sync_because_it_moved_on(dagster: Callable[..., Dagster]) -> None:
    """Sent, acknowledged, shown again, its reference data read anew: the pages of the day say nothing of it."""
    it = dagster(late_max_s=0.1, **SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    it.run("x12_810")
    assert it.out_of_sync() == {}
    it.scene.wait_for_partners()
    it.run("inbound")
    assert it.out_of_sync() == {}
    clerks.invoice(it.scene)
    clerks.switch_item(it.scene, clerks.sound_items(it.scene, "northwind")[0].code, active=False)
    it.run("reference")
    assert it.out_of_sync() == {}
    it.run("x12_810")  # on hold: no folder gets anything
    assert it.scene.states("x12_810") == {"accepted": 1, "on_hold": 1}
    assert it.out_of_sync() == {}
    table = it.metadata(X12_810, it.today)["mlconn/documents"]
    assert [row.data["state"] for row in table] == ["on_hold", "accepted"], "what somebody should look at comes first"


def test_of_a_day_that_held_nothing_no_table_is_asked_for(
    dagster: Callable[..., Dagster], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = dagster(reconcile_days_back=FEW_DAYS, **SMALL)
    days: set[dt.date] = set()
    day_table = PostgresReports.day_table

    def noted(reports: PostgresReports, integration: str, flow: Any, partition: dt.date, **which: Any) -> Any:
        days.add(partition)
        return day_table(reports, integration, flow, partition, **which)

    monkeypatch.setattr(PostgresReports, "day_table", noted)
    yesterday = dt.date.fromisoformat(it.today) - dt.timedelta(days=1)
    it.run("reference")
    clerks.invoice(it.scene, DocDate=yesterday.isoformat(), TaxDate=yesterday.isoformat())
    it.run("x12_810", BACKFILL, partition=yesterday.isoformat())
    it.definitions.resolve_job_def("acme_reconciliation").execute_in_process(instance=it.instance)
    assert days == {yesterday}
    assert it.metadata(X12_810, (yesterday - dt.timedelta(days=1)).isoformat())["dagster/row_count"] == 0


def test_days_that_held_nothing_are_reported_by_night_and_no_others(dagster: Callable[..., Dagster]) -> None:
    it = dagster(reconcile_days_per_night=0, reconcile_days_back=FEW_DAYS, **SMALL)
    today = dt.date.fromisoformat(it.today)
    older, yesterday = ((today - dt.timedelta(days=back)).isoformat() for back in (2, 1))
    it.run("reference")
    missed = clerks.invoice(it.scene, DocDate=yesterday, TaxDate=yesterday)  # and no poll brings it
    job = it.definitions.resolve_job_def("acme_reconciliation")

    def days_of(asset: str) -> set[str]:
        return it.instance.get_materialized_partitions(dg.AssetKey(asset.split("/"))) & {older, yesterday, it.today}

    job.execute_in_process(instance=it.instance)
    assert it.metadata(X12_810, older)["dagster/row_count"] == 0
    assert days_of(INVOICES) == days_of(X12_810) == {older}, "yesterday differs from the ERP, and today is not over"
    assert (
        days_of("acme/outbound/x12_850") == days_of("acme/cleo/inbox") == days_of("acme/inbound/x12_855") == {older, yesterday}
    )
    assert days_of(folder_of(it, "ferrolux")) == {older, yesterday}
    assert days_of(folder_of(it, "northwind")) == {older}, "what yesterday's invoices would bring is not known"
    assert it.out_of_sync() == {}

    it.run("x12_810")
    assert [row.business_number for row in it.scene.documents("x12_810")] == [missed.number]
    for _ in range(2):
        job.execute_in_process(instance=it.instance)
        assert days_of(folder_of(it, "northwind")) - {it.today} == {older, yesterday}
    made = it.instance.fetch_materializations(dg.AssetKey(X12_810.split("/")), limit=20).records
    assert [record.partition_key for record in made].count(older) == 1, "once, however many nights"


def test_a_night_on_which_cleo_does_not_answer_leaves_the_inbound_days_missing(dagster: Callable[..., Dagster]) -> None:
    it = dagster(reconcile_days_back=1, **SMALL)
    yesterday = (dt.date.fromisoformat(it.today) - dt.timedelta(days=1)).isoformat()
    it.run("reference")
    job = it.definitions.resolve_job_def("acme_reconciliation")
    it.scene.cleo.faults.arm("500", path="/", count=200)
    assert job.execute_in_process(instance=it.instance).success
    assert it.was_materialized(INVOICES)
    missing = ("acme/cleo/inbox", "acme/inbound/x12_850", folder_of(it, "northwind"))
    assert not any(map(it.was_materialized, missing)), "who knows what lies there"
    it.scene.cleo.faults.disarm()
    assert job.execute_in_process(instance=it.instance).success
    assert [it.metadata(asset, yesterday)["dagster/row_count"] for asset in missing] == [0, 0, 0]


def test_an_order_on_hold_fails_the_check_of_its_set_and_of_no_other(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    it.run("reference")
    order = clerks.an_order(it.scene)
    first = next(place for place, segment in enumerate(order.segments) if segment[0] == "PO1")
    two_places = (*order.segments[:first], ("N1", "ST", "Elsewhere", "92", "9977"), *order.segments[first:])
    clerks.put(it.scene, clerks.order_file(it.scene, [replace(order, segments=two_places)], 7), "order.edi")
    it.run("inbound")
    checks = it.checks()
    on_hold = {name.split(":")[0] for name, (passed, _) in checks.items() if not passed}
    assert on_hold == {"acme/cleo/inbox", "acme/inbound/x12_850"}
    assert checks["acme/inbound/x12_850:nothing_set_aside"][1].startswith("1 document on hold")
    it.tick("acme_watch_sensor")
    alerts = it.scene.rows("SELECT cause FROM alert WHERE resolved_at IS NULL AND cause LIKE 'nothing_set_aside%%'")
    assert [alert["cause"] for alert in alerts] == ["nothing_set_aside:acme/inbound"], "one, for the flow"


def test_the_nightly_comparison_brings_what_was_missed_and_tells_what_differs_afterwards(
    dagster: Callable[..., Dagster],
) -> None:
    it = dagster(reconcile_days_back=FEW_DAYS, **SMALL)
    written = clerks.invoice(it.scene)
    it.run("reference")
    job = it.definitions.resolve_job_def("acme_reconciliation")

    def compared() -> tuple[bool, str]:
        job.execute_in_process(instance=it.instance)
        return it.checks()[f"{INVOICES}:counts_and_amounts_equal_the_erp"]

    passed, words = compared()
    assert passed
    assert f"1 of them were read again ({it.today}), and 1 records found that no poll had brought" in words
    assert [row.business_number for row in it.scene.documents("x12_810")] == [written.number]
    assert compared()[1].startswith("All days since")
    assert not it.scene.rows("SELECT * FROM alert WHERE cause LIKE 'counts%%'")

    def add_to_total(amount: int) -> None:
        with it.scene.erp.lock:
            it.scene.erp.company.sets["Invoices"].get((written.entry,)).values["DocTotal"] += amount

    add_to_total(1)  # without a stamp, and what was read under that stamp is read no more
    for _ in range(2):
        passed, words = compared()
        assert not passed and written.number in words
    (alert,) = it.scene.rows("SELECT text, resolved_at FROM alert WHERE cause LIKE 'counts%%'")
    assert f"{written.number} of {it.today}" in alert["text"] and alert["resolved_at"] is None
    add_to_total(-1)
    assert compared()[0]
    (alert,) = it.scene.rows("SELECT resolved_at FROM alert WHERE cause LIKE 'counts%%'")
    assert alert["resolved_at"] is not None


def test_the_nightly_comparison_shows_what_the_erp_posted_for_yesterdays_documents(dagster: Callable[..., Dagster]) -> None:
    it = dagster(reconcile_days_back=FEW_DAYS, **SMALL)
    yesterday = (dt.date.fromisoformat(it.today) - dt.timedelta(days=1)).isoformat()
    written = clerks.invoice(it.scene, DocDate=yesterday, TaxDate=yesterday)
    it.run("reference")
    compared = it.definitions.resolve_job_def("acme_reconciliation").execute_in_process(instance=it.instance)
    shown = {
        evaluation.asset_key.path[-1]: evaluation.metadata["mlconn/journal_entries"].records
        for evaluation in compared.get_asset_check_evaluations()
        if "mlconn/journal_entries" in evaluation.metadata
    }
    assert "invoices" in shown and "purchase_orders" not in shown  # which post nothing
    (row,) = [row.data for row in shown["invoices"] if row.data["document"] == written.number]
    assert row["date"] == yesterday and row["debit"].startswith("11000001 Trade receivables ")
    assert row["credit"].startswith("41000001 Sales revenues ")


def test_a_backfill_files_each_day_under_itself_and_leaves_the_watermark(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    today = dt.date.fromisoformat(it.today)
    days = [today - dt.timedelta(days=back) for back in (3, 2, 1)]
    for day in (days[0], days[2]):
        clerks.invoice(it.scene, DocDate=day.isoformat(), TaxDate=day.isoformat())
    it.run("reference")
    result = it.run("x12_810", BACKFILL, partition=days[0].isoformat(), until=days[-1].isoformat())
    assert result.success
    assert not it.scene.rows("SELECT 1 FROM watermark WHERE name = 'x12_810'")
    sent = it.scene.documents("x12_810", State.SENT)
    assert sorted(row.partition for row in sent) == [days[0], days[2]]
    assert [it.metadata(X12_810, day.isoformat())["dagster/row_count"] for day in days] == [1, 0, 1]
    assert "mlconn/watermark_from" not in it.metadata(INVOICES, days[0].isoformat())

    again = it.run("x12_810", BACKFILL, partition=days[0].isoformat(), until=days[-1].isoformat())
    assert again.success
    assert len(it.scene.uploads("810")) == 2


def test_a_run_about_named_documents_touches_no_other(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    item = clerks.sound_items(it.scene, "northwind")[0]
    clerks.invoice(it.scene)
    clerks.invoice(it.scene)
    clerks.switch_item(it.scene, item.code, active=False)
    it.run("reference")
    it.run("x12_810")
    first, second = it.scene.documents("x12_810", State.ON_HOLD)
    clerks.switch_item(it.scene, item.code, active=True)
    yesterday = (dt.date.fromisoformat(it.today) - dt.timedelta(days=1)).isoformat()
    with it.scene.pipeline() as pipeline:  # the item's new state is looked up because the document is named
        pipeline.engine.intake.reference_book(pipeline.name)
    it.scene.rows("UPDATE document SET held_by = 'server'")  # nothing brings them back by itself
    it.run("reference")
    it.run("x12_810", BACKFILL, partition=yesterday, choice={"documents": [first.id, "D0NOSUCH"]})
    assert {row.id for row in it.scene.documents("x12_810", State.SENT)} == {first.id}
    assert it.scene.documents("x12_810", State.ON_HOLD)[0].id == second.id
    assert "D0NOSUCH: there is no such document" in it.metadata(INVOICES, yesterday)["mlconn/problems"]


@pytest.mark.slow
def test_delivering_again_needs_names_and_a_reason(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    it.run("x12_810")
    (sent,) = it.scene.documents("x12_810", State.SENT)
    refused = it.run("x12_810", BACKFILL, choice={"documents": [sent.id], "redeliver": True}, raise_on_error=False)
    assert not refused.success
    it.run("x12_810", BACKFILL, choice={"documents": [sent.id], "reason": "nobody asked"})
    assert len(it.scene.uploads("810")) == 1
    it.run("x12_810", BACKFILL, choice={"documents": [sent.id], "redeliver": True, "reason": "they lost the file"})
    names = [file.name for file in it.scene.uploads("810")]
    assert len(names) == len(set(names)) == 2
    audit = it.scene.rows("SELECT reason FROM audit_event WHERE event = 'redelivery_asked'")
    assert [row["reason"] for row in audit] == ["they lost the file"]


def test_one_folder_by_hand_gets_its_own_documents_only(dagster: Callable[..., Dagster]) -> None:
    """Materialized from the asset's page: no tags, no job, and nothing for anybody else."""
    it = dagster(only=["northwind", "kestrel"])
    clerks.invoice(it.scene, "northwind")
    clerks.invoice(it.scene, "kestrel")
    it.run("reference")
    assert it.by_hand(INVOICES, X12_810).success
    assert it.scene.states("x12_810") == {"ready": 2}
    assert it.by_hand(folder_of(it, "kestrel")).success
    assert [row.partner for row in it.scene.documents("x12_810", State.SENT)] == ["kestrel"]
    assert it.by_hand(folder_of(it, "northwind")).success
    assert it.scene.states("x12_810") == {"sent": 2}


def test_every_asset_by_hand_at_once_needs_no_tags(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    graph = it.definitions.resolve_asset_graph()
    made = graph.materializable_asset_keys
    flows = [key.to_user_string() for key in made if graph.get(key).group_name != "acme_reference"]
    assert it.by_hand(*flows).success
    assert it.scene.states("x12_810") == {"sent": 1}


def test_preview_sends_nothing_and_does_not_start_over_at_every_look(dagster: Callable[..., Dagster]) -> None:
    it = dagster(mode="preview", **SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    assert it.run("x12_810").success
    assert not it.scene.uploads()
    assert not it.tick("acme_x12_810_sensor").run_requests


def test_a_backtest_shows_its_report_and_sends_nothing(dagster: Callable[..., Dagster]) -> None:
    it = dagster(**SMALL)
    clerks.invoice(it.scene)
    it.run("reference")
    it.run("x12_810")
    tried = it.scene.folder / "tried"
    shutil.copytree(it.scene.settings.config, tried)
    file = tried / "partners" / "northwind.yaml"
    written = yaml.safe_load(file.read_text())
    written["x12"]["sets"] = {"810": {"fixed": {"BIG07": "CN"}}}
    file.write_text(yaml.safe_dump(written))
    job = it.definitions.resolve_job_def("acme_backtest")
    assert job.execute_in_process(instance=it.instance).success  # the configuration in force, the last month
    assert it.metadata("acme/reports/backtest")["mlconn/identical"] == 1
    asked = {"since": "2000-01-01", "config": str(tried)}
    config = {"ops": {"acme__reports__backtest": {"config": asked}}}
    assert job.execute_in_process(instance=it.instance, run_config=config).success
    shown = it.metadata("acme/reports/backtest")
    assert (shown["mlconn/document_count"], shown["mlconn/different"], shown["mlconn/refused"]) == (1, 1, 0)
    assert "x12.sets.810.fixed.BIG07" in shown["mlconn/report"]
    assert "x12.sets.810.fixed.BIG07" in Path(shown["mlconn/report_file"]).read_text(encoding="utf-8")
    asked["since"] = "last month"
    assert not job.execute_in_process(instance=it.instance, run_config=config, raise_on_error=False).success
    assert len(it.scene.uploads("810")) == 1
