"""The right to act once: numbers without gaps, fencing, dead owners, unknown outcomes."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ClaimLost, DocumentRejected, LedgerError, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import ControlNumbers
from mlconn_pipelines.ledger.owners import PostgresOwner
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines_tests.ledger.workbench import CHANNEL, INBOUND, RUN, Workbench, on_both, render


def dying(bench: Workbench, stack: ExitStack, time_out_s: float = 60.0) -> PostgresOwner:
    """An owner that the test will kill; its context's own goodbye then finds a dead connection."""
    context = bench.owner(time_out_s)
    owner = context.__enter__()

    def leave() -> None:
        with suppress(sa.exc.DBAPIError):
            context.__exit__(None, None, None)

    stack.callback(leave)
    return owner


@pytest.mark.database
def test_a_claim_holds_bytes_numbers_name_and_our_reference(bench: Workbench) -> None:
    document = bench.ready()
    with bench.owner() as owner:
        held = bench.claim(owner, document)
        assert held.correlation_reference == f"acme::{document.id}"
        assert str(ControlNumbers(1, 1, 1)).encode() in held.content
        assert (held.file_name, held.destination) == (f"{document.id}_1.edi", "outbox")
        assert bench.queue.ready("acme", "x12_810") == [], "a live owner holds it"
        held.sending()
        assert held.complete(Receipt("file-1")) == State.SENT
    assert bench.trail(document) == ["fetched", "checked", "claimed", "sending", "sent"]
    hashes = bench.values("SELECT i.sha256 = a.payload_hash FROM interchange i, audit_event a WHERE a.event = 'sent'")
    assert hashes == [True]


@pytest.mark.database
def test_a_post_has_no_numbers_and_stores_what_the_erp_said(bench: Workbench) -> None:
    document = bench.posted()
    assert document.state == State.POSTED
    query = "SELECT interchange_number IS NULL AND target = 'erp' AND correlation_reference = :ours FROM claim"
    assert bench.values(query, ours=f"acme:Orders:{document.id}") == [True]
    assert bench.values("SELECT links -> 'stored' ->> 'number' FROM document") == ["1077"]
    assert bench.values("SELECT count(*) FROM acknowledgment") == [0]


@on_both
def test_a_refusal_leaves_no_gap_and_sets_the_document_aside(bench: Workbench) -> None:
    first, refused, second = (bench.ready() for _ in range(3))

    def refuse(*_: Any) -> NoReturn:
        raise DocumentRejected("N104 is empty", hint="Fill it in.", code="element_missing")

    with bench.owner() as owner:
        bench.claim(owner, first)
        with pytest.raises(DocumentRejected):
            owner.claim(refused, CHANNEL, refuse)
        bench.claim(owner, second)
    assert bench.numbers() == [1, 2]
    aside = bench.now(refused)
    assert (aside.state, aside.reason_code, aside.findings[0].code) == (State.ON_HOLD, "element_missing", "element_missing")


@on_both
def test_numbers_wrap_and_are_counted_by_channel(bench: Workbench) -> None:
    bench.count_from("P", 999_999_998, 999_999_999, 5)
    bench.count_from("T", 41, 41, 41)
    with bench.owner() as owner:
        held = [bench.claim(owner, bench.ready()) for _ in range(2)]
    assert [str(ControlNumbers(999_999_999, 1, 6)) in one.content.decode() for one in held] == [True, False]
    assert str(ControlNumbers(1, 2, 7)) in held[1].content.decode()


@on_both
def test_eight_threads_take_every_number_once(bench: Workbench) -> None:
    documents = [bench.ready() for _ in range(40)]
    with bench.owner() as owner, ThreadPoolExecutor(8) as threads:
        held = list(threads.map(lambda row: bench.claim(owner, row), documents))
    assert sorted(bench.numbers()) == list(range(1, 41))
    assert len({one.file_name for one in held}) == 40


@on_both
def test_two_owners_never_hold_one_document(bench: Workbench) -> None:
    documents = [bench.ready() for _ in range(25)]
    got: list[str] = []
    barrier = threading.Barrier(2)

    def act() -> None:
        with bench.owner() as owner:
            barrier.wait()
            for document in documents:
                held = owner.claim(document, CHANNEL, render(document))
                if held is not None:
                    got.append(document.id)

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got)[: len(set(got))] and set(got) == {document.id for document in documents}
    assert len(bench.numbers()) == 25


@on_both
def test_a_stale_view_of_a_document_is_not_claimed(bench: Workbench) -> None:
    document = bench.ready()
    bench.put("document", changed_at=0)
    with bench.owner() as owner:
        assert owner.claim(document, CHANNEL, render(document)) is None


