"""The whole table of states, walked on the real ledger: every listed transition happens, every other one is refused."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import (
    DELIVERED,
    IN_WORK,
    TRANSITIONS,
    Application,
    Delivery,
    Event,
    State,
    Syntax,
    Verdicts,
    after,
    state_of,
    verdicts_of,
)
from mlconn_pipelines.errors import DocumentRejected, LedgerError, NotStorable, OutcomeUnknown, Retryable, TransitionRefused
from mlconn_pipelines.flows.ports.entries import DocumentRow, ReceivedGroup
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.rows import locked
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines_tests.ledger.workbench import INBOUND, RUN, Workbench, answer, on_both, received_set, record


def in_state(bench: Workbench, state: State) -> DocumentRow:
    """A document that came to the state by the ledger's own doors."""
    match state:
        case State.PENDING_VALIDATION:
            return bench.seen()
        case State.BEFORE_GO_LIVE:
            bench.fetch(record("old", date=dt.date(2025, 12, 31)))
            return bench.only()
        case State.READY:
            return bench.ready()
        case State.ON_HOLD:
            return bench.check(bench.seen(), State.ON_HOLD, reason="no such item", reason_code="item_unknown")
        case State.SKIPPED:
            bench.fetch(record("cancelled", cancelled=True))
            return bench.only()
        case State.SYNTAX_REJECTED:
            return bench.received(received_set(refused=True))
        case State.DUPLICATE:
            group = ReceivedGroup("g", (received_set(),), None, "wholesale")
            bench.receive(group)
            bench.receive(group)
            return bench.all(flow="inbound")[-1]
        case State.PROCESSED:
            return bench.check(bench.received(), State.PROCESSED, run=INBOUND)
        case State.SUPERSEDED:
            document = bench.seen("s")
            bench.fetch(record("s", "b"))
            return bench.now(document)
        case State.OUTCOME_UNKNOWN:
            return bench.unknown()
        case State.SENT:
            return bench.sent()
        case State.POSTED:
            return bench.posted()
    verdict = {State.ACCEPTED: "A", State.ACCEPTED_WITH_ERRORS: "E", State.REJECTED_BY_PARTNER: "R"}[state]
    document = bench.sent()
    bench.acknowledge(answer(bench.group_of(document), verdict))
    return bench.now(document)


@pytest.mark.database
@pytest.mark.parametrize("state", list(State))
def test_every_event_in_every_state_is_answered_by_the_table(bench: Workbench, state: State) -> None:
    document = in_state(bench, state)
    assert document.state == state
    before = bench.trail(document)
    for event in Event:
        expected = after(state, event)
        with bench.engine.connect() as connection, connection.begin() as transaction:
            if expected is None:
                with pytest.raises(TransitionRefused):
                    transitions.move(connection, locked(connection, document.id), event, "walk")
            else:
                assert transitions.move(connection, locked(connection, document.id), event, "walk") == expected
            transaction.rollback()
    assert bench.now(document).state == state
    assert bench.trail(document) == before, "a refused or rolled back event left a trace"


def test_the_table_has_a_row_for_every_state() -> None:
    assert set(TRANSITIONS) == {None, *State}


@on_both
@pytest.mark.parametrize("state", sorted(DELIVERED))
def test_what_was_delivered_is_replayed_only_with_redeliver_and_a_reason(bench: Workbench, state: State) -> None:
    document = in_state(bench, state)
    for redeliver, reason in ((False, "please"), (True, "")):
        with pytest.raises(TransitionRefused, match="--redeliver"):
            bench.operator.reprocess(RUN, document.id, reason, redeliver)
    assert bench.operator.reprocess(RUN, document.id, "they lost it", redeliver=True) == State.PENDING_VALIDATION
    (again,) = bench.queue.documents("acme", document.flow, [State.PENDING_VALIDATION], ids=[document.id])
    assert again.source_key == document.source_key
    assert (again.id == document.id) == (state is State.REJECTED_BY_PARTNER)
    if again.id != document.id:
        assert bench.now(document).state == state, "what was delivered stays told"


@on_both
@pytest.mark.parametrize("state", [State.SKIPPED, State.SYNTAX_REJECTED, State.DUPLICATE, State.OUTCOME_UNKNOWN])
def test_what_ended_otherwise_is_not_replayed_at_all(bench: Workbench, state: State) -> None:
    document = in_state(bench, state)
    with pytest.raises(TransitionRefused):
        bench.operator.reprocess(RUN, document.id, "please", redeliver=True)


@on_both
def test_people_act_only_where_the_table_lets_them(bench: Workbench) -> None:
    document = in_state(bench, State.READY)
    for decide in (bench.operator.approve, bench.operator.dismiss, bench.operator.resend):
        with pytest.raises(TransitionRefused):
            decide(RUN, document.id, "because")
    with pytest.raises(TransitionRefused, match="mlconn recover"):
        bench.operator.release(RUN, document.id, True, "because")
    with pytest.raises(LedgerError, match="no document"):
        bench.operator.approve(RUN, "D9999999", "because")


