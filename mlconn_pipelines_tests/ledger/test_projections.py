"""A release that hashes more fields sees no change where nothing changed, and every change where something did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.flows.ports.entries import DocumentRow, FetchCounts, FetchedRecord, FetchRules
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.ledger.workbench import DAY, RUN, Workbench, on_both, record

_LINE_BEFORE = Projection(("no", "item"), ordered_by="no")
BEFORE = RecordHashing("Invoices", Projection(("number", "price"), {"lines": _LINE_BEFORE}))
TODAY = RecordHashing(
    "Invoices",
    Projection(("number", "price", "terms"), {"lines": Projection(("no", "item", "colour"), ordered_by="no")}),
    earlier=(BEFORE.projection,),
)
RAW: Mapping[str, Any] = {
    "number": "7",
    "price": 1.5,
    "status": "open",
    "terms": "net 30",
    "lines": [{"no": 1, "item": "A", "colour": "red"}, {"no": 2, "item": "B", "colour": ""}],
}
NARROW: Mapping[str, Any] = {
    "number": "7",
    "price": 1.5,
    "lines": [{"no": 2, "item": "B"}, {"no": 1, "item": "A"}],
}
"""The same record, read without the fields that are new."""
RULES = {
    after: FetchRules("810", DAY.replace(month=1, day=1), after, change_set, hashing=TODAY)  # type: ignore[arg-type]
    for after, change_set in (("ignore", ""), ("on_hold", ""), ("change_set", "860"))
}


def by(
    hashing: RecordHashing, raw: Mapping[str, Any], key: str = "1", version: str | None = None, **facts: Any
) -> FetchedRecord:
    """version: as it is stored; that of the releases which kept none has the hash and no version."""
    named = hashing.version if version is None else version
    one = record(key, content_hash=hashing.of(raw), projection=named, **facts)
    return replace(one, raw=raw)


def before(raw: Mapping[str, Any], **facts: Any) -> FetchedRecord:
    return by(BEFORE, raw, version="", **facts)


def paid(raw: Mapping[str, Any], **facts: Any) -> FetchedRecord:
    return by(TODAY, {**raw, "status": "paid"}, **{"stamp": "stamp-paid", **facts})


def stored(bench: Workbench) -> tuple[str, str, str]:
    """Hashes and version of the newest row."""
    newest = max(bench.all(), key=lambda row: row.revision)
    content, latest, version = (bench.column(newest, name) for name in ("content_hash", "latest_hash", "projection"))
    return content, latest, version


def sent(bench: Workbench, raw: Mapping[str, Any], rules: FetchRules) -> DocumentRow:
    bench.fetch(before(raw), rules=replace(rules, hashing=None))
    document = bench.check(bench.only(), State.READY)
    with bench.owner() as owner:
        held = bench.claim(owner, document)
        held.sending()
        held.complete(Receipt("file-1"))
    return bench.now(document)


def seen(bench: Workbench, raw: Mapping[str, Any], rules: FetchRules) -> DocumentRow:
    bench.fetch(before(raw), rules=replace(rules, hashing=None))
    return bench.only()


def ready(bench: Workbench, raw: Mapping[str, Any], rules: FetchRules) -> DocumentRow:
    return bench.check(seen(bench, raw, rules), State.READY)


def set_aside(bench: Workbench, raw: Mapping[str, Any], rules: FetchRules) -> DocumentRow:
    return bench.check(seen(bench, raw, rules), State.ON_HOLD, reason="no such item", reason_code="item_unknown")


def dismissed(bench: Workbench, raw: Mapping[str, Any], rules: FetchRules) -> DocumentRow:
    document = set_aside(bench, raw, rules)
    bench.operator.dismiss(RUN, document.id, "not for them")
    return bench.now(document)


def nothing_happened(bench: Workbench, document: DocumentRow, counts: FetchCounts) -> None:
    assert counts == FetchCounts(unchanged=1)
    assert bench.only() == document
    assert bench.watch.alerts_to_deliver("acme") == []
    assert bench.column(bench.only(), "exception") == ""


@on_both
@pytest.mark.parametrize("way", [seen, ready, set_aside, dismissed, sent])
@pytest.mark.parametrize("raw", [RAW, NARROW], ids=["whole", "narrow"])
@pytest.mark.parametrize("after", RULES)
def test_a_wider_projection_makes_nothing_look_changed(
    bench: Workbench, way: Callable[..., DocumentRow], raw: Mapping[str, Any], after: str
) -> None:
    document = way(bench, raw, RULES[after])
    nothing_happened(bench, document, bench.fetch(paid(RAW), rules=RULES[after]))
    assert stored(bench) == (TODAY.of(RAW), TODAY.of(RAW), TODAY.version)
    nothing_happened(bench, document, bench.fetch(paid(RAW, stamp="stamp-again"), rules=RULES[after]))


CHANGES: tuple[Mapping[str, Any], ...] = (
    {"price": 1.75},
    {"terms": "net 60"},
    {"lines": [{"no": 1, "item": "A", "colour": "blue"}, {"no": 2, "item": "B", "colour": ""}]},
    {"lines": [{"no": 1, "item": "A", "colour": "red"}]},
)


@on_both
@pytest.mark.parametrize("change", CHANGES, ids=["old field", "new field", "new field of a line", "line gone"])
def test_what_changed_meanwhile_is_seen_all_the_same(bench: Workbench, change: Mapping[str, Any]) -> None:
    document = sent(bench, RAW, RULES["on_hold"])
    assert bench.fetch(paid({**RAW, **change}), rules=RULES["on_hold"]).changed_after_sending == 1
    assert bench.now(document).state is State.SENT and len(bench.watch.alerts_to_deliver("acme")) == 1
    assert stored(bench) == (TODAY.of(RAW), TODAY.of({**RAW, **change}), TODAY.version)
    back = bench.fetch(paid(RAW, stamp="stamp-back"), rules=RULES["on_hold"])
    assert back.changed_after_sending == 1, "and that it is as it was is a change too, as ever"


@on_both
@pytest.mark.parametrize("change", [{"price": 1.75}, {"lines": [{"no": 1, "item": "C", "colour": "red"}]}])
def test_a_change_of_what_a_narrow_record_has_is_seen(bench: Workbench, change: Mapping[str, Any]) -> None:
    sent(bench, NARROW, RULES["on_hold"])
    assert bench.fetch(paid({**RAW, **change}), rules=RULES["on_hold"]).changed_after_sending == 1


@on_both
def test_a_field_that_was_declared_before_and_left_out_was_empty(bench: Workbench) -> None:
    without = {name: value for name, value in RAW.items() if name != "price"}
    sent(bench, without, RULES["on_hold"])
    assert bench.fetch(paid(RAW), rules=RULES["on_hold"]).changed_after_sending == 1


@on_both
@pytest.mark.parametrize("after", ["ignore", "on_hold"])
def test_a_change_that_was_told_before_is_not_told_again(bench: Workbench, after: str) -> None:
    rules, changed = RULES[after], {**RAW, "price": 9}
    document = sent(bench, RAW, rules)
    bench.fetch(before(changed, stamp="stamp-b"), rules=replace(rules, hashing=None))
    told = len(bench.watch.alerts_to_deliver("acme"))
    assert bench.fetch(paid(changed), rules=rules) == FetchCounts(unchanged=1)
    assert len(bench.watch.alerts_to_deliver("acme")) == told
    assert stored(bench) == (TODAY.of(RAW), TODAY.of(changed), TODAY.version)
    bench.operator.reprocess(RUN, document.id, "they want the new one", redeliver=True)
    assert stored(bench)[:1] == (BEFORE.of(changed),) and stored(bench)[2] == "", "as it was kept"
    bench.fetch(paid(changed, stamp="stamp-more"), rules=rules)
    assert [row.state for row in bench.all()] == [State.SENT, State.PENDING_VALIDATION]
    assert stored(bench) == (TODAY.of(changed), TODAY.of(changed), TODAY.version)


@on_both
def test_a_cancellation_that_was_told_before_is_not_told_again(bench: Workbench) -> None:
    rules, changed = RULES["on_hold"], {**RAW, "price": 9}
    document = sent(bench, RAW, rules)
    bench.fetch(before(changed, stamp="c", cancelled=True), rules=replace(rules, hashing=None))
    bench.operator.dismiss(RUN, document.id, "credit note written")
    assert bench.fetch(paid(changed, cancelled=True), rules=rules) == FetchCounts(unchanged=1)
    assert bench.watch.alerts_to_deliver("acme") == []


@on_both
@pytest.mark.parametrize("read_before", [True, False], ids=["read by the release before", "not read yet"])
def test_what_an_update_of_ours_left_is_known_again(bench: Workbench, read_before: bool) -> None:
    """The release before kept the hash alone, and ours are kept with their version."""
    rules, updated = RULES["on_hold"], {**RAW, "price": 2}
    document = sent(bench, RAW, rules)
    bench.queue.note_our_update("acme", "x12_810", "1", BEFORE.of(updated))
    if read_before:
        assert bench.fetch(before(updated, stamp="u"), rules=replace(rules, hashing=None)).ours == 1
    counts = bench.fetch(paid(updated), rules=rules)
    assert (counts.ours, counts.changed_after_sending) == (1, 0)
    bench.queue.note_our_update("acme", "x12_810", "1", TODAY.of({**updated, "price": 3}), TODAY.version)
    assert bench.fetch(paid({**updated, "price": 3}, stamp="v"), rules=rules).ours == 1
    assert bench.now(document).state is State.SENT and bench.watch.alerts_to_deliver("acme") == []
    other = bench.fetch(paid({**updated, "price": 4}, stamp="w"), rules=rules)
    assert other.changed_after_sending == 1


@on_both
def test_a_hash_of_a_version_that_nobody_knows_is_made_again_from_its_record(bench: Workbench) -> None:
    rules = RULES["on_hold"]
    bench.fetch(by(BEFORE, RAW, version="forgotten", content="x"), rules=replace(rules, hashing=None))
    document = bench.check(bench.only(), State.READY)
    nothing_happened(bench, document, bench.fetch(paid(RAW), rules=rules))
    assert bench.fetch(paid({**RAW, "price": 9}, stamp="n"), rules=rules).revised == 1


@on_both
def test_a_preview_looks_again_without_taking_it_for_a_change(bench: Workbench) -> None:
    preview = replace(RUN, preview=True)
    bench.fetch(before(RAW), rules=replace(RULES["ignore"], hashing=None), run=preview)
    assert bench.fetch(paid(RAW), rules=RULES["ignore"], run=preview) == FetchCounts(unchanged=1)


@on_both
def test_a_record_that_could_not_be_read_comes_back_when_it_can(bench: Workbench) -> None:
    """Its hash is of no projection: hashed again from what was kept, it would be as it is now and stay held."""
    problem = Finding(Reason.INTERNAL_ERROR, "the code fell over")
    held = record("1", content_hash="unread stamp-a")
    bench.fetch(replace(held, raw=RAW, problem=problem), rules=RULES["ignore"])
    assert bench.only().state is State.ON_HOLD
    assert bench.fetch(paid(RAW), rules=RULES["ignore"]).revised == 1
    assert bench.only().state is State.PENDING_VALIDATION


@on_both
def test_a_stored_record_that_cannot_be_hashed_stops_no_other(bench: Workbench) -> None:
    rules = RULES["on_hold"]
    broken = {**RAW, "lines": [None]}
    one = replace(record("1", content_hash="x"), raw=broken)
    bench.fetch(one, before(RAW, key="2"), rules=replace(rules, hashing=None))
    counts = bench.fetch(paid(RAW), paid(RAW, key="2"), rules=rules)
    assert (counts.revised, counts.unchanged) == (1, 1)
