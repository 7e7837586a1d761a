"""Fields of records elsewhere: what differs is due, once; what failed waits; one open collection at most writes a row."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.ports.field_states import FieldState, RowOutcome, WantedFields
from mlconn_pipelines_tests.ledger.workbench import RUN, Bench, on_both

AT = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
PLACE = (RUN.integration, RUN.flow)


def wanted(key: str, content: str = "a", at: dt.datetime = AT) -> WantedFields:
    return WantedFields(key, {"Balance__c": Decimal("12.50"), "Note__c": content}, f"hash-{content}", "USD", at)


def due(bench: Bench) -> list[str]:
    return [one.wanted.key for one in bench.field_states.due(*PLACE)]


def end(bench: Bench, collection: DocumentRow, *outcomes: RowOutcome) -> None:
    """What became of its rows, and then of the collection."""
    bench.field_states.ended(RUN, collection.id, outcomes)
    bench.check(collection, State.PROCESSED)


def only(bench: Bench, key: str) -> FieldState:
    found: list[FieldState] = bench.field_states.states(*PLACE, [key])
    return found[0]


@on_both
def test_what_differs_from_what_was_written_is_due_and_nothing_else(bench: Bench) -> None:
    assert bench.field_states.store(RUN, [wanted("2"), wanted("1")]) == 2
    assert due(bench) == ["1", "2"]
    collection = bench.seen()
    assert bench.field_states.take(RUN, collection.id, {"1": "hash-a", "2": "hash-a"}) == {"1", "2"}
    assert due(bench) == []
    end(bench, collection, RowOutcome("1", "hash-a", "001A"), RowOutcome("2", "hash-a", "001B"))
    state = only(bench, "1")
    assert (state.is_written, state.target, state.collection) == (True, "001A", "") and state.written_at is not None
    assert state.wanted.fields == {"Balance__c": Decimal("12.50"), "Note__c": "a"}
    assert bench.field_states.store(RUN, [wanted("1"), wanted("2", "b")]) == 1
    assert due(bench) == ["2"]


@on_both
def test_what_failed_waits_until_it_changes_or_somebody_says_so(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1")])
    collection = bench.seen()
    bench.field_states.take(RUN, collection.id, {"1": "hash-a"})
    end(bench, collection, RowOutcome("1", "hash-a", "", "Too long.", "too_long"))
    assert due(bench) == [] and only(bench, "1").error == "Too long."
    bench.field_states.store(RUN, [wanted("1", "b")])
    assert due(bench) == ["1"]
    bench.field_states.store(RUN, [wanted("1")])
    assert due(bench) == []
    bench.field_states.try_again(RUN, ["1", "unknown"])
    assert due(bench) == ["1"] and only(bench, "1").error_code == ""


@on_both
def test_a_row_can_fail_before_any_collection_has_it(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1"), wanted("2")])
    collection = bench.seen().id
    bench.field_states.take(RUN, collection, {"2": "hash-a"})
    bench.field_states.ended(RUN, "", [RowOutcome(key, "hash-a", "", "No account.", "no_account") for key in ("1", "2")])
    assert due(bench) == [] and only(bench, "1").error_code == "no_account"
    assert only(bench, "2").error_code == "", "it is in the hands of its collection"


@on_both
def test_a_row_that_is_to_be_tried_as_it_is_stays_due(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1")])
    collection = bench.seen()
    bench.field_states.take(RUN, collection.id, {"1": "hash-a"})
    end(bench, collection, RowOutcome("1", "hash-a"))
    assert due(bench) == ["1"]


@on_both
def test_what_a_collection_wrote_is_its_own_until_it_is_closed_or_gives_it_back(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1"), wanted("2")])
    collection, other = bench.seen(), bench.seen()
    bench.field_states.take(RUN, collection.id, {"1": "hash-a", "2": "hash-a"})
    bench.field_states.ended(RUN, collection.id, [RowOutcome("1", "hash-a", "001A")])
    bench.field_states.ended(RUN, collection.id, [RowOutcome("2", "hash-a", "", "No.", "no")], released=True)
    bench.field_states.store(RUN, [wanted("1", "b"), wanted("2", "b")])
    assert due(bench) == ["2"] and bench.field_states.take(RUN, other.id, {"1": "hash-b", "2": "hash-b"}) == {"2"}
    bench.check(collection, State.PROCESSED)
    assert due(bench) == ["1"]


@on_both
def test_what_the_target_holds_otherwise_is_written_again(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1"), wanted("2")])
    collection = bench.seen()
    bench.field_states.take(RUN, collection.id, {"1": "hash-a", "2": "hash-a"})
    end(bench, collection, *(RowOutcome(key, "hash-a", f"001{key}") for key in ("1", "2")))
    bench.field_states.write_again(RUN, ["2"])
    assert due(bench) == ["2"] and only(bench, "2").target == "0012"


@on_both
def test_one_open_collection_at_most_writes_a_row(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1"), wanted("2")])
    first, second = bench.seen(), bench.seen()
    assert bench.field_states.take(RUN, first.id, {"1": "hash-a"}) == {"1"}
    assert bench.field_states.take(RUN, second.id, {"1": "hash-a", "2": "hash-a", "3": "hash-a"}) == {"2"}
    assert bench.field_states.take(RUN, first.id, {"1": "hash-a"}) == {"1"}, "again, after its run died"
    bench.field_states.ended(RUN, second.id, [RowOutcome("1", "hash-a", "001A")])
    assert not only(bench, "1").is_written, "it was never its own"
    bench.field_states.store(RUN, [wanted("1", "b")])
    assert due(bench) == [], "what is newer follows what is under way"
    bench.check(first, State.SKIPPED)
    assert due(bench) == ["1"] and bench.field_states.take(RUN, second.id, {"1": "hash-b"}) == {"1"}


@on_both
def test_a_row_that_changed_meanwhile_is_not_taken(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1", "b")])
    assert bench.field_states.take(RUN, bench.seen().id, {"1": "hash-a"}) == frozenset()


@on_both
def test_what_was_read_earlier_changes_nothing(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1", "b", AT)])
    assert bench.field_states.store(RUN, [wanted("1", "a", AT - dt.timedelta(seconds=1))]) == 0
    assert only(bench, "1").wanted.hash == "hash-b"


@on_both
@pytest.mark.parametrize("preview", [False, True])
def test_the_watermark_moves_with_what_was_read_and_in_a_preview_it_does_not(bench: Bench, preview: bool) -> None:
    bench.field_states.store(replace(RUN, preview=preview), [wanted("1")], {"receivables/entries": "77"})
    assert bench.queue.watermark(RUN.integration, "receivables/entries") == (None if preview else "77")
    assert due(bench) == ["1"]


@on_both
def test_a_flow_stands_as_its_rows_do(bench: Bench) -> None:
    nothing = bench.field_states.standing(*PLACE, shown=9)
    assert (nothing.written, nothing.waiting, nothing.failed, nothing.read_at, list(nothing.rows)) == (0, 0, 0, None, [])
    bench.field_states.store(RUN, [wanted(key) for key in ("1", "2", "3", "4")])
    collection = bench.seen().id
    bench.field_states.take(RUN, collection, dict.fromkeys(("1", "2", "3"), "hash-a"))
    for outcome in (
        RowOutcome("1", "hash-a", "001A"),
        RowOutcome("2", "hash-a", "001B"),
        RowOutcome("3", "hash-a", "", "No.", "no"),
    ):
        bench.field_states.ended(RUN, collection, [outcome])
    bench.field_states.store(RUN, [wanted("4", at=AT + dt.timedelta(hours=1))])
    told = bench.field_states.standing(*PLACE, shown=3)
    assert (told.written, told.waiting, told.failed, told.read_at) == (2, 1, 1, AT + dt.timedelta(hours=1))
    assert [one.wanted.key for one in told.rows] == ["3", "4", "2"]


@on_both
def test_flows_are_kept_apart(bench: Bench) -> None:
    bench.field_states.store(RUN, [wanted("1")])
    bench.field_states.store(replace(RUN, flow="x12_850"), [wanted("1", "b")])
    assert only(bench, "1").wanted.hash == "hash-a" and len(bench.field_states.states(*PLACE)) == 1
