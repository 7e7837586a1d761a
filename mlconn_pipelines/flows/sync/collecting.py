"""Rows that are kept in step: read where something moved, and written a collection at a time where they differ.

A row is no document. What its fields are to be and what was last written is its state (`FieldStates`). A collection of rows is a
document, claimed and written as one repeatable act with a result for each row. A row that cannot be written becomes a document
on hold, which is done when the row is written after all.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.holding import hold, reason_of
from mlconn_pipelines.flows.internal_errors import internal_error, store_all_checked
from mlconn_pipelines.flows.notifications import mark_consumed, note_found
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, FetchedRecord, FetchRules, Run
from mlconn_pipelines.flows.ports.field_states import FieldState, RowOutcome
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.sync.comparing import compare_rows
from mlconn_pipelines.flows.sync.route import Collects, SyncRoute
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Finding, RecordHeader
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.ports.rows import RowResult, Target
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import dumps, to_scale

COLLECTION = "collection/"
"""What keys of collections begin with; those of rows are the source's own."""

LOOKED_AT_EVERY_NIGHT = (Reason.CUSTOMER_WITHOUT_ACCOUNT, Reason.ACCOUNT_NOT_UNIQUE, Reason.CURRENCY_DIFFERS)
"""Whatever keeps a row from its record, and is cured there without a word to us."""

WHOLE_WITHIN = dt.timedelta(hours=26)
"""Once a day, and a while for the run."""

WAVE_FROM = 20
"""So many rows of a collection that are refused, and no other one written, are one incident: a rule of the target's, or a field's type."""

_SCALE = 6
"""Decimals by which amounts are compared: 12.5 and 12.50 are one."""


@dataclass(frozen=True, slots=True)
class CollectedRow:
    """A row of a collection. key, hash, fields: of `WantedFields`. target: key of the record that it is written to."""

    key: str
    hash: str
    target: str
    fields: Mapping[str, Any]
    as_of: dt.datetime


def rows_of(collection: DocumentRow) -> Sequence[CollectedRow]:
    """In the order in which they are written."""
    held = (collection.canonical or collection.raw)["rows"]
    return [CollectedRow(**{**row, "as_of": dt.datetime.fromisoformat(row["as_of"])}) for row in held]


def hash_of_fields(fields: Mapping[str, Any]) -> str:
    """Equal for equal values, however many zeros an amount ends in.

    >>> hash_of_fields({"A": Decimal("12.50")}) == hash_of_fields({"A": Decimal("12.5")}) != hash_of_fields({"A": None})
    True
    """
    plain = {name: to_scale(value, _SCALE) if isinstance(value, Decimal) else value for name, value in fields.items()}
    return hashlib.sha256(dumps(plain, sort_keys=True).encode()).hexdigest()


# -- reading ------------------------------------------------------------------------------------------------------------
def look_for_rows(route: SyncRoute, act: Collects) -> int:
    """How many rows moved or wait to be written; 1 where all are to be read. For sensors."""
    if _whole_is_due(route, act):
        return 1
    if route.engine.preview:
        return 0
    if due := act.states.due(route.name, route.flow):
        return len(due)
    return len(act.rows.moved(_marks(route), at_a_glance=True).keys)


def read_rows(route: SyncRoute, act: Collects, run: Run, selection: Selection) -> Tally:
    """What moved since the marks; all rows at first, once a day, and where what is written has changed.

    Of a backfill: the rows that its days' documents hold. The marks move when everything before them is stored.
    """
    hints = mark_consumed(route.engine, run)
    tally = Tally()
    if selection.documents:
        return tally
    if selection.days:
        _store(route, act, run, _keys_of(route, run, selection), tally)
    elif _whole_is_due(route, act):
        marks = act.rows.marks()
        if not run.preview and (route.engine.queue.watermark(route.name, _whole(route)) or "").endswith(f" {act.layout}"):
            found = compare_rows(route, act, run)
            tally.add("rows_differing", found.differing)
            tally.add("rows_gone", found.gone)
        _store(route, act, run, None, tally)
        again = (one.wanted.key for one in act.states.states(route.name, run.flow) if one.error_code in LOOKED_AT_EVERY_NIGHT)
        act.states.try_again(run, list(again))
        act.states.store(run, (), {run.flow: json.dumps(marks, sort_keys=True), _whole(route): _of_today(route, act)})
        tally.add("read_whole")
        note_found(route.engine, run, hints, 0)  # all are read by the clock, told of or not
    else:
        moved = act.rows.moved(_marks(route))
        _store(route, act, run, moved.keys, tally)
        act.states.store(run, (), {run.flow: json.dumps(moved.marks, sort_keys=True)})
        note_found(route.engine, run, hints, tally["rows_changed"])
    return tally


