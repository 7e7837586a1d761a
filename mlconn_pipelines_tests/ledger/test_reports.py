"""Totals, tables and stories as people read them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.ports.entries import ReceivedFile, ReceivedGroup, ReceivedInterchange
from mlconn_pipelines.flows.ports.reports import AcknowledgmentCounts, LedgerReports
from mlconn_pipelines.ledger import document_history
from mlconn_pipelines.ledger.totals import PostgresReports
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines_tests.ledger.workbench import DAY, INBOUND, RUN, Workbench, answer, received_set, record

pytestmark = pytest.mark.database


def test_each_document_is_counted_once(bench: Workbench) -> None:
    reports: LedgerReports = PostgresReports(bench.engine)
    sent, rejected = bench.sent("1"), bench.sent("2")
    bench.acknowledge(answer(bench.group_of(rejected), "R"))
    bench.seen("3")
    bench.fetch(record("3", "b"))
    bench.fetch(record("4"), run=replace(RUN, preview=True))
    bench.check(bench.seen("5"), State.ON_HOLD, reason="no item X", reason_code="item_unknown")
    bench.check(bench.seen("6"), State.ON_HOLD, reason="no item Y", reason_code="item_unknown")
    bench.fetch(record("7", cancelled=True))
    assert reports.totals("acme", "x12_810") == {
        "sent": 1,
        "rejected_by_partner": 1,
        "pending_validation": 1,
        "on_hold": 2,
        "skipped": 1,
    }
    assert reports.totals("acme", "x12_810", partition=DAY + dt.timedelta(days=1)) == {}
    assert reports.acknowledgment_counts("acme", "x12_810") == AcknowledgmentCounts(0, 1, 0, 1)
    (reason,) = reports.reasons("acme", "x12_810")
    assert (reason.code, reason.count, reason.example) == ("item_unknown", 2, "no item Y")
    day = reports.day_ledgers("acme", "x12_810", DAY, DAY)[DAY]
    assert (day.count, day.amount) == (5, Decimal("62.50")), "what the ERP counts: neither cancelled nor previewed nor twice"
    bench.operator.reprocess(RUN, sent.id, "lost", redeliver=True)
    assert reports.totals("acme", "x12_810")["pending_validation"] == 2
    assert "sent" not in reports.totals("acme", "x12_810"), "the redelivery is the document now"


def test_the_day_table_shows_where_each_document_went(bench: Workbench) -> None:
    reports = PostgresReports(bench.engine)
    sent, seen = bench.sent("1"), bench.seen("2")
    rows = reports.day_table("acme", "x12_810", DAY)
    assert [(row["document"], row["file"]) for row in rows] == [(seen.id, ""), (sent.id, f"{sent.id}_1.edi")]
    assert [row["document"] for row in reports.day_table("acme", "x12_810", DAY, destination="outbox")] == [sent.id]
    assert reports.totals("acme", ("x12_850", "x12_810"), partition=DAY, destination="outbox") == {"sent": 1}
    assert (
        reports.totals("acme", "x12_850", destination="outbox") == reports.totals("acme", "x12_810", destination="other") == {}
    )
    held = bench.check(bench.seen("0"), State.ON_HOLD, reason="no item X", reason_code="item_unknown")
    last = bench.seen("9")
    assert [row["document"] for row in reports.day_table("acme", "x12_810", DAY, limit=2)] == [held.id, last.id]


def test_sets_that_came_are_counted_by_partner(bench: Workbench) -> None:
    reports = PostgresReports(bench.engine)
    for control, set_id in enumerate(("850", "850", "875")):
        bench.received(received_set("0001", str(control), group=f"G{control}", set_id=set_id))
    assert reports.sets_received("acme") == {("wholesale", "850"): 2, ("wholesale", "875"): 1}
    assert reports.sets_received("other") == {}


def test_a_folders_table_begins_with_what_is_on_hold_or_rejected(bench: Workbench) -> None:
    rejected, accepted, held = bench.sent("1"), bench.sent("2"), bench.ready("3")
    bench.acknowledge(answer(bench.group_of(rejected), "R"))
    bench.acknowledge(answer(bench.group_of(accepted), "A"))
    with bench.owner() as owner:
        claim = bench.claim(owner, held)
        claim.sending()
        claim.refuse(DocumentRejected("The folder takes no such name", code="file_name"))
    newest = bench.sent("4")
    rows = PostgresReports(bench.engine).day_table("acme", "x12_810", DAY, destination="outbox")
    first, last = rows[:2], rows[2:]
    assert {row["document"] for row in first} == {rejected.id, held.id}
    assert [row["document"] for row in last] == [newest.id, accepted.id]


def test_the_reasons_of_one_set_leave_out_files_and_other_sets(bench: Workbench) -> None:
    reports = PostgresReports(bench.engine)
    bench.intake.set_file_aside(INBOUND, bench.listed("f1"), b"ISA*broken", Finding("usage_differs", "test data"))
    order, notice = bench.received(), bench.received(received_set("0009", set_id="856"))
    for document, code in ((order, "item_unknown"), (notice, "order_unknown")):
        bench.check(document, State.ON_HOLD, reason="look", reason_code=code)
    codes = {
        set_id: [reason.code for reason in reports.reasons("acme", "inbound", set_id=set_id, direction="inbound")]
        for set_id in ("850", "856", "810")
    }
    assert codes == {"850": ["item_unknown"], "856": ["order_unknown"], "810": []}
    assert {reason.code for reason in reports.reasons("acme", "inbound")} == {"item_unknown", "order_unknown", "usage_differs"}


def test_exceptions_on_sent_documents_are_among_the_reasons(bench: Workbench) -> None:
    document = bench.sent("1")
    bench.fetch(record("1", cancelled=True, stamp="c"))
    (reason,) = PostgresReports(bench.engine).reasons("acme", "x12_810")
    assert (reason.code, reason.example_id) == ("cancelled_after_sending", document.id)
    assert [row["id"] for row in document_history.find_documents(bench.engine, state="exception")] == [document.id]


def test_documents_are_found_by_what_people_know(bench: Workbench) -> None:
    sent = bench.sent("1")
    bench.seen("2")
    find = document_history.find_documents
    assert [row["id"] for row in find(bench.engine, number="INV1")] == [sent.id]
    assert [row["id"] for row in find(bench.engine, number=sent.id.lower().replace("0", "o", 1))] == [sent.id]
    assert [row["id"] for row in find(bench.engine, partner="wholesale")] == [sent.id]
    assert len(find(bench.engine, integration="acme", flow="x12_810", date_from=DAY, date_to=DAY)) == 2
    assert find(bench.engine, date_from=DAY + dt.timedelta(days=1)) == []
    assert [row["state"] for row in find(bench.engine, state="pending_validation")] == ["pending_validation"]


def interchange(content: bytes, name: str, hashed: str | None = None, of_sets: bool = True) -> ReceivedInterchange:
    """One order in an interchange of these bytes; documents of an earlier release do not know its hash (`of_sets` False)."""
    key, hashed = "01|PARTNER|ZZ|ACME|000000007|P", hashed or content.decode()
    one = received_set(content=content.decode())
    envelope = {"interchange_sha256": hashed} if of_sets else {}
    one = replace(one, source_key=f"{key}|7|0001", raw={**one.raw, "envelope": envelope})
    return ReceivedInterchange(key, hashed, content, {"usage": "P"}, (ReceivedGroup(f"{key}|7", (one,), None, "wholesale"),))


@pytest.mark.parametrize("of_sets", [True, False])
def test_a_document_is_received_again_by_the_same_bytes_of_the_same_integration_only(bench: Workbench, of_sets: bool) -> None:
    other = replace(INBOUND, integration="other")
    for run, name, content in (
        (other, "others.edi", b"same"),
        (INBOUND, "first.edi", b"same"),
        (INBOUND, "other_bytes.edi", b"else"),
        (other, "others_too.edi", b"same"),
        (INBOUND, "again.edi", b"same"),
    ):
        (row,) = bench.intake.note_files(run, "inbox", [RemoteFile(name, name, "inbox", 4, "10:00")])
        bench.intake.store_files(
            run, [ReceivedFile(row, content, [interchange(content, name, of_sets=of_sets)])], dt.date(2026, 1, 1)
        )
    came = {}
    for document in bench.all(flow="inbound"):
        told = document_history.story(bench.engine, document.id)
        assert told is not None
        came[document.id] = [one["file_name"] for one in told["received_in"]]
    assert list(came.values()) == [["first.edi", "again.edi"], ["other_bytes.edi"], ["first.edi", "again.edi"]]


def test_a_story_is_whole(bench: Workbench) -> None:
    document = bench.sent("1")
    bench.receive(ReceivedGroup("g", (received_set(set_id="997"),), None, "wholesale"))
    (theirs,) = bench.all(flow="inbound")
    bench.acknowledge(answer(bench.group_of(document)), theirs.id)
    told = document_history.story(bench.engine, document.id)
    assert told is not None
    assert told["document"]["raw"]["DocNum"] == "1"
    (held,) = told["claims"]
    assert (held["file_name"], held["interchange_number"], held["bytes"] > 0) == (f"{document.id}_1.edi", 1, True)
    assert [ack["state"] for ack in told["acknowledgments"]] == ["accepted"]
    assert [row["id"] for row in told["linked"]] == [theirs.id]
    assert [event["event"] for event in told["audit"]] == ["fetched", "checked", "claimed", "sending", "sent", "acknowledged"]
    assert {event["run_id"] for event in told["audit"]} == {"run-1"}
    theirs_told = document_history.story(bench.engine, theirs.id)
    assert theirs_told is not None and theirs_told["received_in"][0]["file_name"].startswith("file-")
    assert document_history.story(bench.engine, "D7777777") is None
    assert document_history.content_of(bench.engine, document.id) is not None
