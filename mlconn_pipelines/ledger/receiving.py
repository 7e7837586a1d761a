"""A received file into the ledger: interchanges, documents and our answers in one transaction. Duplicates are decided here."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.ports.entries import (
    FileRow,
    ReceiveCounts,
    ReceivedFile,
    ReceivedGroup,
    ReceivedInterchange,
    ReceivedSet,
    Run,
)
from mlconn_pipelines.ledger import arrivals, files, files_aside
from mlconn_pipelines.ledger.answers import answer_group
from mlconn_pipelines.ledger.fetch_batch import CLEARED
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.rows import json_of_findings
from mlconn_pipelines.ledger.tables import interchange
from mlconn_pipelines.reasons import Reason

_Events = list[tuple[Event, str]]


def store_received(
    engine: sa.Engine,
    run: Run,
    file: FileRow,
    content: bytes,
    interchanges: Sequence[ReceivedInterchange],
    send_from: dt.date,
) -> ReceiveCounts:
    """See flows/ports/ledger.py. A file that another run stored meanwhile counts nothing."""
    return store_files(engine, run, [ReceivedFile(file, content, interchanges)], send_from)


def store_files(engine: sa.Engine, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
    """See flows/ports/ledger.py."""
    with engine.begin() as tx:
        return _store(tx, run, received, send_from)


def _store(tx: sa.Connection, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
    one_at_a_time(tx, "receive", run.integration, run.flow)
    waiting = files.waiting(tx, [one.file for one in received])
    received = [one for one in received if one.file.row_id in waiting]
    groups = [group for one in received for held in one.interchanges for group in held.groups]
    sets = [one for group in groups for one in group.sets]
    keys = [key for one in sets for key in (one.source_key, _conflict_key(one))]
    arriving = arrivals.Arrivals(tx, run)
    if groups:
        arriving.expect([*keys, *(group.group_key for group in groups)], len(sets) + len(groups))
    counts: Counter[str] = Counter()
    for group in groups:
        _store_group(arriving, group, send_from, counts)
    arriving.write()
    kept = iter(_store_interchanges(tx, run, received))
    taken = [(one.file, one.content, [next(kept) for _ in one.interchanges]) for one in received]
    # A preview leaves the files to the live run, and only remembers that it has looked.
    for one in received:
        files_aside.taken_up(tx, one.file)
    files.mark_stored(tx, taken, "previewed" if run.preview else "stored", run.run_id)
    return ReceiveCounts(**counts)


def _store_interchanges(tx: sa.Connection, run: Run, received: Sequence[ReceivedFile]) -> Sequence[int]:
    rows: list[dict[str, Any]] = [
        {
            "integration": run.integration,
            "direction": "inbound",
            "key": held.key,
            "envelope": dict(held.envelope) | {"findings": json_of_findings(held.findings)},
            "file_name": one.file.file.name,
            "place": one.file.file.folder,
            "content": held.content,
            "sha256": held.sha256,
            "run_id": run.run_id,
        }
        for one in received
        for held in one.interchanges
    ]
    return tx.execute(_INSERT, rows).scalars().all() if rows else []


_INSERT = sa.insert(interchange).returning(interchange.c.id, sort_by_parameter_order=True)


def _store_group(arriving: arrivals.Arrivals, group: ReceivedGroup, send_from: dt.date, counts: Counter[str]) -> None:
    before = Counter(counts)
    ids = [_store_set(arriving, one, send_from, counts) for one in group.sets]
    if group.answer is not None:
        conflicting = counts["conflicts"] > before["conflicts"]
        repeated = counts["duplicates"] - before["duplicates"] == len(group.sets) > 0
        counts["answers"] += answer_group(arriving, group, ids[0] if ids else "", repeated, conflicting)


def _conflict_key(one: ReceivedSet) -> str:
    """Another document under the same control number hangs on no other's original: its bytes are part of its key."""
    return f"{one.source_key}#{one.content_hash[:12]}"


def _store_set(arriving: arrivals.Arrivals, one: ReceivedSet, send_from: dt.date, counts: Counter[str]) -> str:
    tx, run, known = arriving.tx, arriving.run, arriving.known
    older = known.get(one.source_key)
    if older is not None and older["preview"] and not run.preview:
        known[one.source_key] = {**older, "preview": False}
        return arrivals.take_over(tx, run, older, _first_events(one, send_from, counts), _values(one))
    if older is not None and older["content_hash"] != one.content_hash and _conflict_key(one) not in known:
        counts["conflicts"] += 1
        words = (
            f"control number used before, with other content ({older['id']}); ask {one.partner or 'the partner'} which is meant, "
            "then approve or reprocess this, or dismiss it"
        )
        values = _values(one) | {"source_key": _conflict_key(one), "held_by": "receipt"}
        values |= {"reason": words, "reason_code": Reason.CONTROL_NUMBER_REUSED}
        return arriving.enter([(Event.FETCHED, ""), (Event.REFUSED, words)], values)
    if older is not None:
        same = older if older["content_hash"] == one.content_hash else known[_conflict_key(one)]
        counts["duplicates"] += 1
        words = f"the same bytes as {same['id']}"
        arriving.write()  # the last revision may be one of those just gathered
        values = _values(one) | {"source_key": same["source_key"], "is_current": False, "responds_to": ""}
        values |= {"revision": arrivals.last_revision(tx, same) + 1, "links": {"duplicate_of": same["id"]}, "reason": words}
        return arriving.enter([(Event.FETCHED, ""), (Event.DUPLICATE_RECEIVED, words)], values, older=same)
    return arriving.enter(_first_events(one, send_from, counts), _values(one))


def _first_events(one: ReceivedSet, send_from: dt.date, counts: Counter[str]) -> _Events:
    counts["documents"] += 1
    if one.document_date is not None and one.document_date < send_from:
        return [(Event.DATED_BEFORE_START, "")]
    if not one.refused:
        return [(Event.FETCHED, "")]
    counts["refused"] += 1
    return [(Event.FETCHED, ""), (Event.SYNTAX_REFUSED, _refusal(one))]


def _refusal(one: ReceivedSet) -> str:
    first = next((finding.message for finding in one.findings if finding.severity == "reject"), "")
    return f"our 997 refuses it: {first}" if first else "our 997 refuses it"


def _values(one: ReceivedSet) -> dict[str, Any]:
    return {
        **CLEARED,
        "direction": "inbound",
        "set_id": one.set_id,
        "source_key": one.source_key,
        "content_hash": one.content_hash,
        "latest_hash": one.content_hash,
        "raw": one.raw,
        "canonical": None if one.canonical is None else to_json(one.canonical),
        "findings": json_of_findings(one.findings),
        "receipt_findings": json_of_findings(one.findings),
        "reason": _refusal(one) if one.refused else "",
        "reason_code": Reason.SYNTAX_REFUSED if one.refused else "",
        "partner": one.partner,
        "business_number": one.business_number,
        "document_date": one.document_date,
        "line_count": one.line_count,
        "amount": one.amount,
        "currency": one.currency,
    }