def late_rows(route: SyncRoute, act: Collects, within: dt.timedelta) -> str:
    """What ought to have been read long ago, in words; empty where nothing is late. within: what moved so long ago has been read."""
    whole, read = (route.engine.queue.watermark_now(route.name, name) for name in (_whole(route), route.flow))
    if whole.moved_at is None or whole.now - whole.moved_at > WHOLE_WITHIN:
        since = f"since {whole.moved_at:%Y-%m-%d %H:%M} UTC" if whole.moved_at else "yet"
        return f"not every {route.declared.description.lower()} was read {since}, which is to be done once a day: see the flow's last runs"
    if (
        read.moved_at is not None
        and read.now - read.moved_at > within
        and (moved := act.rows.moved(_marks(route), at_a_glance=True).keys)
    ):
        return f"{len(moved)} or more moved since {read.moved_at:%Y-%m-%d %H:%M} UTC and wait to be read: see the sensor and the last runs"
    return ""


def _whole(route: SyncRoute) -> str:
    return f"{route.flow}/whole"


def _of_today(route: SyncRoute, act: Collects) -> str:
    return f"{route.engine.today()} {act.layout}"


def _whole_is_due(route: SyncRoute, act: Collects) -> bool:
    """A preview moves no marks: it looks at what was read last."""
    if route.engine.preview:
        read_at = act.states.standing(route.name, route.flow).read_at
        return read_at is None or route.engine.local(read_at).date() != route.engine.today()
    return route.engine.queue.watermark(route.name, _whole(route)) != _of_today(route, act)


def _marks(route: SyncRoute) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(route.engine.queue.watermark(route.name, route.flow) or "{}")
    return found


def _store(route: SyncRoute, act: Collects, run: Run, keys: Collection[str] | None, tally: Tally) -> None:
    """keys: None for all. What was read before and does not come is asked for once more: by one answer nothing is gone."""
    seen = _store_once(route, act, run, keys, tally)
    asked = None if keys is None else [key for key in keys if key not in seen]
    absent = {one.wanted.key for one in act.states.states(route.name, route.flow, asked)} - seen if asked != [] else set()
    if absent:
        _store_once(route, act, run, absent, tally)


def _store_once(route: SyncRoute, act: Collects, run: Run, keys: Collection[str] | None, tally: Tally) -> set[str]:
    """Keys of the rows that came. A row that the code falls over is on hold, and the others go on."""
    seen: set[str] = set()
    at = route.engine.queue.now()
    for rows in act.rows.rows(keys) if keys is None or keys else ():
        wanted, odd = [], {}
        for row in rows:
            seen.add(key := act.key(row))
            try:
                wanted.append(act.wanted(row, at))
            except Exception as trouble:
                odd[key] = internal_error(trouble, f"{route.declared.description} {key}", f"row {key} of {route.flow}")
        tally.add("rows_read", len(rows))
        changed = act.states.store(run, wanted)
        tally.add("rows_changed", changed)
        tally.add("rows_unchanged", len(wanted) - changed)
        _tell(route, run, odd, tally)
        at = route.engine.queue.now()
    return seen


def _keys_of(route: SyncRoute, run: Run, selection: Selection) -> set[str]:
    """Of the rows that documents of the selection hold."""
    documents = route.engine.queue.documents(route.name, run.flow, frozenset(State), **selection.query(), due_only=False)
    collections = (row for row in documents if row.source_key.startswith(COLLECTION))
    alone = {row.source_key for row in documents if not row.source_key.startswith(COLLECTION)}
    return alone | {one.key for collection in collections for one in rows_of(collection)}


