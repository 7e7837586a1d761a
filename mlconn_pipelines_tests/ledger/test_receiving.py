"""Received files: looked at twice, stored once; duplicates answered again, conflicts left to a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.ports.entries import Answer, Checked, ReceivedFile, ReceivedGroup, ReceivedSet
from mlconn_pipelines.ledger.totals import PostgresReports
from mlconn_pipelines.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines_tests.ledger.workbench import INBOUND, Workbench, on_both, received_set, render

OUR_997 = FunctionalAcknowledgment("PO", "G", "A", 1, 1, 1)
PREVIEW = replace(INBOUND, preview=True)


def group(*sets: ReceivedSet) -> ReceivedGroup:
    return ReceivedGroup(
        "01|PARTNER|ZZ|ACME|000000007|P|G", sets or (received_set(),), OUR_997, "wholesale", {"version": "004010"}
    )


@on_both
def test_a_file_is_looked_at_until_it_stays_alike(bench: Workbench) -> None:
    def listing(size: int) -> list[RemoteFile]:
        return [RemoteFile("f1", "850.edi", "inbox", size, "10:00")]

    looks = [bench.intake.note_files(INBOUND, "inbox", listing(size))[0].check_count for size in (10, 20, 20)]
    assert looks == [1, 1, 2]
    assert bench.intake.files_to_take("acme", "inbox", listing(20)) == 1


@on_both
def test_a_stored_file_is_removed_and_then_left_alone(bench: Workbench) -> None:
    file = bench.listed("f1")
    counts = bench.intake.store_files(INBOUND, [ReceivedFile(file, b"ISA*", [])], dt.date(2026, 1, 1))
    assert counts.documents == 0
    assert [row.state for row in bench.intake.note_files(INBOUND, "inbox", [file.file])] == ["stored"], "still to be removed"
    bench.intake.files_removed([file])
    assert bench.intake.note_files(INBOUND, "inbox", [file.file]) == [], "left in the folder by setting"
    assert bench.intake.files_to_take("acme", "inbox", [file.file]) == 0
    another = replace(file.file, modified="11:00")
    assert bench.intake.files_to_take("acme", "inbox", [another]) == 1, "the same id and name, another file"
    two = [replace(file.file, id="f2"), replace(file.file, id="f3")]
    assert len({row.row_id for row in bench.intake.note_files(INBOUND, "inbox", two)}) == 2, "two files of one name"


@pytest.mark.database
def test_a_file_set_aside_keeps_its_bytes_and_its_reason(bench: Workbench) -> None:
    file = bench.listed("f1")
    bench.intake.set_file_aside(INBOUND, file, b"ISA*broken", Finding("usage_differs", "test data on a production route"))
    bench.intake.files_removed([file])
    assert bench.values("SELECT content FROM interchange") == [b"ISA*broken"]
    (reason,) = PostgresReports(bench.engine).reasons("acme", "inbound")
    assert (reason.code, reason.count, reason.example_id) == ("usage_differs", 1, "inbox/f1.edi")
    assert len(bench.watch.alerts_to_deliver("acme")) == 1


@on_both
def test_documents_and_our_answer_enter_together(bench: Workbench) -> None:
    sets = (
        received_set("0001"),
        received_set("0002", refused=True, findings=(Finding("code", "BEG02 is missing"),)),
        received_set("0003", document_date=dt.date(2025, 12, 1)),
    )
    counts = bench.receive(group(*sets))
    assert (counts.documents, counts.refused, counts.answers) == (3, 1, 1)
    rows = bench.all(flow="inbound")
    assert [row.state for row in rows] == [State.PENDING_VALIDATION, State.SYNTAX_REJECTED, State.BEFORE_GO_LIVE, State.READY]
    ours = rows[-1]
    assert (ours.set_id, ours.direction, ours.responds_to, ours.raw) == ("997", "outbound", rows[0].id, {"version": "004010"})
    assert ours.source_key == "01|PARTNER|ZZ|ACME|000000007|P|G" and ours.canonical["group_control_number"] == "G"
    assert "BEG02" in rows[1].reason


@on_both
def test_a_file_that_two_runs_took_is_stored_once(bench: Workbench) -> None:
    file = bench.listed("f1")
    assert bench.receive(group()).documents == 1
    bench.intake.store_files(INBOUND, [ReceivedFile(file, b"", [])], dt.date(2026, 1, 1))
    assert bench.intake.store_files(INBOUND, [ReceivedFile(file, b"", [])], dt.date(2026, 1, 1)).documents == 0


def send_997(bench: Workbench) -> bytes:
    ours = [row for row in bench.queue.ready("acme", "inbound") if row.set_id == "997"][-1]
    with bench.owner(run=INBOUND) as owner:
        held = bench.claim(owner, ours, hours=None, functional_id="FA")
        held.sending()
        assert held.complete(Receipt("")) == State.SENT
        return bytes(held.content)


@on_both
def test_the_same_bytes_again_are_answered_with_the_stored_997(bench: Workbench) -> None:
    bench.receive(group())
    counts = bench.receive(group())
    assert (counts.documents, counts.duplicates, counts.answers) == (0, 1, 0), "the 997 has not gone out yet, and will"
    first = send_997(bench)
    assert bench.receive(group()).answers == 1
    assert bench.receive(group()).answers == 0, "one waiting is enough"
    assert send_997(bench) == first
    assert bench.receive(group()).answers == 1
    assert send_997(bench) == first
    names = bench.file_names()
    assert len(set(names)) == 3, "each claim has a file name of its own"
    states = sorted(row.state for row in bench.all(flow="inbound") if row.set_id == "850")
    assert states == [*[State.DUPLICATE] * 4, State.PENDING_VALIDATION]


@on_both
def test_the_same_number_with_other_bytes_is_a_persons_matter(bench: Workbench) -> None:
    bench.receive(group())
    send_997(bench)
    assert bench.receive(group(received_set(content="y"))).conflicts == 1
    conflict, ours = bench.queue.documents("acme", "inbound", [State.ON_HOLD])
    assert (conflict.set_id, ours.set_id) == ("850", "997")
    assert conflict.reason_code == ours.reason_code == "control_number_reused"
    assert bench.receive(group(received_set(content="y"))).duplicates == 1, "the conflicting bytes again"
    assert bench.operator.reprocess(INBOUND, conflict.id, "theirs is right") == State.PENDING_VALIDATION
    assert bench.operator.approve(INBOUND, ours.id, "theirs is right") == State.READY


DAY_S = 24 * 60 * 60


@on_both
def test_a_control_number_may_come_again_once_its_last_use_is_long_ago(bench: Workbench) -> None:
    """A partner who sets up anew begins at 1 again: nothing of that is held, and each group gets its own answer."""
    bench.receive(group())
    assert send_997(bench)
    bench.age("document", 366 * DAY_S, "first_seen_at")
    again = bench.receive(group(received_set(content="y")))
    assert (again.documents, again.conflicts, again.answers) == (1, 0, 1)
    assert [row.state for row in bench.all(flow="inbound") if row.set_id == "850"] == [State.PENDING_VALIDATION] * 2
    assert send_997(bench)
    assert bench.receive(group(received_set(content="y"))).duplicates == 1, "the same bytes again are still a duplicate"
    third = bench.receive(group(received_set(content="z")))
    assert (third.documents, third.conflicts) == (0, 1), "the number was used lately now"


@on_both
def test_the_window_is_the_partner_s(bench: Workbench) -> None:
    bench.receive(group())
    bench.age("document", 31 * DAY_S, "first_seen_at")
    assert bench.receive(group(received_set(content="y"))).conflicts == 1
    bench.age("document", 31 * DAY_S, "first_seen_at")
    counts = bench.receive(replace(group(received_set(content="z")), reuse_after_days=30))
    assert (counts.documents, counts.conflicts) == (1, 0)


@on_both
def test_an_empty_group_whose_number_comes_again_after_years_is_answered_again(bench: Workbench) -> None:
    empty = replace(group(), sets=())
    assert [bench.receive(empty).answers for _ in range(2)] == [1, 0]
    bench.age("document", 366 * DAY_S, "first_seen_at")
    assert [bench.receive(empty).answers for _ in range(2)] == [1, 0]


@on_both
def test_a_business_number_twice_is_found_among_what_counts(bench: Workbench) -> None:
    first = bench.received(received_set("0001", "1", group="A", business_number="PO1"))
    second = bench.received(received_set("0001", "2", group="B", business_number="PO1"))
    years, days = dt.timedelta(days=700), dt.timedelta(days=-40)
    assert bench.intake.business_duplicates([second], years) == {}, "a document that is only seen does not count"
    bench.check(first, State.READY, run=INBOUND)
    other = bench.received(received_set("0001", "3", group="C", business_number="PO2"))
    found = bench.intake.business_duplicates([bench.now(first), second, other], years)
    assert {asked: twin.id for asked, twin in found.items()} == {second.id: first.id}
    assert bench.intake.business_duplicates([second], days) == {}, "too long ago"


def shipped(control: str, name: str, number: str = "S-1") -> ReceivedSet:
    return received_set("0001", name, group=control, set_id="856", business_number=number)


@on_both
def test_a_shipment_s_number_never_comes_again_and_what_is_held_has_come(bench: Workbench) -> None:
    first, second = bench.received(shipped("A", "1")), bench.received(shipped("B", "2"))
    days = dt.timedelta(days=-40)
    assert bench.intake.business_duplicates([second], days) == {}, "a document that is only seen does not count"
    bench.check(first, State.ON_HOLD, run=INBOUND)
    assert bench.intake.business_duplicates([second], days)[second.id].id == first.id
    assert bench.intake.business_duplicates([bench.now(first)], days) == {}
    bench.check(second, State.PROCESSED, run=INBOUND)
    third = bench.received(shipped("C", "3"))
    assert bench.intake.business_duplicates([third], days)[third.id].id == first.id
    assert bench.intake.business_duplicates([bench.now(first)], days)[first.id].id == second.id
    other = bench.received(shipped("D", "4", "S-2"))
    assert bench.intake.business_duplicates([other], days) == {}


def charging(control: str, order: str) -> ReceivedSet:
    canonical = {
        "number": f"I-{control}",
        "date": "2026-01-05",
        "currency": "USD",
        "total": "1",
        "lines": [],
        "order_number": order,
    }
    return replace(
        received_set("0001", control, group=control, set_id="810", business_number=f"I-{control}"), canonical=canonical
    )


@on_both
def test_what_was_taken_is_found_by_its_partner_and_number(bench: Workbench) -> None:
    first, again, held, refused = (
        bench.received(received_set("0001", control, group=control, set_id="856", business_number=number))
        for control, number in (("A", "S-1"), ("B", "S-1"), ("C", "S-2"), ("D", "S-3"))
    )
    for row, state in ((first, State.PROCESSED), (again, State.PROCESSED), (held, State.ON_HOLD), (refused, State.ON_HOLD)):
        bench.check(row, state, run=INBOUND, canonical=None)
    bench.operator.dismiss(INBOUND, refused.id, "by telephone")
    named = [(first.partner, number) for number in ("S-1", "S-2", "S-3", "S-4")] + [("else", "S-1")]
    found = bench.acknowledgments.taken_by_numbers("acme", ("855", "856"), named)
    assert {number: row.id for (_, number), row in found.items()} == {"S-1": again.id, "S-2": held.id}
    assert (
        bench.acknowledgments.taken_by_numbers("acme", ("850",), named)
        == {}
        == bench.acknowledgments.taken_by_numbers("acme", ("856",), [])
    )
    assert all(row.raw is None and row.canonical is not None for row in found.values())


@on_both
def test_what_was_taken_for_an_order_is_found_by_what_it_was_linked_to(bench: Workbench) -> None:
    first, held, other, asking = (
        bench.received(received_set("0001", control, group=control, set_id="861", business_number=control))
        for control in "ABCD"
    )
    for row, state, order in ((first, "processed", "P1"), (held, "on_hold", "P1"), (other, "processed", "P2")):
        bench.check(row, State(state), run=INBOUND, links={"orders": {order: "D1"}})
    found = bench.acknowledgments.taken_for_orders(bench.now(asking), ["P1", "P3"])
    assert [row.id for row in found] == [first.id] and found[0].raw is None
    assert bench.acknowledgments.taken_for_orders(bench.now(first), ["P1"]) == []
    assert bench.acknowledgments.taken_for_orders(bench.now(asking), []) == []


@pytest.mark.database
def test_what_was_invoiced_of_an_order_is_found_by_the_order(bench: Workbench) -> None:
    first, held, other, asking = (bench.received(charging(name, "PO2" if name == "C" else "PO1")) for name in "ABCD")
    bench.check(first, State.READY, run=INBOUND, canonical=None)
    bench.check(held, State.ON_HOLD, run=INBOUND, canonical=None)
    bench.check(other, State.PROCESSED, run=INBOUND, canonical=None)
    found = bench.intake.invoices_before([bench.now(first), bench.now(asking)])
    assert {asked: [(name, canonical["number"]) for name, canonical in one] for asked, one in found.items()} == {
        asking.id: [(first.id, "I-A")]
    }
    with bench.engine.connect() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))
        plan = "\n".join(
            connection.scalars(
                sa.text(
                    "EXPLAIN SELECT id FROM document WHERE set_id = '810' AND direction = 'inbound' "
                    "AND integration = 'acme' AND partner = 'p' AND canonical ->> 'order_number' = 'PO1'"
                )
            )
        )
    assert "ix_document_invoiced_order" in plan


@on_both
def test_two_of_one_business_number_checked_at_once_do_not_both_pass(bench: Workbench) -> None:
    rows = [bench.received(received_set("0001", name, group=name, business_number="PO1")) for name in "AB"]
    bench.queue.store_checked(INBOUND, [Checked(row.id, State.READY) for row in rows])
    assert [bench.now(row).state for row in rows] == [State.READY, State.ON_HOLD]


@on_both
def test_an_answer_of_our_own_is_queued_once(bench: Workbench) -> None:
    invoice = bench.received(received_set(set_id="810"))
    canonical = {
        "number": "1",
        "date": "2026-03-10",
        "documents": [{"verdict": "TA", "reference_qualifier": "IV", "reference": "1"}],
    }
    answer = Answer("824", canonical, f"824:{invoice.id}")
    for _ in range(2):  # checked again, because a look-up failed
        bench.queue.store_checked(INBOUND, [Checked(invoice.id, None, answer=answer)])
    (ours,) = bench.queue.ready("acme", "inbound")
    assert (ours.set_id, ours.responds_to, ours.partner) == ("824", invoice.id, "wholesale")


@on_both
def test_an_answer_goes_with_the_decision_that_it_tells_of(bench: Workbench) -> None:
    """Another run had decided by then: neither this decision nor its answer counts."""
    invoice = bench.received(received_set(set_id="810"))
    bench.queue.store_checked(INBOUND, [Checked(invoice.id, State.PROCESSED)])
    canonical = {"number": "1", "date": "2026-03-10", "documents": []}
    bench.queue.store_checked(INBOUND, [Checked(invoice.id, State.ON_HOLD, answer=Answer("824", canonical, "k"))])
    assert bench.queue.ready("acme", "inbound") == [] and bench.now(invoice).state == State.PROCESSED


@on_both
def test_our_answers_need_no_check_when_they_are_taken_up_again(bench: Workbench) -> None:
    invoice = bench.received(received_set(set_id="810"))
    canonical = {"number": "1", "date": "2026-03-10", "documents": []}
    bench.queue.store_checked(INBOUND, [Checked(invoice.id, State.PROCESSED, answer=Answer("824", canonical, "k"))])
    (ours,) = bench.queue.ready("acme", "inbound")
    bench.alter(ours, state=State.ON_HOLD)
    assert bench.operator.reprocess(INBOUND, ours.id, "folder exists now") == State.READY
    assert bench.now(ours).canonical is not None


@on_both
@pytest.mark.parametrize("set_id", ["997", "999", "TA1"])
def test_our_acknowledgments_survive_being_held_and_taken_up_again(bench: Workbench, set_id: str) -> None:
    said: FunctionalAcknowledgment | InterchangeAcknowledgment = FunctionalAcknowledgment("PO", "1", "A", 1, 1, 1, ())
    if set_id == "TA1":
        said = InterchangeAcknowledgment("000000007", "260310", "0800", "A")
    bench.receive(ReceivedGroup("G|1", (received_set(),), said, "wholesale", answer_set=set_id))
    (ours,) = bench.queue.ready("acme", "inbound")
    assert (ours.set_id, ours.canonical) == (set_id, to_json(said))
    held = {"state": State.ON_HOLD, "held_by": "claim", "reason_code": "partner_unknown"}
    bench.alter(ours, **held)
    assert bench.queue.configuration_changed("acme", "another") == 1
    assert (bench.now(ours).state, bench.now(ours).canonical) == (State.READY, to_json(said))
    bench.alter(ours, **held)
    assert bench.operator.reprocess(INBOUND, ours.id, "folder exists now") == State.READY
    assert bench.now(ours).canonical == to_json(said)


@on_both
def test_preview_looks_and_the_live_run_takes_in(bench: Workbench) -> None:
    bench.receive(group(), run=PREVIEW, name="f1")
    assert bench.all(flow="inbound") == [] and bench.queue.ready("acme", "inbound") == []
    assert bench.intake.note_files(PREVIEW, "inbox", [RemoteFile("f1", "f1.edi", "inbox", 4, "10:00")]) == []
    counts = bench.receive(group(), name="f1")
    assert (counts.documents, counts.answers, counts.duplicates) == (1, 1, 0)
    assert [row.state for row in bench.all(flow="inbound")] == [State.PENDING_VALIDATION, State.READY]
    assert bench.all(flow="inbound", preview=True) == []


@on_both
def test_text_that_postgresql_does_not_take_is_stored_all_the_same(bench: Workbench) -> None:
    odd = received_set(raw={"segments": [["N1", "a\x00b", "\ud800", "\\u0000", "ü😀"]], "envelope": {}})
    bench.receive(group(odd))
    assert bench.all(flow="inbound")[0].raw["segments"] == [["N1", "a�b", "�", "\\u0000", "ü😀"]]


@on_both
def test_a_document_of_ours_is_rendered_for_its_claim(bench: Workbench) -> None:
    bench.receive(group())
    ours = bench.all(flow="inbound")[-1]
    with bench.owner(run=INBOUND) as owner:
        assert owner.claim(ours, None, render(ours, None)) is not None
