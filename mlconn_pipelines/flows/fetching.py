"""From the ERP into the ledger: what changed, what a day holds, or named records again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.errors import NotStorable
from mlconn_pipelines.flows.ahead import keep_in_mind, not_read_under, reached
from mlconn_pipelines.flows.horizon import horizon
from mlconn_pipelines.flows.missing import MissingRecords, due, worth_reading
from mlconn_pipelines.flows.notifications import mark_consumed, note_found
from mlconn_pipelines.flows.ports.entries import DocumentRow, FetchCounts, FetchedRecord, FetchRules, Run
from mlconn_pipelines.flows.reading_records import RECORDS_AT_ONCE, Listed, held_record, read_records
from mlconn_pipelines.flows.route import IdleWindow, RecordRoute
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import RecordHeader

DELETED = "deleted for good"
"""In the place of a stamp and of a hash: there is no record any more that could have one."""

QUIET_MAX_S = 86_400.0
"""A source that was quiet for longer is read from a day, less the overlap, after its last change: there is nothing to gain any more."""


def look_for_changes(route: RecordRoute) -> int:
    """How many records the ERP has changed that the ledger does not know, or as many as one page has; keys and stamps only.

    For sensors. Whatever was committed before the last look that found nothing, that look has seen; what came since carries a
    stamp of since then, less the overlap. So the longer nothing happens, the less is read again.
    """
    declared, settings = route.declared, route.settings
    look = horizon(route.engine, route.source, route.flow)
    if look.lies_ahead and not route.engine.preview:
        return 1  # a run puts the watermark back to the clock
    since = look.start
    at, before = route.engine.clock(), route.quiet.get(route.flow)
    if before is None or before.watermark != since:
        before = None
    quiet_s = before.last_at - before.first_at if before else 0.0
    kept = route.engine.queue.remembered_keys(route.name, route.flow, "missing")
    if to_ask := due(kept):
        return len(to_ask)
    for page in route.source.changed(declared.entity, since, settings.send_from, min(quiet_s, QUIET_MAX_S)):
        unseen = route.engine.queue.unseen(route.name, route.flow, page, route.engine.preview)
        if found := len(worth_reading(kept, page, unseen)):
            return found
    route.quiet[route.flow] = IdleWindow(since, before.first_at if before else at, at)
    return 0


def fetch_changes(route: RecordRoute, run: Run, listed: Listed | None = None) -> Tally:
    """Store every record that changed since the watermark, then the watermark, the last two in one transaction.

    A record can be saved once more under the stamp that it was listed with, as long as the system's clock shows that stamp.
    So what carries the newest stamp is read last, and not before the clock has gone on; and each record is remembered by the
    stamp that it was listed with, lest a save between listing and reading hides the next one.
    No stamp moves the watermark beyond the clock. What lies ahead of it is read like the rest, and kept in mind by its key.
    Nor does the watermark pass a record that was listed and did not come; not for a day, see missing.py.
    listed: takes what the system listed, for a caller who wants to know.
    """
    declared, settings = route.declared, route.settings
    hints = mark_consumed(route.engine, run)
    look = horizon(route.engine, route.source, route.flow)
    tally = Tally()
    listed = Listed() if listed is None else listed
    numbers: dict[str, str] = {}

    def unseen_keys() -> Iterator[str]:
        young: list[str] = []
        for page in route.source.changed(declared.entity, look.start, settings.send_from):
            listed_at = route.engine.clock()
            look.note([stamp for stamp in page if not stamp.unusable])
            tally.add("looked_at", len(page))
            listed.note(page)
            unseen = [*young, *route.engine.queue.unseen(route.name, run.flow, page, run.preview)]
            young = [key for key in unseen if look.may_be_saved_again(key, listed.stamps[key])]
            yield from (key for key in unseen if not look.may_be_saved_again(key, listed.stamps[key]))
        yield from not_read_under(route, run, reached(route, look))
        if young:
            route.engine.pause(max(0.0, listed_at + route.source.stamp_resolution_s - route.engine.clock()))
            yield from young

    last: Sequence[FetchedRecord] = []
    records = _records(route, run, listed, tally)
    for batch in records.batches(unseen_keys(), RECORDS_AT_ONCE):
        if last:
            _store(route, run, last, None, tally)
        last = batch
        numbers.update((record.facts.key, record.facts.business_number) for record in batch if record.facts.key in look.ahead)
    look.held = records.held
    watermark = look.watermark if look.has_moved and not run.preview else None
    if last or watermark is not None:
        _store(route, run, last, None if watermark is None else (run.flow, watermark), tally)
    keep_in_mind(route, run, look, numbers)
    note_found(route.engine, run, hints, tally["new"] + tally["revised"] + tally["changed_after_sending"], declared.entity)
    return tally


def fetch_days(route: RecordRoute, run: Run, first: dt.date, last: dt.date) -> Tally:
    """Store records dated in [first, last] that were never seen; neither reads nor moves the watermark."""
    declared = route.declared
    tally = Tally()
    listed = Listed()

    def unseen_keys() -> Iterator[str]:
        for page in route.source.dated(declared.entity, first, last):
            listed.note([stamp for stamp in page if stamp.unusable])
            yield from route.engine.queue.unseen(route.name, run.flow, page, run.preview)

    for batch in _records(route, run, listed, tally).batches(unseen_keys(), RECORDS_AT_ONCE):
        _store(route, run, batch, None, tally)
    return tally


def fetch_again(route: RecordRoute, run: Run, documents: Sequence[DocumentRow]) -> Tally:
    """Read the records of these outbound documents once more; a change since is a revision like any other."""
    tally = Tally()
    for batch in read_records(route, (document.source_key for document in documents)):
        _store(route, run, batch, None, tally)
    return tally


def fetch_keys(route: RecordRoute, run: Run, stamps: Mapping[str, str], note: str) -> Tally:
    """Read these records, whatever the watermark says. stamps: by key, as listed; empty where it was not. note: for the trail."""
    tally = Tally()
    listed = Listed({key: stamp for key, stamp in stamps.items() if stamp})
    for batch in _records(route, run, listed, tally).batches(stamps, RECORDS_AT_ONCE):
        _store(route, run, batch, None, tally, note)
    return tally


def note_deleted(route: RecordRoute, run: Run, documents: Sequence[DocumentRow]) -> Tally:
    """The source has the records of these documents no more. What nothing was made of yet is skipped; of the rest a person is told."""
    tally = Tally()
    records = [
        FetchedRecord(
            RecordHeader(
                key=row.source_key,
                stamp=DELETED,
                business_number=row.business_number,
                date=row.document_date,
                partner_code=row.partner_code,
                content_hash=DELETED,
                cancelled=True,
                correlation_reference="",
                line_count=row.line_count,
                amount=row.amount,
                currency=row.currency,
            ),
            None,
            ours=False,
        )
        for row in documents
    ]
    if records:
        _store(route, run, records, None, tally, "it is not in its system any more")
    return tally


def _records(route: RecordRoute, run: Run, listed: Listed, tally: Tally) -> MissingRecords:
    def read(keys: Sequence[str]) -> Iterator[Sequence[FetchedRecord]]:
        return read_records(route, keys, listed)

    return MissingRecords(route, run, listed.stamps, read, tally)


def _store(
    route: RecordRoute,
    run: Run,
    records: Sequence[FetchedRecord],
    watermark: tuple[str, str] | None,
    tally: Tally,
    note: str = "",
) -> None:
    declared, settings = route.declared, route.settings
    change_set = TRANSACTION_SETS[declared.set_id].changed_by if settings.after_sending == "change_set" else ""
    hashing = route.outbound.hashing(declared.entity)
    rules = FetchRules(
        declared.set_id,
        settings.send_from,
        settings.after_sending,
        change_set,
        note,
        hashing,
        declared.kind,
        declared.leaves_cancelled,
    )

    def store(batch: Sequence[FetchedRecord], watermark: tuple[str, str] | None) -> None:
        counts: FetchCounts = route.engine.queue.store_fetched(run, rules, batch, watermark)
        for what, count in asdict(counts).items():
            tally.add(what, count)

    try:
        store(records, watermark)
        return
    except NotStorable:
        pass
    for record in records:  # each by itself, and the watermark after them
        try:
            store([record], None)
        except NotStorable as trouble:
            store([held_record(declared, record, trouble)], None)
    store([], watermark)
