"""Documents that are no X12 sets: sent again when they change, left out while nobody wants them, taken up again like others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow, FetchRules
from mlconn_pipelines.ports.records import KeyStamp, Stored
from mlconn_pipelines_tests.ledger.workbench import RULES, RUN, Workbench, on_both, record, render

DEALS = FetchRules("", RULES.send_from, "on_hold", kind="sales_order", leaves_cancelled=True)
STATES = replace(DEALS, after_sending="again", kind="sales_order_status")


def fetched(bench: Workbench, key: str = "1", content: str = "a", rules: FetchRules = DEALS, **facts: Any) -> DocumentRow:
    bench.fetch(record(key, content, **facts), rules=rules)
    return bench.all()[-1]


def posted(bench: Workbench, document: DocumentRow) -> DocumentRow:
    ready = bench.check(document, State.READY)
    with bench.owner() as owner:
        claim = owner.claim(ready, None, render(ready, None), "Orders", repeatable=True)
        assert claim is not None
        claim.sending()
        claim.complete(Stored("77", "1077", "Orders"))
    return bench.now(document)


@on_both
def test_what_nobody_wants_is_known_by_its_stamp_only(bench: Workbench) -> None:
    assert bench.fetch(record("1", cancelled=True), rules=DEALS).ours == 1
    assert bench.all() == []
    assert bench.queue.unseen("acme", "x12_810", [KeyStamp("1", "stamp-a")]) == [], "it is not read at every poll"
    assert bench.queue.unseen("acme", "x12_810", [KeyStamp("1", "later")]) == ["1"]
    assert fetched(bench, content="b").state == State.PENDING_VALIDATION, "it is wanted now"


@on_both
def test_what_is_no_longer_wanted_is_skipped_before_and_an_exception_after(bench: Workbench) -> None:
    waiting, made = fetched(bench, "1"), posted(bench, fetched(bench, "2"))
    bench.fetch(*(record(key, cancelled=True, stamp="c") for key in "12"), rules=DEALS)
    assert (bench.now(waiting).state, bench.now(made).state) == (State.SKIPPED, State.POSTED)
    (alert,) = bench.watch.alerts_to_deliver("acme")
    assert "opened again or deleted at its source" in alert.text and "left as it is" in alert.text
    bench.operator.dismiss(RUN, made.id, "cancelled by hand")
    assert bench.fetch(record("2", cancelled=True, stamp="d"), rules=DEALS).unchanged == 1


@on_both
def test_a_change_afterwards_is_told_again_where_that_is_safe(bench: Workbench) -> None:
    first = posted(bench, fetched(bench, rules=STATES))
    assert bench.fetch(record("1", "a", stamp="s2"), rules=STATES).unchanged == 1
    second = fetched(bench, content="b", rules=STATES)
    assert second.id != first.id and second.state == State.PENDING_VALIDATION
    posted(bench, second)
    assert bench.fetch(record("1", "b", stamp="s3"), rules=STATES).unchanged == 1
    third = fetched(bench, content="a", rules=STATES)
    assert third.id not in (first.id, second.id), "back as it was before is a change too"
    assert bench.watch.alerts_to_deliver("acme") == []


@on_both
@pytest.mark.parametrize("rules", [DEALS, STATES])
def test_a_document_on_hold_is_taken_up_again(bench: Workbench, rules: FetchRules) -> None:
    held = bench.check(fetched(bench, rules=rules), State.ON_HOLD, reason="no such item", reason_code="item_unknown")
    assert bench.operator.reprocess(RUN, held.id, "the item is there now") == State.PENDING_VALIDATION
    bench.check(held, State.ON_HOLD, reason="no such code", reason_code="account_without_code")
    assert bench.queue.configuration_changed("acme", "config-2") == 1
    assert bench.now(held).state == State.PENDING_VALIDATION


@on_both
def test_one_from_before_the_start_leaves_by_its_name(bench: Workbench) -> None:
    rules = replace(DEALS, send_from=RUN.partition.replace(year=2030))
    early = fetched(bench, rules=rules)
    assert early.state == State.BEFORE_GO_LIVE
    assert bench.operator.reprocess(RUN, early.id, "asked for") == State.PENDING_VALIDATION
