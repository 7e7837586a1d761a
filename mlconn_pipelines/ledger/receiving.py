"""The groups of received files as documents, with our answers. Duplicates and reused control numbers are decided here."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.ports.entries import ReceivedGroup, ReceivedSet
from mlconn_pipelines.ledger.fetch_batch import CLEARED
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.responses import answer_group
from mlconn_pipelines.ledger.rows import json_of_findings
from mlconn_pipelines.reasons import Reason

_Events = list[tuple[Event, str]]


def store_group(arriving: Arrivals, group: ReceivedGroup, send_from: dt.date, counts: Counter[str]) -> None:
    before = Counter(counts)
    again_after = dt.timedelta(days=group.reuse_after_days)
    ids = [_store_set(arriving, one, send_from, counts, again_after) for one in group.sets]
    if group.answer is not None:
        conflicting = counts["conflicts"] > before["conflicts"]
        repeated = counts["duplicates"] - before["duplicates"] == len(group.sets) > 0
        first = ids[0] if ids else ""
        counts["answers"] += answer_group(arriving, group, first, repeated, conflicting, again_after)


def conflict_key(one: ReceivedSet) -> str:
    """Another document under the same control number hangs on no other's original: its bytes are part of its key."""
    return f"{one.source_key}#{one.content_hash[:12]}"


def _store_set(
    arriving: Arrivals, one: ReceivedSet, send_from: dt.date, counts: Counter[str], again_after: dt.timedelta
) -> str:
    """again_after: how old the last use of a control number is that says nothing of a new one: partners begin anew some day."""
    run, known = arriving.run, arriving.known
    older = known.get(one.source_key)
    if older is not None and older["preview"] and not run.preview:
        return arriving.take_over(older, _first_events(one, send_from, counts), _values(one))
    is_other = older is not None and older["content_hash"] != one.content_hash and conflict_key(one) not in known
    if is_other and arriving.is_long_ago(one.source_key, again_after):
        return arriving.enter(_first_events(one, send_from, counts), _values(one) | {"source_key": conflict_key(one)})
    if older is not None and is_other:
        counts["conflicts"] += 1
        words = (
            f"control number used before, with other content ({older['id']}); ask {one.partner or 'the partner'} which is meant, "
            "then approve or reprocess this, or dismiss it"
        )
        values = _values(one) | {"source_key": conflict_key(one), "held_by": "receipt"}
        values |= {"reason": words, "reason_code": Reason.CONTROL_NUMBER_REUSED}
        return arriving.enter([(Event.FETCHED, ""), (Event.REFUSED, words)], values)
    if older is not None:
        same = older if older["content_hash"] == one.content_hash else known[conflict_key(one)]
        counts["duplicates"] += 1
        words = f"the same bytes as {same['id']}"
        values = _values(one) | {"source_key": same["source_key"], "is_current": False, "responds_to": ""}
        values |= {"revision": arriving.last_revision(same) + 1, "links": {"duplicate_of": same["id"]}, "reason": words}
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