# -- deciding -----------------------------------------------------------------------------------------------------------
def collect_rows(route: SyncRoute, act: Collects, run: Run, selection: Selection) -> Tally:
    """Rows that differ from what was last written, each to its record, into collections that are ready to be written."""
    tally = Tally()
    if not run.preview:
        _take_up(route, act, run, tally)
    due = act.states.due(route.name, run.flow)
    if selection.documents or selection.days:
        named = _keys_of(route, run, selection)
        due = [one for one in due if one.wanted.key in named]
    found = _targets_of(act, {one.wanted.key for one in due})
    matched = [(one, act.match(one.wanted, found.get(one.wanted.key, ()))) for one in due]
    to_write = [(one, to) for one, to in matched if isinstance(to, Target)]
    refused = {one.wanted.key: (one, finding) for one, finding in matched if isinstance(finding, Finding)}
    tally.add("rows_due", len(to_write))
    if run.preview:
        tally.add("rows_refused", len(refused))
        return tally
    act.states.ended(run, "", [_failed(one, finding) for one, finding in refused.values()])
    _tell(route, run, {key: finding for key, (_, finding) in refused.items()}, tally)
    _enter(route, act, run, to_write)
    _check_collections(route, act, run, tally)
    return tally


def _targets_of(act: Collects, codes: Set[str]) -> Mapping[str, Sequence[Target]]:
    """That no record has a code is believed by two answers only: it holds a row for a person."""
    found: dict[str, Sequence[Target]] = {}
    for _ in range(2):
        if absent := codes - found.keys():
            found |= act.targets.found(act.entity, act.by, absent)
    return found


def _take_up(route: SyncRoute, act: Collects, run: Run, tally: Tally) -> None:
    """Rows whose documents were brought back: read once more, and written whatever they failed for."""
    waiting = _documents(route, run, {State.PENDING_VALIDATION})
    if keys := [key for key in waiting if not key.startswith(COLLECTION)]:
        _store(route, act, run, keys, tally)
        act.states.try_again(run, keys)
        known = {one.wanted.key for one in act.states.states(route.name, run.flow, keys)}
        written = {one.wanted.key for one in act.states.states(route.name, run.flow, keys) if one.is_written}
        gone = {key: waiting[key] for key in keys if key not in known or key in written}
        _finish(route, run, gone.values(), "there is nothing left to write")


def _enter(route: SyncRoute, act: Collects, run: Run, rows: Sequence[tuple[FieldState, Target]]) -> None:
    """Documents of at most as many rows as a request takes."""
    at = route.engine.queue.now()
    by_target = {to.key: one for one, to in rows}
    documents = []
    for number, part in enumerate(act.collections.collections(act.entity, [{"Id": key} for key in by_target], by="Id"), 1):
        held = [_as_json(by_target[record["Id"]], record["Id"]) for record in part]
        key = f"{COLLECTION}{at:%Y-%m-%dT%H:%M:%S.%f}/{number}"
        documents.append(_fetched(route, key, f"{len(held)} rows", key, {"rows": held}, line_count=len(held)))
    if documents:
        route.engine.queue.store_fetched(run, _rules(f"{route.declared.kind}_collection"), documents, None)


def _as_json(one: FieldState, target: str) -> Record:
    wanted = one.wanted
    as_of = wanted.as_of.isoformat()
    return {"key": wanted.key, "hash": wanted.hash, "target": target, "fields": dict(wanted.fields), "as_of": as_of}


def _check_collections(route: SyncRoute, act: Collects, run: Run, tally: Tally) -> None:
    """Those of a run that died too: each takes its rows, and is ready with those that no other one writes."""
    waiting = [row for key, row in _documents(route, run, {State.PENDING_VALIDATION}).items() if key.startswith(COLLECTION)]
    results = []
    for row in waiting:
        rows = rows_of(row)
        taken = act.states.take(run, row.id, {one.key: one.hash for one in rows})
        kept = [held for held, one in zip(row.raw["rows"], rows, strict=True) if one.key in taken]
        outcome = State.READY if kept else State.PROCESSED
        results.append(Checked(row.id, outcome, canonical={"rows": kept}, line_count=len(kept)))
    tally.add_states(store_all_checked(route.engine.queue, run, waiting, results))


