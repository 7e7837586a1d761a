"""Incoming 997s in every order, and what is overdue."""

from __future__ import annotations

import pytest

from mlconn_pipelines.documents.functional_acknowledgment import (
    ElementNote,
    FunctionalAcknowledgment,
    SegmentNote,
    SetAcknowledgment,
)
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import OutcomeUnknown, Retryable
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines_tests.ledger.workbench import ANSWER_ENVELOPE, INBOUND, RUN, Workbench, answer, on_both


@on_both
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("A", State.ACCEPTED),
        ("E", State.ACCEPTED_WITH_ERRORS),
        ("R", State.REJECTED_BY_PARTNER),
        ("X", State.REJECTED_BY_PARTNER),
    ],
)
def test_a_997_decides_with_and_without_its_sets(bench: Workbench, status: str, state: State) -> None:
    whole, single = bench.sent(), bench.sent()
    assert bench.acknowledge(answer(bench.group_of(whole), status)).matched == 1
    assert bench.acknowledge(answer(f"00{bench.group_of(single)}", "P", {"00000002": status})).matched == 1
    assert [bench.now(row).state for row in (whole, single)] == [state, state]
    alerts = bench.watch.alerts_to_deliver("acme")
    assert len(alerts) == (2 if state is State.REJECTED_BY_PARTNER else 0)


@on_both
def test_errors_of_a_rejection_become_findings(bench: Workbench) -> None:
    document = bench.sent()
    note = SegmentNote("IT1", 9, elements=(ElementNote(2, "1", value=""), ElementNote(4, "6", value="1,5")))
    said = SetAcknowledgment("810", "0001", "R", ("5",), (note,))
    bench.acknowledge(FunctionalAcknowledgment("IN", str(bench.group_of(document)), "R", 1, 1, 0, (said,)))
    words = [(finding.place, finding.message) for finding in bench.now(document).findings]
    assert len(words) == 3 and words[2][0] == "segment 9 IT104" and "'1,5'" in words[2][1]


@on_both
def test_repeats_are_ignored_and_contrary_ones_told(bench: Workbench) -> None:
    document = bench.sent()
    group = bench.group_of(document)
    assert bench.acknowledge(answer(group)).matched == 1
    outcome = bench.acknowledge(answer(group))
    assert (outcome.matched, outcome.repeated) == (0, 1)
    assert bench.acknowledge(answer(group, "R")).contrary == 1
    row = bench.now(document)
    assert row.state == State.ACCEPTED and row.findings[-1].code == "contrary_acknowledgment"
    assert len(bench.watch.alerts_to_deliver("acme")) == 1


@on_both
def test_a_997_that_is_faster_than_our_answer_completes_the_claim(bench: Workbench) -> None:
    document = bench.ready()
    with bench.owner() as owner:
        held = bench.claim(owner, document)
        held.sending()
        assert bench.acknowledge(answer(1)).matched == 1
        assert held.complete(Receipt("file-1")) == State.ACCEPTED, "no error: it has arrived"
    assert bench.claim_states(document) == ["done"]


@on_both
def test_a_997_settles_an_unknown_outcome_and_a_claim_that_would_act_again(bench: Workbench) -> None:
    unknown = bench.unknown()
    bench.acknowledge(answer(bench.group_of(unknown)))
    assert (bench.now(unknown).state, bench.claim_states(unknown)) == (State.ACCEPTED, ["done"])
    document = bench.ready()
    with bench.owner() as owner:
        held = bench.claim(owner, document)
        held.sending()
        held.retry_later(Retryable("503 that had stored it after all"))
    bench.acknowledge(answer(bench.group_of(document)))
    assert (bench.now(document).state, bench.claim_states(document)) == (State.ACCEPTED, ["done"])


@on_both
def test_a_997_proves_a_release_as_not_delivered_wrong(bench: Workbench) -> None:
    document = bench.unknown()
    group = bench.group_of(document)
    bench.operator.release(RUN, document.id, False, "they say no")
    with bench.owner() as owner:
        bench.claim(owner, bench.now(document))
        assert bench.acknowledge(answer(group)).matched == 1
    assert (bench.now(document).state, bench.claim_states(document)) == (State.ACCEPTED, ["cancelled", "cancelled"])


