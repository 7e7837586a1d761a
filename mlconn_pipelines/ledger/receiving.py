"""A received file into the ledger: interchanges, documents and our answers in one transaction. Duplicates are decided here."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.ports.entries import FileRow, ReceiveCounts, ReceivedGroup, ReceivedInterchange, ReceivedSet, Run
from mlconn_pipelines.ledger import arrivals, files
from mlconn_pipelines.ledger.answers import answer_group
from mlconn_pipelines.ledger.fetch_batch import CLEARED
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.rows import Row, json_of_findings
from mlconn_pipelines.ledger.tables import interchange

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
    with engine.begin() as tx:
        one_at_a_time(tx, "receive", run.integration, run.flow)
        if files.taken(tx, file):
            return ReceiveCounts()
        counts: Counter[str] = Counter()
        kept = []
        for received in interchanges:
            kept.append(_store_interchange(tx, run, file, received))
            for group in received.groups:
                _store_group(tx, run, group, send_from, counts)
        # A preview leaves the file to the live run, and only remembers that it has looked.
        files.mark(tx, file, "previewed" if run.preview else "stored", run.run_id, content, interchange_ids=kept)
    return ReceiveCounts(**counts)


def _store_interchange(tx: sa.Connection, run: Run, file: FileRow, received: ReceivedInterchange) -> int:
    insert = sa.insert(interchange).values(
        integration=run.integration,
        direction="inbound",
        key=received.key,
        envelope={**received.envelope, "findings": json_of_findings(received.findings)},
        file_name=file.file.name,
        place=file.file.folder,
        content=received.content,
        sha256=received.sha256,
        run_id=run.run_id,
    )
    return int(tx.execute(insert.returning(interchange.c.id)).scalar_one())


def _store_group(tx: sa.Connection, run: Run, group: ReceivedGroup, send_from: dt.date, counts: Counter[str]) -> None:
    keys = [key for one in group.sets for key in (one.source_key, _conflict_key(one))]
    known = arrivals.newest_by_key(tx, run.integration, run.flow, keys)
    before = Counter(counts)
    ids = [_store_set(tx, run, one, send_from, known, counts) for one in group.sets]
    if group.answer is not None:
        conflicting = counts["conflicts"] > before["conflicts"]
        repeated = counts["duplicates"] - before["duplicates"] == len(group.sets) > 0
        counts["answers"] += answer_group(tx, run, group, ids[0] if ids else "", repeated, conflicting)


def _conflict_key(one: ReceivedSet) -> str:
    """Another document under the same control number hangs on no other's original: its bytes are part of its key."""
    return f"{one.source_key}#{one.content_hash[:12]}"


def _store_set(
    tx: sa.Connection, run: Run, one: ReceivedSet, send_from: dt.date, known: dict[str, Row], counts: Counter[str]
) -> str:
    older = known.get(one.source_key)
    if older is not None and older["preview"] and not run.preview:
        known[one.source_key] = {**older, "preview": False}
        return arrivals.take_over(tx, run, older, _first_events(one, send_from, counts), _values(one))
    if older is not None and older["content_hash"] != one.content_hash and _conflict_key(one) not in known:
        counts["conflicts"] += 1
        words = (
            f"control number used before, with other content ({older['id']}); ask {one.partner or 'the partner'} which is meant, "
            "then approve or replay this, or dismiss it"
        )
        values = _values(one) | {"source_key": _conflict_key(one), "set_aside_by": "receipt"}
        values |= {"reason": words, "reason_code": "control_number_reused"}
        name = arrivals.enter(tx, run, [(Event.FETCHED, ""), (Event.REFUSED, words)], values)
        known[_conflict_key(one)] = {**_head(one, run), "id": name, "original": name, "source_key": _conflict_key(one)}
        return name
    if older is not None:
        same = older if older["content_hash"] == one.content_hash else known[_conflict_key(one)]
        counts["duplicates"] += 1
        words = f"the same bytes as {same['id']}"
        values = _values(one) | {"source_key": same["source_key"], "newest": False, "answers": ""}
        values |= {"revision": arrivals.last_revision(tx, same) + 1, "links": {"duplicate_of": same["id"]}, "reason": words}
        return arrivals.enter(tx, run, [(Event.FETCHED, ""), (Event.SAME_BYTES_AGAIN, words)], values, older=same)
    name = arrivals.enter(tx, run, _first_events(one, send_from, counts), _values(one))
    known[one.source_key] = {**_head(one, run), "id": name, "original": name}
    return name


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


def _head(one: ReceivedSet, run: Run) -> dict[str, Any]:
    return {
        "integration": run.integration,
        "flow": run.flow,
        "source_key": one.source_key,
        "content_hash": one.content_hash,
        "revision": 1,
        "partition": run.partition,
        "preview": run.preview,
    }


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
        "reason_code": "syntax_refused" if one.refused else "",
        "partner": one.partner,
        "business_number": one.business_number,
        "document_date": one.document_date,
        "line_count": one.line_count,
        "amount": one.amount,
        "currency": one.currency,
    }