@on_both
def test_approve_needs_a_document_and_dismiss_ends_one(bench: Workbench) -> None:
    aside = in_state(bench, State.ON_HOLD)
    assert bench.operator.approve(RUN, aside.id, "price agreed by phone") == State.READY
    assert bench.now(aside).approved
    empty = bench.check(bench.seen(), State.ON_HOLD, canonical=None, reason="unreadable")
    with pytest.raises(TransitionRefused, match="unreadable"):
        bench.operator.approve(RUN, empty.id, "whatever")
    change = bench.check(bench.seen(), State.ON_HOLD, reason_code="set_not_handled", reason="no flow handles 860")
    with pytest.raises(TransitionRefused, match="no flow handles 860"):
        bench.operator.approve(RUN, change.id, "whatever")
    assert bench.operator.dismiss(RUN, empty.id, "a test order") == State.SKIPPED
    assert bench.trail(empty)[-1] == "dismissed"


@on_both
def test_replayed_documents_start_without_what_earlier_checks_found(bench: Workbench) -> None:
    aside = in_state(bench, State.ON_HOLD)
    bench.operator.reprocess(RUN, aside.id, "corrected")
    again = bench.now(aside)
    assert (again.state, again.canonical, again.findings, again.reason) == (State.PENDING_VALIDATION, None, (), "")
    inbound = bench.check(bench.received(), State.ON_HOLD, run=INBOUND, canonical=None, reason="which item?")
    bench.operator.reprocess(INBOUND, inbound.id, "cross-reference added")
    assert bench.now(inbound).canonical == {"number": inbound.business_number}, "what was received stays readable"


@on_both
def test_a_check_cannot_deliver_and_leaves_others_alone(bench: Workbench) -> None:
    document = bench.ready()
    with pytest.raises(TransitionRefused):
        bench.check(document, State.SENT)
    assert bench.check(document, State.ON_HOLD).state == State.READY, "it was not `seen` any more"


@on_both
def test_each_way_out_of_an_act(bench: Workbench) -> None:
    ends = {
        State.SENT: lambda held: held.complete(Receipt("1")),
        State.ON_HOLD: lambda held: held.refuse(DocumentRejected("Posting period closed", code="refused_by_server")),
        State.READY: lambda held: held.retry_later(Retryable("429")),
        State.OUTCOME_UNKNOWN: lambda held: held.unknown(OutcomeUnknown("time-out")),
    }
    for state, end in ends.items():
        document = bench.ready()
        with bench.owner() as owner:
            held = bench.claim(owner, document)
            held.sending()
            assert end(held) == state
        assert bench.now(document).state == state
    assert bench.queue.work("acme", "x12_810") == 0, "documents on hold, waiting and unknown ones start no run"


@on_both
@pytest.mark.parametrize("state", list(State))
def test_the_state_follows_from_the_verdicts(bench: Workbench, state: State) -> None:
    document = in_state(bench, state)
    delivery, syntax, kind = (bench.column(document, name) for name in ("delivery", "syntax", "kind"))
    verdicts = Verdicts(Delivery(delivery), Syntax(syntax))
    assert verdicts == verdicts_of(state) and state_of(verdicts, state) is state
    assert (verdicts == Verdicts()) == (state in IN_WORK)
    assert kind == {"810": "invoice", "850": "purchase_order"}[document.set_id]


@pytest.mark.database
def test_the_database_takes_no_other_state_than_the_one_that_follows(bench: Workbench) -> None:
    document = bench.seen()
    for delivery in Delivery:
        for syntax in Syntax:
            for state in State:
                follows = state_of(Verdicts(delivery, syntax), state if state in IN_WORK else State.READY)
                values = {"delivery": delivery, "syntax": syntax, "state": state, "id": document.id}
                change = "UPDATE document SET delivery = :delivery, syntax = :syntax, state = :state WHERE id = :id"
                with bench.engine.connect() as connection, connection.begin() as transaction:
                    if state is follows:
                        connection.execute(sa.text(change), values)
                    else:
                        with pytest.raises(NotStorable):
                            connection.execute(sa.text(change), values)
                    transaction.rollback()


@on_both
def test_a_person_judges_the_content(bench: Workbench) -> None:
    approved, dismissed = in_state(bench, State.ON_HOLD), in_state(bench, State.ON_HOLD)
    bench.operator.approve(RUN, approved.id, "it is right")
    bench.operator.dismiss(RUN, dismissed.id, "it is not")
    said = [bench.column(row, "application") for row in (approved, dismissed)]
    assert said == [Application.ACCEPTED, Application.REJECTED]