@on_both
def test_a_dead_owners_claim_is_taken_over_with_its_bytes(bench: Workbench) -> None:
    document = bench.ready()
    with ExitStack() as stack:
        dead = dying(bench, stack)
        old = bench.claim(dead, document)
        with bench.owner() as owner:
            assert owner.claim(document, CHANNEL, render(document)) is None, "its owner lives"
            bench.kill(dead)
            assert [row.id for row in bench.queue.ready("acme", "x12_810")] == [document.id]

            def never(*_: Any) -> NoReturn:
                raise AssertionError("the stored bytes are taken, nothing is rendered")

            held = owner.claim(document, CHANNEL, never)
            assert held is not None and (held.content, held.file_name) == (old.content, old.file_name)
            with pytest.raises(ClaimLost):
                old.sending()
            held.sending()
            with pytest.raises(ClaimLost):
                old.complete(Receipt(""))
            assert held.complete(Receipt("")) == State.SENT
    assert bench.numbers() == [1]


@on_both
def test_what_a_dead_owner_was_sending_waits_for_the_time_out_then_for_evidence(bench: Workbench) -> None:
    document = bench.ready()
    with ExitStack() as stack:
        dead = dying(bench, stack, time_out_s=60)
        bench.claim(dead, document).sending()
        bench.kill(dead)
        assert bench.queue.ready("acme", "x12_810") == []
        assert bench.claims.open_claims("acme") == [], "the time-out has not passed"
        with bench.owner() as owner:
            assert owner.claim(document, CHANNEL, render(document)) is None
        assert bench.queue.work("acme", "x12_810") == 0
        bench.put("claim", expires_at=-1)
        (left,) = bench.claims.open_claims("acme", "x12_810")
        assert (left.target, left.document.id, left.destination) == ("folder", document.id, "outbox")
        assert bench.queue.work("acme", "x12_810") == 1
        assert bench.claims.keep_unknown(RUN, left.claim_id, "not listed") == State.OUTCOME_UNKNOWN
    assert bench.now(document).state == State.OUTCOME_UNKNOWN
    assert bench.queue.work("acme", "x12_810") == 0, "the next look is later"
    assert len(bench.claims.open_claims("acme")) == 1
    bench.put("claim", next_check_at=0)
    assert bench.queue.work("acme", "x12_810") == 1


@on_both
def test_what_a_live_owner_is_sending_is_left_to_it(bench: Workbench) -> None:
    document = bench.ready()
    with bench.owner(time_out_s=0.0) as owner:
        held = bench.claim(owner, document)
        held.sending()  # as after SIGSTOP: the time-out is long over, the lock is still held
        assert bench.claims.open_claims("acme") == []
        assert held.complete(Receipt("")) == State.SENT


@on_both
def test_evidence_settles_and_a_second_reader_of_it_is_too_late(bench: Workbench) -> None:
    document = bench.unknown()
    (left,) = bench.claims.open_claims("acme")
    assert bench.claims.settle(RUN, left.claim_id, None, "the ERP has no such record") == State.READY
    with pytest.raises(ClaimLost):
        bench.claims.settle(RUN, left.claim_id, None, "the ERP has no such record")
    (ready,) = bench.queue.ready("acme", "x12_810")
    with bench.owner(0.0) as owner:
        held = bench.claim(owner, ready)
        assert held.content == left.content, "the claim acts again with its bytes and numbers"
        held.sending()
        held.unknown(OutcomeUnknown("time-out"))
    with pytest.raises(ClaimLost):  # that evidence is about the first sending, and says nothing of the second
        bench.claims.settle(RUN, left.claim_id, None, "the ERP has no such record")
    (left,) = bench.claims.open_claims("acme")
    assert bench.claims.settle(RUN, left.claim_id, Receipt("", "listed"), "the file is listed") == State.SENT
    assert bench.claims.settle(RUN, left.claim_id, Receipt("", "listed"), "again") == State.SENT, "saying it twice is no harm"
    assert (bench.now(document).state, bench.numbers()) == (State.SENT, [1])


@on_both
def test_a_dead_post_is_settled_by_what_the_erp_holds(bench: Workbench) -> None:
    document = bench.check(bench.received(), State.READY, run=INBOUND)
    with ExitStack() as stack:
        dead = dying(bench, stack, time_out_s=0.0)
        held = dead.claim(document, None, render(document, None), "Orders")
        assert held is not None
        held.sending()
        bench.kill(dead)
    (left,) = bench.claims.open_claims("acme", "inbound")
    assert (left.target, left.entity, left.correlation_reference) == ("erp", "Orders", f"acme:Orders:{document.id}")
    assert bench.claims.settle(INBOUND, left.claim_id, Stored("7", "1007", "Orders"), "found") == State.POSTED
    assert bench.claim_states(document) == ["done"]