# -- after writing ------------------------------------------------------------------------------------------------------
def end_collection(
    route: SyncRoute,
    act: Collects,
    run: Run,
    collection: DocumentRow,
    write: Callable[[], Sequence[RowResult]],
    tally: Tally,
) -> int:
    """Write a collection, and keep what became of each row; returns how many were written.

    Errors: those of `write`. Where the request as a whole is refused, or so many rows all alike that it is not they who are at fault,
    that is one document on hold, and its rows are not tried again before they change.
    """
    rows = rows_of(collection)
    try:
        results = write()
        if len(rows) >= WAVE_FROM and all(isinstance(result.error, DocumentRejected) for result in results):
            raise DocumentRejected(
                f"All {len(rows)} rows were refused, the first: {results[0].error}", code=Reason.REFUSED_BY_SERVER
            )
    except DocumentRejected as refusal:
        code, words = refusal.code, str(refusal)
        failed = [RowOutcome(one.key, one.hash, "", words, code) for one in rows]
        act.states.ended(run, collection.id, failed, released=True)
        raise
    outcomes: list[RowOutcome] = []
    told: dict[str, Finding | None] = {}
    for one, result in zip(rows, results, strict=True):
        if (error := result.error) is None:
            outcomes.append(RowOutcome(one.key, one.hash, one.target))
            told[one.key] = None
        elif isinstance(error, DocumentRejected):
            words = f"{route.declared.description} {one.key}: {error}"
            outcomes.append(RowOutcome(one.key, one.hash, "", words, error.code))
            told[one.key] = Finding(error.code, words)
        else:  # nothing is wrong with it: the next run writes it
            outcomes.append(RowOutcome(one.key, one.hash))
            tally.add("rows_try_later")
            tally.problem(f"{route.declared.description} {one.key}: {error}")
    act.states.ended(run, collection.id, outcomes)
    _tell(route, run, told, tally)
    written = sum(finding is None for finding in told.values())
    tally.add("rows_written", written)
    return written


def _tell(route: SyncRoute, run: Run, findings: Mapping[str, Finding | None], tally: Tally) -> None:
    """Documents of rows: on hold with what is wrong with a row, done where nothing is any more."""
    if not findings or run.preview:
        return
    waiting = _documents(route, run, {State.ON_HOLD, State.PENDING_VALIDATION}, findings)
    wrong = {key: finding for key, finding in findings.items() if finding and reason_of((finding,))}
    to_enter = {key for key in {*wrong, *waiting} if key not in waiting or waiting[key].state is State.ON_HOLD}
    entered = [_entered(route, key, wrong.get(key)) for key in sorted(to_enter)]
    if entered:
        route.engine.queue.store_fetched(run, _rules(route.declared.kind), entered, None)
    pending = _documents(route, run, {State.PENDING_VALIDATION}, findings)
    held = [row for key, row in pending.items() if key in wrong]
    states = store_all_checked(route.engine.queue, run, held, [hold(row, (wrong[row.source_key],)) for row in held])
    tally.add("rows_on_hold", sum(states.values()))
    _finish(route, run, [row for key, row in pending.items() if key not in wrong], "written")


def _finish(route: SyncRoute, run: Run, rows: Iterable[DocumentRow], reason: str) -> None:
    done = list(rows)
    results = [Checked(row.id, State.PROCESSED, reason=reason) for row in done]
    store_all_checked(route.engine.queue, run, done, results)


def _entered(route: SyncRoute, key: str, finding: Finding | None) -> FetchedRecord:
    """A row as a document. Its hash is what is wrong with it: the same once more is no news."""
    told = "" if finding is None else f"{finding.code} {finding.message}"
    digest = hashlib.sha256(told.encode()).hexdigest()
    return _fetched(route, key, key, digest, {"row": key, "finding": told}, partner_code=key)


def _fetched(route: SyncRoute, key: str, number: str, digest: str, raw: Record, **known: Any) -> FetchedRecord:
    values = {"partner_code": "", "line_count": 0, "amount": None, "currency": "", **known}
    header = RecordHeader(
        key=key,
        stamp=digest[:64],
        business_number=number,
        date=route.engine.today(),
        content_hash=digest,
        cancelled=False,
        correlation_reference="",
        **values,
    )
    return FetchedRecord(header, raw, ours=False)


def _rules(kind: str) -> FetchRules:
    return FetchRules("", dt.date.min, "again", kind=kind)


def _documents(route: SyncRoute, run: Run, states: Collection[State], keys: Iterable[str] = ()) -> Mapping[str, DocumentRow]:
    """By source key. keys: of these only, all where none is named."""
    rows = route.engine.queue.documents(route.name, run.flow, states, source_keys=tuple(keys), due_only=False)
    return {row.source_key: row for row in rows}


def _failed(one: FieldState, finding: Finding) -> RowOutcome:
    return RowOutcome(one.wanted.key, one.wanted.hash, "", finding.message, finding.code)