@on_both
def test_what_we_never_sent_is_unmatched(bench: Workbench) -> None:
    document = bench.sent()
    group = bench.group_of(document)
    assert bench.acknowledge(answer(99)).unmatched == ("group IN 99",)
    assert "set 810 77" in bench.acknowledge(answer(group, "P", {"0077": "A"})).unmatched[0]
    assert "no sets" in bench.acknowledge(answer(group, "P")).unmatched[0]
    same_way_round = {"sender": ANSWER_ENVELOPE["receiver"], "receiver": ANSWER_ENVELOPE["sender"], "usage": "P"}
    for envelope in (same_way_round, ANSWER_ENVELOPE | {"usage": "T"}):
        assert bench.acknowledgments.acknowledge(INBOUND, answer(group), envelope, "D1").matched == 0
    assert bench.now(document).state == State.SENT


@on_both
def test_a_rejected_document_goes_out_again_with_new_numbers(bench: Workbench) -> None:
    document = bench.sent()
    first = bench.group_of(document)
    bench.acknowledge(answer(first, "R"))
    assert bench.operator.reprocess(RUN, document.id, "unit corrected", redeliver=True) == State.PENDING_VALIDATION
    assert [alert for alert in bench.watch.alerts_to_deliver("acme") if not alert.resolved] == []
    again = bench.check(bench.now(document), State.READY)
    with bench.owner() as owner:
        held = bench.claim(owner, again)
        assert bench.acknowledge(answer(first, "A")).contrary == 1, "about the first sending, which was rejected"
        held.sending()
        held.complete(Receipt(""))
    second = bench.group_of(document)
    assert second != first
    bench.acknowledge(answer(second))
    assert bench.now(document).state == State.ACCEPTED


@on_both
def test_a_late_997_to_an_earlier_sending_leaves_the_later_one_alone(bench: Workbench) -> None:
    document = bench.unknown()
    first = bench.group_of(document)
    bench.operator.release(RUN, document.id, False, "they say no")
    with bench.owner(0.0) as owner:
        held = bench.claim(owner, bench.now(document))
        held.sending()
        held.unknown(OutcomeUnknown("again no answer"))
    assert bench.acknowledge(answer(first, "R")).matched == 1
    assert bench.now(document).state == State.OUTCOME_UNKNOWN


@on_both
def test_overdue_after_the_hours_agreed(bench: Workbench) -> None:
    late, answered, nobody_asked = bench.sent(), bench.sent(), bench.sent(hours=None)
    bench.acknowledge(answer(bench.group_of(answered)))
    assert bench.watch.mark_overdue("acme") == 0
    bench.age("claim", 25 * 3600, "sending_at")
    assert bench.watch.mark_overdue("acme") == 1
    assert bench.watch.mark_overdue("acme") == 0
    assert bench.awaited() == ["overdue", "accepted", "not_expected"]
    (alert,) = bench.watch.alerts_to_deliver("acme")
    bench.watch.alert_delivered(alert.id)
    bench.acknowledge(answer(bench.group_of(late)))
    bench.watch.mark_overdue("acme")
    (alert,) = bench.watch.alerts_to_deliver("acme")
    assert alert.resolved
    bench.watch.alert_delivered(alert.id)
    assert bench.watch.alerts_to_deliver("acme") == []
    assert bench.now(nobody_asked).state == State.SENT


@on_both
def test_an_824_is_put_on_the_document_it_names(bench: Workbench) -> None:
    document = bench.sent("7")
    named = bench.acknowledgments.sent_by_number("acme", "810", "wholesale", "INV7")
    assert named is not None and named.id == document.id
    assert bench.acknowledgments.sent_by_number("acme", "810", "someone else", "INV7") is None
    bench.acknowledgments.advise(INBOUND, document.id, [Finding("advice", "price differs")], rejected=True)
    assert bench.column(document, "application") == "rejected"
    assert bench.now(document).findings[-1].message == "price differs"
    assert bench.now(document).state == State.SENT
    assert len(bench.watch.alerts_to_deliver("acme")) == 1
