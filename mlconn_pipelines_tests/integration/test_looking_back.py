"""Documents that were sent, rendered again: byte for byte with what was known then, and what a change would make of them."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.backtesting.causes import ALIKE_MAX, PROGRAM, SINCE
from mlconn_pipelines.flows.backtesting.report import BacktestReport
from mlconn_pipelines.flows.backtesting.rerendering import rerender
from mlconn_pipelines.flows.backtesting.running import backtest
from mlconn_pipelines.flows.tracing.stored import trace_document
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.ledger.history import PostgresHistory
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines.wiring.translation import translation_of
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of

pytestmark = pytest.mark.database

LONG_AGO = dt.date(2000, 1, 1)


@contextmanager
def history_of(scene: Scene) -> Iterator[PostgresHistory]:
    with open_stores(scene.settings, with_vault=False) as stores:
        yield PostgresHistory(stores.engine)


def in_force(scene: Scene) -> Translation:
    return translation_of(load_configuration(scene.settings.config), "acme")


def changed(scene: Scene, folder: Path, partners: Mapping[str, Any]) -> Translation:
    """The scene's configuration in another folder, with top-level settings of some partners replaced (x12.sets merged)."""
    shutil.copytree(scene.settings.config, folder)
    for name, changes in partners.items():
        file = folder / "partners" / f"{name}.yaml"
        written = yaml.safe_load(file.read_text())
        if sets := changes.get("sets"):
            written["x12"]["sets"] = written["x12"].get("sets", {}) | sets
        written |= {key: value for key, value in changes.items() if key != "sets"}
        file.write_text(yaml.safe_dump(written, sort_keys=False, allow_unicode=True))
    return translation_of(load_configuration(folder), "acme")


def tried(scene: Scene, translation: Translation, base: Translation | None = None, **options: Any) -> BacktestReport:
    with history_of(scene) as history:
        return backtest(translation, history, LONG_AGO, base=base, **options)


def content_of_ledger(scene: Scene) -> list[dict[str, Any]]:
    """Everything that a write would change."""
    return scene.rows(
        "SELECT (SELECT array_agg((d.*)::text ORDER BY id) FROM document d) AS documents, (SELECT count(*) FROM claim) AS claims, "
        "(SELECT count(*) FROM audit_event) AS events, (SELECT array_agg((c.*)::text) FROM control_number c) AS numbers, "
        "(SELECT count(*) FROM interchange) AS interchanges"
    )


def test_everything_that_was_sent_comes_out_byte_for_byte(stage: Stage) -> None:
    """All flows, partners, character sets and currencies, our own 997s and 824s and an API Provider's JSON among them."""
    scene = stage(documents=80, seed=3)
    scene.run()
    scene.wait_for_partners()
    scene.run()
    before = content_of_ledger(scene)
    report = tried(scene, in_force(scene))
    flows = {flow for flow, _ in report.sums}
    assert flows == {"x12_810", "x12_850", "x12_856", "inbound"}
    assert report.documents == len(scene.uploads()) > 60
    assert any(file.folder.startswith("api:") for file in scene.uploads())
    assert (report.identical, report.groups, report.differs) == (report.documents, {}, False)
    assert content_of_ledger(scene) == before
    uploads = len(scene.uploads())
    with history_of(scene) as history:
        kinds = {sent.document.set_id for sent in history.sent(history.sent_ids("acme", LONG_AGO, None))}
    assert {"810", "850", "856", "997"} <= kinds and len(scene.uploads()) == uploads


def test_reference_data_and_records_count_as_they_were(stage: Stage) -> None:
    """What SAP says today changes nothing of what was sent; a document is rendered with the version it was checked with."""
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.run("x12_810")
    item = clerks.sound_items(scene, "northwind")[0]
    scene.erp.change("Items", item.code, BarCode="012345678905")
    card = scene.partner_named("northwind").customer_code
    scene.erp.change("BusinessPartners", card, CardName="Northwind & Sons")
    scene.refresh_reference()
    clerks.invoice(scene)
    scene.run("x12_810")
    with history_of(scene) as history:
        sent = history.sent(history.sent_ids("acme", LONG_AGO, None))
        versions = [one.document.reference_version for one in sent]
        assert len(set(versions)) == 2 and versions == sorted(versions, key=lambda version: version or 0)
        for one in sent:
            book = history.reference_book("acme", one.document.reference_version)
            assert rerender(in_force(scene), one, book).content == one.content
    assert tried(scene, in_force(scene)).identical == 2


