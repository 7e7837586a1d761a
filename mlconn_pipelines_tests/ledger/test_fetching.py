"""What a fetched record does to what the ledger holds: revisions, echoes, go-live, preview."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ClaimLost, NotStorable, Retryable
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines_tests.ledger.workbench import CHANNEL, DAY, RULES, RUN, Workbench, on_both, record, render

PREVIEW = replace(RUN, preview=True)
SET_ASIDE = replace(RULES, after_sending="on_hold")


@on_both
def test_a_new_record_is_seen_with_every_digit_and_a_short_name(bench: Workbench) -> None:
    assert bench.fetch(record(), mark="2026-03-10T10:00").new == 1
    row = bench.only()
    assert (row.id, row.state, row.partition, row.revision) == ("D0000001", State.PENDING_VALIDATION, DAY, 1)
    assert row.raw["price"] == Decimal("1.50") and str(row.raw["price"]) == "1.50"
    assert row.amount == Decimal("12.50")
    assert bench.queue.watermark("acme", "x12_810") == "2026-03-10T10:00"
    assert bench.trail(row) == ["fetched"]


@on_both
def test_documents_and_watermark_are_stored_together_or_not_at_all(bench: Workbench) -> None:
    bench.fetch(record("1"), mark="first")
    with pytest.raises(NotStorable):
        bench.fetch(record("2"), replace(record("3"), raw={"file": object()}), mark="second")
    assert bench.queue.watermark("acme", "x12_810") == "first"
    assert [row.source_key for row in bench.all()] == ["1"]


@on_both
def test_the_same_content_under_a_new_stamp_only_stores_the_stamp(bench: Workbench) -> None:
    ready = bench.ready("1")
    assert bench.queue.unseen("acme", "x12_810", [KeyStamp("1", "later"), KeyStamp("2", "x")]) == ["1", "2"]
    counts = bench.fetch(record("1", stamp="later"))
    assert (counts.unchanged, counts.revised) == (1, 0)
    assert bench.now(ready) == ready, "an unchanged document's row is as it was, so that a run may still claim it"
    assert bench.queue.unseen("acme", "x12_810", [KeyStamp("1", "later")]) == []


@on_both
def test_the_newest_revision_is_the_document_until_it_is_sent(bench: Workbench) -> None:
    older = bench.ready("1")
    tomorrow = replace(RUN, partition=DAY + dt.timedelta(days=1))
    assert bench.fetch(record("1", "b"), run=tomorrow).revised == 1
    assert bench.now(older).state == State.SUPERSEDED
    newer = bench.all()[-1]
    assert (newer.state, newer.revision, newer.partition) == (State.PENDING_VALIDATION, 2, DAY), (
        "the partition is that of the first sight"
    )
    with bench.owner() as owner:
        assert owner.claim(older, CHANNEL, render(older)) is None
    assert bench.only(ids=[older.id]).id == newer.id, "an older name finds the document as it is now"


@on_both
def test_a_revision_between_claim_and_sending_wins(bench: Workbench) -> None:
    document = bench.ready("1")
    with bench.owner() as owner:
        held = bench.claim(owner, document)
        bench.fetch(record("1", "b"))
        with pytest.raises(ClaimLost):
            held.sending()
    assert bench.claim_states(document) == ["cancelled"]
    assert [row.state for row in bench.all()] == [State.SUPERSEDED, State.PENDING_VALIDATION]


@on_both
def test_a_revision_after_sending_waits_for_the_outcome(bench: Workbench) -> None:
    document = bench.ready("1")
    with bench.owner() as owner:
        held = bench.claim(owner, document)
        held.sending()
        assert bench.fetch(record("1", "b")).revised == 0
        assert bench.queue.unseen("acme", "x12_810", [KeyStamp("1", "stamp-b")]) == ["1"], "asked again at the next poll"
        held.retry_later(Retryable("423 locked"))
        assert bench.fetch(record("1", "b")).revised == 1, "surely nothing was stored, so the newest revision goes out"
    assert bench.claim_states(document) == ["cancelled"]


@on_both
@pytest.mark.parametrize("rules", [RULES, SET_ASIDE])
def test_a_change_after_sending_sends_nothing_by_itself(bench: Workbench, rules: object) -> None:
    document = bench.sent("1")
    counts = bench.fetch(record("1", "b", business_number="INV1-B"), rules=rules)  # type: ignore[arg-type]
    assert counts.changed_after_sending == 1
    assert bench.only().state == State.SENT
    assert bench.fetch(record("1", "b", stamp="s3"), rules=rules).changed_after_sending == 0  # type: ignore[arg-type]
    alerts = [alert.text for alert in bench.watch.alerts_to_deliver("acme")]
    assert len(alerts) == (1 if rules is SET_ASIDE else 0)
    if rules is SET_ASIDE:
        assert bench.operator.dismiss(RUN, document.id, "told them") == State.SENT
        assert bench.watch.alerts_to_deliver("acme") == []
    bench.operator.reprocess(RUN, document.id, "they want the new one", redeliver=True)
    again = bench.only(ids=[document.id])
    assert (again.raw["content"], again.business_number) == ("b", "INV1-B"), "a redelivery sends the record as it is now"


@on_both
def test_a_document_corrected_in_the_source_comes_back_under_its_name(bench: Workbench) -> None:
    aside = bench.check(bench.seen("1"), State.ON_HOLD, reason="no such item", reason_code="item_unknown")
    assert bench.fetch(record("1", "b")).revised == 1
    again = bench.only()
    assert (again.id, again.state, again.revision, again.reason, again.canonical) == (
        aside.id,
        State.PENDING_VALIDATION,
        2,
        "",
        None,
    )


@on_both
def test_cancelling_before_and_after_sending(bench: Workbench) -> None:
    seen, ready = bench.seen("1"), bench.ready("2")
    aside = bench.check(bench.seen("3"), State.ON_HOLD)
    sent = bench.sent("4")
    counts = bench.fetch(*(record(key, cancelled=True, stamp="c") for key in "12345"))
    assert counts.cancelled == 5
    assert [bench.now(row).state for row in (seen, ready, aside)] == [State.SKIPPED] * 3
    assert bench.now(sent).state == State.SENT
    (alert,) = bench.watch.alerts_to_deliver("acme")
    assert "cancelled" in alert.text and sent.id in alert.text
    bench.operator.dismiss(RUN, sent.id, "credit note written")
    assert bench.fetch(record("4", cancelled=True, stamp="d")).unchanged == 1, "one exception for one cancellation"


@on_both
def test_a_dismissed_document_that_changes_waits_for_a_person(bench: Workbench) -> None:
    aside = bench.check(bench.seen("1"), State.ON_HOLD)
    bench.operator.dismiss(RUN, aside.id, "not for them")
    assert bench.fetch(record("1", stamp="s2")).unchanged == 1
    bench.fetch(record("1", "b"))
    assert [(row.state, row.reason_code) for row in bench.all()] == [
        (State.SKIPPED, "dismissed"),
        (State.ON_HOLD, "changed_after_dismissal"),
    ]


@on_both
def test_no_echo_of_records_and_updates_of_our_own(bench: Workbench) -> None:
    assert bench.fetch(record("1", ours=True)).ours == 1
    assert bench.all() == []
    assert bench.queue.unseen("acme", "x12_810", [KeyStamp("1", "stamp-a")]) == []
    sent = bench.sent("2")
    bench.queue.note_our_update("acme", "x12_810", "2", "hash-b")
    counts = bench.fetch(record("2", "b"), rules=SET_ASIDE)
    assert (counts.ours, counts.changed_after_sending) == (1, 0)
    assert bench.only().id == sent.id
    assert bench.watch.alerts_to_deliver("acme") == []


@on_both
def test_documents_from_before_the_start_leave_only_when_named(bench: Workbench) -> None:
    old = dt.date(2025, 12, 31)
    assert bench.fetch(record("1", date=old)).before_go_live == 1
    bench.fetch(record("1", "b", date=old))
    row = bench.only()
    assert (row.state, row.raw["content"]) == (State.BEFORE_GO_LIVE, "b")
    assert bench.operator.reprocess(RUN, row.id, "asked for by the buyer") == State.PENDING_VALIDATION


@on_both
def test_preview_is_no_work_and_a_live_fetch_takes_it_over(bench: Workbench) -> None:
    bench.fetch(record("1"), run=PREVIEW, mark="moved")
    assert bench.queue.watermark("acme", "x12_810") is None
    shown = bench.check(bench.only(preview=True), State.READY, run=PREVIEW)
    assert shown.state == State.READY and bench.all() == []
    assert (bench.queue.work("acme", "x12_810"), bench.queue.ready("acme", "x12_810")) == (0, [])
    with bench.owner() as owner:
        assert owner.claim(shown, CHANNEL, render(shown)) is None
    stamps = [KeyStamp("1", "stamp-a")]
    assert bench.queue.unseen("acme", "x12_810", stamps) == ["1"], "a live run has seen nothing that only a preview saw"
    assert bench.queue.unseen("acme", "x12_810", stamps, preview=True) == []
    tomorrow = replace(RUN, partition=DAY + dt.timedelta(days=1))
    bench.fetch(record("1"), run=tomorrow)
    row = bench.only()
    assert (row.id, row.state, row.partition, row.canonical) == (shown.id, State.PENDING_VALIDATION, tomorrow.partition, None)
    bench.fetch(record("1", "b"), run=PREVIEW)
    assert bench.only() == row, "a preview changes nothing of what is live"


@on_both
def test_two_fetches_of_one_record_at_once_make_one_document(bench: Workbench) -> None:
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def fetch() -> None:
        barrier.wait()
        try:
            bench.fetch(*(record(str(key)) for key in range(20)))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(bench.all()) == 20


@on_both
def test_revisions_race_with_claims_and_no_old_revision_is_sent(bench: Workbench) -> None:
    documents = [bench.ready(str(key)) for key in range(40)]
    sent: list[str] = []

    def act() -> None:
        with bench.owner() as owner:
            for document in documents:
                held = owner.claim(document, CHANNEL, render(document))
                if held is None:
                    continue
                try:
                    held.sending()
                except ClaimLost:
                    continue
                sent.append(document.source_key)
                held.complete(Receipt(""))

    def revise() -> None:
        for document in reversed(documents):
            bench.fetch(record(document.source_key, "b"))

    threads = [threading.Thread(target=act), threading.Thread(target=revise)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = {key: sorted(row.state for row in bench.all() if row.source_key == key) for key in map(str, range(40))}
    for key, found in states.items():
        # Sent, or superseded by the newer revision; never both. (While `sending` a revision leaves the document alone.)
        assert found == ([State.SENT] if key in sent else [State.PENDING_VALIDATION, State.SUPERSEDED]), (key, found)


@on_both
def test_ten_thousand_stamps_are_one_question(bench: Workbench) -> None:
    bench.fetch(*(record(str(key)) for key in range(500)))
    stamps = [KeyStamp(str(key), "stamp-a") for key in range(10_000)]
    assert bench.queue.unseen("acme", "x12_810", stamps) == [str(key) for key in range(500, 10_000)]
