"""A document that changes after it was sent leaves once more, as the set that says what changed; design.md section 4, rule 2."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import OutcomeUnknown, TransitionRefused
from mlconn_pipelines.flows.ports.entries import DocumentRow, FetchRules
from mlconn_pipelines.ledger.totals import PostgresReports
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines_tests.ledger.workbench import DAY, RUN, Workbench, answer, on_both, record

RULES = FetchRules("850", dt.date(2026, 1, 1), "change_set", "860")
ORDER, FIRST, SECOND = {"order": "as sent"}, {"order": "changed once"}, {"order": "changed twice"}


def deliver(bench: Workbench, document: DocumentRow) -> DocumentRow:
    with bench.owner() as owner:
        held = bench.claim(owner, document, functional_id="PO")
        held.sending()
        held.complete(Receipt("file"))
    return bench.now(document)


def order_sent(bench: Workbench) -> DocumentRow:
    bench.fetch(record("1"), rules=RULES)
    return deliver(bench, bench.check(bench.only(), State.READY, canonical=ORDER))


def fetched(bench: Workbench, content: str, **facts: object) -> DocumentRow:
    bench.fetch(record("1", content, **facts), rules=RULES)  # type: ignore[arg-type]
    return bench.all()[-1]


@pytest.mark.database
def test_a_change_is_a_document_beside_the_one_that_was_sent(bench: Workbench) -> None:
    order = order_sent(bench)
    change = fetched(bench, "b")
    assert (change.set_id, change.state, change.revision) == ("860", State.PENDING_VALIDATION, 2)
    assert change.change == {"of": order.id, "number": 1, "had": ORDER}
    assert bench.now(order).state == State.SENT, "its 997 may still come"
    reports = PostgresReports(bench.engine)
    assert reports.totals("acme", "x12_810") == {"sent": 1, "pending_validation": 1}
    assert reports.day_ledgers("acme", "x12_810", DAY, DAY)[DAY].count == 1, "the ERP has one record of it"
    assert bench.fetch(record("1", "b", stamp="again"), rules=RULES).unchanged == 1


@on_both
def test_the_next_change_is_told_from_what_the_last_one_said(bench: Workbench) -> None:
    order_sent(bench)
    first = bench.check(fetched(bench, "b"), State.READY, changed_to=FIRST)
    assert first.change["has"] == FIRST
    first = deliver(bench, first)
    second = fetched(bench, "c")
    assert second.change == {"of": first.id, "number": 2, "had": FIRST}
    nothing = bench.check(second, State.PROCESSED, changed_to=FIRST)
    third = fetched(bench, "d")
    assert third.change == {"of": nothing.id, "number": 2, "had": FIRST}, "what was never sent takes no number"


@on_both
def test_a_change_that_did_not_leave_gives_way_to_the_next(bench: Workbench) -> None:
    order = order_sent(bench)
    waiting = bench.check(fetched(bench, "b"), State.READY, changed_to=FIRST)
    newer = fetched(bench, "c")
    assert bench.now(waiting).state == State.SUPERSEDED
    assert (newer.set_id, newer.change) == ("860", {"of": order.id, "number": 1, "had": ORDER})
    bench.check(newer, State.ON_HOLD, reason="no such item", reason_code="item_unknown")
    bench.fetch(record("1", "d"), rules=RULES)
    assert (bench.now(newer).state, bench.now(newer).change["had"]) == (State.PENDING_VALIDATION, ORDER)
    assert bench.now(order).state == State.SENT


@pytest.mark.database
def test_an_acknowledgment_of_the_order_may_come_after_its_change(bench: Workbench) -> None:
    order = order_sent(bench)
    fetched(bench, "b")
    reports = PostgresReports(bench.engine)
    assert reports.acknowledgment_counts("acme", "x12_810").awaited == 1
    bench.acknowledgments.acknowledge(
        RUN, answer(1, functional_id="PO"), {"sender": "01:PARTNER", "receiver": "ZZ:ACME", "usage": "P"}, "D1"
    )
    assert bench.now(order).state == State.ACCEPTED


@pytest.mark.database
def test_no_change_set_follows_an_unknown_outcome_or_a_rejection(bench: Workbench) -> None:
    bench.fetch(record("1"), rules=RULES)
    order = bench.check(bench.only(), State.READY, canonical=ORDER)
    with bench.owner(0.0) as owner:
        held = bench.claim(owner, order)
        held.sending()
        held.unknown(OutcomeUnknown("no answer"))
    assert bench.fetch(record("1", "b"), rules=RULES).changed_after_sending == 1
    (told,) = bench.watch.alerts_to_deliver("acme")
    assert "release or resend it, then reprocess it: the change leaves as an 860" in told.text
    bench.operator.release(RUN, order.id, True, "they have it")
    change = fetched(bench, "b")  # as a replay reads it
    assert (change.set_id, change.change["of"]) == ("860", order.id)
    assert bench.watch.alerts_to_deliver("acme") == [], "what a person was told of is on its way"
    assert "changed_after_sending" not in {reason.code for reason in PostgresReports(bench.engine).reasons("acme", "x12_810")}


@on_both
def test_cancelling_what_is_to_be_changed_is_an_exception(bench: Workbench) -> None:
    order_sent(bench)
    change = fetched(bench, "b")
    bench.fetch(record("1", "b", cancelled=True, stamp="x"), rules=RULES)
    assert bench.now(change).state == State.SKIPPED
    (told,) = bench.watch.alerts_to_deliver("acme")
    assert "was cancelled in the source after it had been sent" in told.text


@on_both
def test_the_order_is_not_redelivered_behind_its_change(bench: Workbench) -> None:
    order = order_sent(bench)
    change = fetched(bench, "b")
    (found,) = bench.all(ids=[order.id])
    assert found.id == order.id, "a name finds its own document"
    for redeliver in (False, True):
        with pytest.raises(TransitionRefused, match=f"860 {change.id}"):
            bench.operator.reprocess(RUN, order.id, "they lost it", redeliver)


@on_both
def test_an_order_from_before_the_start_that_was_sent_by_hand_changes_too(bench: Workbench) -> None:
    early = dt.date(2025, 12, 1)
    bench.fetch(record("1", date=early), rules=RULES)
    assert bench.only().state == State.BEFORE_GO_LIVE
    assert fetched(bench, "b", date=early).state == State.BEFORE_GO_LIVE, "it was never sent by us"
    bench.operator.reprocess(RUN, bench.only().id, "they ask for it")
    deliver(bench, bench.check(bench.only(), State.READY, canonical=ORDER))
    assert fetched(bench, "c", date=early).state == State.PENDING_VALIDATION