def test_a_changed_setting_is_named_with_what_it_changes(stage: Stage, tmp_path: Path) -> None:
    scene = stage(only=["northwind", "ferrolux"])
    for _ in range(3):
        clerks.invoice(scene)
    clerks.purchase_order(scene)
    scene.run("x12_810", "x12_850")
    rules = {"810": {"fixed": {"BIG07": "CN"}, "lengths_max": {"PID05": 5}}}
    units = {"Each": "PC"}
    now = changed(scene, tmp_path / "tried", {"northwind": {"sets": rules, "units": units}})
    report = tried(scene, now, in_force(scene))
    assert (report.documents, report.identical, report.changed, report.refused) == (4, 1, 3, 0)
    causes = {(group.place, group.kind): group.cause for group in report.groups.values()}
    assert causes["BIG07", "changed"] == "x12.sets.810.fixed.BIG07"
    assert causes["IT103", "changed"] == "units.Each"
    assert causes["PID", "added"] == causes["PID05", "changed"] == causes["SE01", "changed"] == "x12.sets.810.lengths_max.PID05"
    assert {group.documents for group in report.groups.values()} == {3}
    (group,) = [group for group in report.groups.values() if group.place == "BIG07"]
    assert group.partners == {"northwind": 3} and (group.examples[0].before, group.examples[0].after) == ("", "CN")
    (invoices,) = [one for (flow, _), one in report.sums.items() if flow == "x12_810"]
    assert invoices.difference == 0 and invoices.before == sum((r.amount or Decimal()) for r in scene.documents("x12_810"))


def test_many_documents_that_differ_alike_are_explained_by_the_first(stage: Stage, tmp_path: Path) -> None:
    """Their causes are found out once, and hold for those that come later; another place is looked into again."""
    scene = stage(only=["northwind"])
    for number in range(ALIKE_MAX + 6):
        clerks.invoice(scene, NumAtCard=f"PO-{number}")
    item = clerks.sound_items(scene, "northwind")[0].code
    clerks.invoice(
        scene, DocumentLines=[{"ItemCode": item, "Quantity": 1.0, "UnitPrice": 2.0}], OpeningRemarks="Dock 7, please"
    )
    scene.run("x12_810")
    rules = {"810": {"fixed": {"BIG07": "CN"}, "lengths_max": {"NTE02": 6}}}
    report = tried(scene, changed(scene, tmp_path / "tried", {"northwind": {"sets": rules}}), in_force(scene))
    found = {(group.place, group.cause): group.documents for group in report.groups.values()}
    assert found["BIG07", "x12.sets.810.fixed.BIG07"] == ALIKE_MAX + 7
    assert found["NTE02", "x12.sets.810.lengths_max.NTE02"] == found["NTE", "x12.sets.810.lengths_max.NTE02"] == 1


def test_what_would_be_refused_is_told_with_its_reason_and_money(stage: Stage, tmp_path: Path) -> None:
    scene = stage(only=["northwind", "ferrolux"])
    clerks.invoice(scene)
    clerks.purchase_order(scene)
    scene.run("x12_810", "x12_850")
    now = changed(
        scene,
        tmp_path / "tried",
        {"northwind": {"sets": {"810": {"required": ["BIG03"]}}}, "ferrolux": {"supplier_codes": ["V_OTHER"]}},
    )
    report = tried(scene, now, in_force(scene))
    assert (report.identical, report.refused) == (0, 2)
    refused = {group.flow: group for group in report.groups.values() if group.kind == "refused"}
    assert refused["x12_810"].cause == "x12.sets.810.required" and "BIG03" in refused["x12_810"].examples[0].after
    assert refused["x12_850"].place == "partner_unknown" and "codes of a partner file" in refused["x12_850"].cause
    for one in report.sums.values():
        assert one.refused == 1 and one.after == 0 and one.difference == -one.before < 0


