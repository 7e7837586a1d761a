"""Documents of our own that answer others: a group's 997 or 999, an interchange's TA1, an invoice's 824. Nobody answers them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, summary_of
from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.flows.ports.entries import Answer, ReceivedGroup
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ledger.fetch_batch import CLEARED
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.reasons import Reason

_READY = [(Event.FETCHED, ""), (Event.CHECKED, "")]


def answer_group(
    arriving: Arrivals, group: ReceivedGroup, first: str, repeated: bool, conflicting: bool, again_after: dt.timedelta
) -> bool:
    """Queue our 997, 999 or TA1 of a received group; true when something will go out.

    first: id of the group's first document. repeated: every set of it came before, so the stored 997 goes out once more.
    conflicting: a set reuses a control number; whether the group is accepted is then a person's word too. again_after: as old as this,
    the group's control number was another group's, and this one gets an answer of its own.
    """
    known = arriving.known.get(group.group_key)
    values = _values(group.answer_set, group.group_key, to_json(group.answer), group.partner, first)
    values["raw"] = dict(group.envelope)
    if known is None or (known["preview"] and not arriving.run.preview):
        _queue(arriving, known, values)
        return True
    if repeated:
        return _again(arriving, known, first)
    if conflicting:
        words = "its group reuses a control number; approve this answer with the document it is about, or dismiss both"
        key = f"{group.group_key}#{values['content_hash'][:12]}"
        if key not in arriving.newest([key]):
            values |= {
                "source_key": key,
                "reason": words,
                "reason_code": Reason.CONTROL_NUMBER_REUSED,
                "held_by": "receipt",
            }
            arriving.enter_now([(Event.FETCHED, ""), (Event.REFUSED, words)], values)
    elif arriving.is_long_ago(group.group_key, again_after):
        key = f"{group.group_key}#{first or arriving.run.partition.isoformat()}"
        if key not in arriving.newest([key]):
            arriving.enter_now(_READY, values | {"source_key": key})
            return True
    return False


def answer_refusal(arriving: Arrivals, refusal: ReceivedGroup) -> bool:
    """Queue our TA1 to an interchange of which nothing was taken in; false where that was done before."""
    if refusal.group_key in arriving.newest([refusal.group_key]):
        return False
    values = _values(refusal.answer_set, refusal.group_key, to_json(refusal.answer), refusal.partner, "")
    arriving.enter_now(_READY, values | {"raw": dict(refusal.envelope)})
    return True


def answer_documents(arriving: Arrivals, wanted: Sequence[tuple[Row, Answer]]) -> None:
    """Queue our answers to received documents, whose rows are locked: two runs that check the same one answer it once."""
    arriving.expect([answer.source_key for _, answer in wanted], len(wanted))
    for answered, answer in wanted:
        known = arriving.known.get(answer.source_key)
        values = _values(answer.set_id, answer.source_key, to_json(answer.canonical), answered["partner"], answered["id"])
        if known is None or (known["preview"] and not arriving.run.preview):
            _queue(arriving, known, values)
    arriving.write()


def _queue(arriving: Arrivals, known: Row | None, values: dict[str, Any]) -> None:
    if known is None:
        arriving.enter(_READY, values)
    else:
        arriving.take_over(known, _READY, values)


def _values(set_id: str, source_key: str, canonical: Any, partner: str, answers: str) -> dict[str, Any]:
    facts = summary_of(from_json(DOCUMENT_OF_SET[set_id], canonical))
    content_hash = sha256(json_values.dumps(canonical).encode()).hexdigest()
    return {
        **CLEARED,
        "direction": "outbound",
        "set_id": set_id,
        "source_key": source_key,
        "canonical": canonical,
        "partner": partner,
        "responds_to": answers,
        "business_number": facts.business_number,
        "line_count": facts.line_count,
        "amount": facts.amount,
        "currency": facts.currency,
        "content_hash": content_hash,
        "latest_hash": content_hash,
    }


def _again(arriving: Arrivals, known: Row, first: str) -> bool:
    """The stored answer once more: a document of its own with a claim that holds the bytes already. One waiting is enough.

    One that may have arrived is sent again itself: a partner who repeats a group has not had its answer.
    """
    if known["state"] == State.OUTCOME_UNKNOWN:
        arriving.act_again(known["id"], "the partner sent the same group again")
        return True
    if known["state"] not in DELIVERED:
        return False  # it has not gone out yet and will, or a person holds it
    earlier = arriving.states_under(f"{known['source_key']}#again")
    if any(state not in DELIVERED for state in earlier):
        return False
    sent = arriving.last_sent(known["id"])
    if sent is None:
        return False
    count = len(earlier) + 1
    values = _values(known["set_id"], f"{known['source_key']}#again{count}", sent["canonical"], known["partner"], first)
    path = PurePosixPath(sent["file_name"])
    name = arriving.enter_now(_READY, values | {"raw": sent["raw"], "links": {"again": known["id"]}})
    arriving.copy_claim(name, sent, f"{path.stem}_again{count}{path.suffix}")
    return True