@on_both
@pytest.mark.parametrize("settled", [False, True])
def test_what_was_entered_and_not_posted_is_delivered_and_says_so(bench: Workbench, settled: bool) -> None:
    document = bench.check(bench.received(), State.READY, run=INBOUND)
    stored = Stored("7", "1007", "Orders", unposted="1007 is entered, and not posted")
    with bench.owner(0.0, run=INBOUND) as owner:
        held = owner.claim(document, None, render(document, None), "Orders")
        assert held is not None
        held.sending()
        if not settled:
            assert held.complete(stored) == State.POSTED
        else:
            held.unknown(OutcomeUnknown("no answer"))
    if settled:
        (left,) = bench.claims.open_claims("acme", "inbound")
        assert bench.claims.settle(INBOUND, left.claim_id, stored, "found") == State.POSTED
    shown = bench.column(document, "exception"), bench.column(document, "exception_code")
    assert shown == ("1007 is entered, and not posted", "entered_only")


@on_both
def test_a_dead_repeatable_post_acts_again_whatever_absence_proves(bench: Workbench) -> None:
    document = bench.check(bench.received(), State.READY, run=INBOUND)
    with ExitStack() as stack:
        dead = dying(bench, stack, time_out_s=0.0)
        held = dead.claim(document, None, render(document, None), "PurchaseOrders", repeatable=True)
        assert held is not None and held.correlation_reference == ""
        held.sending()
        bench.kill(dead)
    bench.put("claim", absence_proves_at=3600)
    (left,) = bench.claims.open_claims("acme", "inbound")
    assert left.repeatable and not left.absence_proves
    assert bench.claims.settle(INBOUND, left.claim_id, None, "it is safe to repeat, and is made again") == State.READY
    with bench.owner(run=INBOUND) as owner:
        again = owner.claim(bench.now(document), None, render(document, None), "PurchaseOrders", repeatable=True)
        assert again is not None and again.content == held.content
        again.sending()
        assert again.complete(Stored("7", "1007", "PurchaseOrders")) == State.POSTED
    bench.put("claim", twin_look_at=-1)
    assert bench.claims.twin_looks("acme", "inbound") == [], "made twice it leaves no second record"


@on_both
def test_a_person_releases_or_sends_again(bench: Workbench) -> None:
    arrived, lost, again = (bench.unknown() for _ in range(3))
    assert bench.operator.release(RUN, arrived.id, True, "they have it") == State.SENT
    assert bench.operator.release(RUN, lost.id, False, "they have not") == State.READY
    assert bench.operator.resend(RUN, again.id, "they ignore repeats") == State.READY
    with bench.owner() as owner:
        held = [bench.claim(owner, bench.now(row)) for row in (lost, again)]
    assert bench.claim_states(lost) == ["cancelled", "claimed"]
    assert [one.file_name for one in held] == [f"{lost.id}_4.edi", f"{again.id}_3.edi"]


@on_both
def test_trying_later_backs_off_and_keeps_the_claim(bench: Workbench) -> None:
    document = bench.ready()
    waits = []
    for attempt in range(1, 5):
        with bench.owner() as owner:
            held = bench.claim(owner, bench.now(document))
            held.sending()
            assert held.retry_later(Retryable("429")) == State.READY
            row = bench.now(document)
            assert row.attempts == attempt and row.next_attempt_at is not None
            waits.append((row.next_attempt_at - row.changed_at).total_seconds())
            assert bench.queue.ready("acme", "x12_810") == [], "not due"
            assert owner.claim(row, CHANNEL, render(row)) is None, "not due"
        bench.put("document", next_attempt_at=-1)
    assert all(5 * 2**n / 2 - 0.1 <= wait <= 5 * 2**n + 0.1 for n, wait in enumerate(waits)), waits
    assert bench.numbers() == [1]
    with bench.owner() as owner:
        held = bench.claim(owner, bench.now(document))
        held.sending()
        held.retry_later(Retryable("429", retry_after_s=3000))
    row = bench.now(document)
    assert row.next_attempt_at is not None and row.next_attempt_at - row.changed_at > dt.timedelta(seconds=2990)
    assert bench.operator.reprocess(RUN, document.id, "now") == State.READY
    assert len(bench.queue.ready("acme", "x12_810")) == 1, "a person need not wait"


@pytest.mark.database
def test_the_time_is_the_transactions(bench: Workbench) -> None:
    times: list[dt.datetime] = []
    document = bench.ready()
    made = render(document)

    def rendered(numbers: ControlNumbers, at: dt.datetime) -> Any:
        times.append(at)
        return made(numbers, at)

    with bench.owner() as owner:
        owner.claim(document, CHANNEL, rendered)
    assert bench.values("SELECT claimed_at FROM claim") == times and times[0].tzinfo is not None


@on_both
def test_mistyped_names_are_understood_or_refused(bench: Workbench) -> None:
    with pytest.raises(LedgerError):
        bench.claims.settle(RUN, "C-nonsense", None, "")
    with pytest.raises(LedgerError):
        bench.claims.settle(RUN, "C0000009.1", None, "")