def test_a_changed_mapping_is_told_from_a_changed_setting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlconn_pipelines.systems.sap_business_one.mapping import outbound_lines

    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.run("x12_810")
    monkeypatch.setattr(outbound_lines, "line_number", lambda line: str((line.LineNum + 1) * 10))
    report = tried(scene, in_force(scene))
    assert {(group.place, group.cause) for group in report.groups.values()} == {("IT101", PROGRAM)}
    scene.reconfigure(partners={"northwind": {"price_tolerance": "0.01"}})
    assert {group.cause for group in tried(scene, in_force(scene)).groups.values()} == {SINCE}


def test_code_that_fails_is_one_line_of_the_report(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlconn_pipelines.systems.sap_business_one.mapping import outbound_lines

    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.run("x12_810")
    monkeypatch.setattr(outbound_lines, "line_number", lambda line: 1 // 0)
    (group,) = tried(scene, in_force(scene)).groups.values()
    assert (group.kind, group.place) == ("refused", "failed") and "ZeroDivisionError" in group.examples[0].after


def test_only_what_stands_as_delivered_is_compared(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    sent = clerks.invoice(scene)
    scene.run("x12_810")
    clerks.invoice(scene)
    scene.run("x12_810", preview=True)
    report = tried(scene, in_force(scene))
    assert report.documents == 1
    (row,) = scene.documents("x12_810", State.SENT)
    assert row.business_number == sent.number
    assert tried(scene, in_force(scene), flows=("x12_850",)).documents == 0
    assert tried(scene, in_force(scene), partner="nobody").documents == 0
    with history_of(scene) as history:
        assert row.document_date is not None
        assert history.sent_ids("acme", row.document_date, row.document_date) == [row.id]
        assert history.sent_ids("acme", row.document_date + dt.timedelta(days=1), None) == []


def test_a_delivery_of_its_own_counts_by_its_last_bytes(stage: Stage) -> None:
    """Delivered again with new control numbers: those are the ones that come out."""
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.run("x12_810")
    (row,) = scene.documents("x12_810", State.SENT)
    with scene.pipeline() as pipeline:
        pipeline.operator.reprocess(run_of(pipeline, "x12_810"), row.id, "they lost it", redeliver=True)
    scene.run("x12_810")
    assert len(scene.uploads("810")) == 2
    report = tried(scene, in_force(scene))
    assert (report.documents, report.identical) == (1, 1)
    with history_of(scene) as history:
        (sent,) = history.sent(history.sent_ids("acme", LONG_AGO, None))
        assert sent.file_name == scene.uploads("810")[-1].name and sent.content == scene.uploads("810")[-1].content


def test_stored_documents_are_traced_as_they_were_sent(stage: Stage) -> None:
    scene = stage(only=["northwind", "bluepeak"])
    clerks.invoice(scene)
    clerks.invoice(scene, "bluepeak")
    scene.partner.send_orders(1, partner="northwind")
    scene.settle()
    with history_of(scene) as history:
        for row in scene.documents("x12_810"):
            trace = trace_document(in_force(scene), history, row)
            assert trace.same_as_stored is True
            found = {one.name: str(one.origins[0]) for one in trace.traced}
            assert found["BIG02"] == "DocNum" and found["ISA13"] == "control number ISA13"
        (order,) = scene.documents("inbound", State.POSTED, set_ids=("850",))
        trace = trace_document(in_force(scene), history, order)
        made = {one.name: "; ".join(map(str, one.origins)) for one in trace.traced}
        assert made["NumAtCard"].startswith("BEG03") and made["DocumentLines[0].Quantity"].startswith("PO102")
        ours = scene.documents("inbound", State.SENT, set_ids=("997",), direction="outbound")
        assert ours and trace_document(in_force(scene), history, ours[0]).same_as_stored is True
