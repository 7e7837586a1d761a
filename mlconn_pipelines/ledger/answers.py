"""Documents of our own that answer others: a group's 997 or 999, an interchange's TA1, an invoice's 824. Nobody answers them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, summary_of
from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.flows.ports.entries import Answer, ReceivedGroup, Run
from mlconn_pipelines.ledger import arrivals, json_values
from mlconn_pipelines.ledger.claims import act_again
from mlconn_pipelines.ledger.fetch_batch import CLEARED
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ledger.tables import claim, document, interchange
from mlconn_pipelines.reasons import Reason

_READY = [(Event.FETCHED, ""), (Event.CHECKED, "")]


def answer_group(arriving: arrivals.Arrivals, group: ReceivedGroup, first: str, repeated: bool, conflicting: bool) -> bool:
    """Queue our 997, 999 or TA1 of a received group; true when something will go out.

    first: id of the group's first document. repeated: every set of it came before, so the stored 997 goes out once more.
    conflicting: a set reuses a control number; whether the group is accepted is then a person's word too.
    """
    tx, run = arriving.tx, arriving.run
    known = arriving.known.get(group.group_key)
    values = _values(group.answer_set, group.group_key, to_json(group.answer), group.partner, first)
    values["raw"] = dict(group.envelope)
    if known is None or (known["preview"] and not run.preview):
        if known is None:
            arriving.enter(_READY, values)
        else:
            arrivals.take_over(tx, run, known, _READY, values)
            arriving.known[group.group_key] = {**known, "preview": run.preview, "state": State.READY}
        return True
    arriving.write()  # from here on the tables are asked, which must know everything
    if repeated:
        return _again(tx, run, known, first)
    if conflicting:
        words = "its group reuses a control number; approve this answer with the document it is about, or dismiss both"
        key = f"{group.group_key}#{values['content_hash'][:12]}"
        if key not in arrivals.newest_by_key(tx, run.integration, run.flow, [key]):
            values |= {
                "source_key": key,
                "reason": words,
                "reason_code": Reason.CONTROL_NUMBER_REUSED,
                "held_by": "receipt",
            }
            arrivals.enter(tx, run, [(Event.FETCHED, ""), (Event.REFUSED, words)], values)
    return False


def answer_refusal(tx: sa.Connection, run: Run, refusal: ReceivedGroup) -> bool:
    """Queue our TA1 to an interchange of which nothing was taken in; false where that was done before."""
    if refusal.group_key in arrivals.newest_by_key(tx, run.integration, run.flow, [refusal.group_key]):
        return False
    values = _values(refusal.answer_set, refusal.group_key, to_json(refusal.answer), refusal.partner, "")
    arrivals.enter(tx, run, _READY, values | {"raw": dict(refusal.envelope)})
    return True


def answer_documents(tx: sa.Connection, run: Run, wanted: Sequence[tuple[Row, Answer]]) -> None:
    """Queue our answers to received documents, whose rows are locked: two runs that check the same one answer it once."""
    arriving = arrivals.Arrivals(tx, run)
    arriving.expect([answer.source_key for _, answer in wanted], len(wanted))
    for answered, answer in wanted:
        known = arriving.known.get(answer.source_key)
        values = _values(answer.set_id, answer.source_key, to_json(answer.canonical), answered["partner"], answered["id"])
        if known is None:
            arriving.enter(_READY, values)
        elif known["preview"] and not run.preview:
            arrivals.take_over(tx, run, known, _READY, values)
    arriving.write()


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


def _again(tx: sa.Connection, run: Run, known: Row, first: str) -> bool:
    """The stored answer once more: a document of its own with a claim that holds the bytes already. One waiting is enough.

    One that may have arrived is sent again itself: a partner who repeats a group has not had its answer.
    """
    if known["state"] == State.OUTCOME_UNKNOWN:
        act_again(tx, run, known["id"], "the partner sent the same group again")
        return True
    if known["state"] not in DELIVERED:
        return False  # it has not gone out yet and will, or a person holds it
    waiting = sa.select(document.c.id).where(
        document.c.integration == run.integration,
        document.c.flow == run.flow,
        document.c.source_key.startswith(f"{known['source_key']}#again", autoescape=True),
    )
    earlier = tx.execute(waiting.add_columns(document.c.state)).all()
    if any(row.state not in DELIVERED for row in earlier):
        return False
    last = (
        sa.select(claim, interchange.c.envelope, interchange.c.content, interchange.c.sha256)
        .join(interchange, interchange.c.id == claim.c.interchange_id)
        .where(claim.c.document_id == known["id"], claim.c.state == "done")
        .order_by(claim.c.id.desc())
        .limit(1)
    )
    stored = tx.execute(last).mappings().one_or_none()
    if stored is None:
        return False
    whole = tx.execute(sa.select(document.c.canonical, document.c.raw).where(document.c.id == known["id"])).one()
    count = len(earlier) + 1
    values = _values(known["set_id"], f"{known['source_key']}#again{count}", whole.canonical, known["partner"], first)
    values |= {"raw": whole.raw, "links": {"again": known["id"]}}
    name = arrivals.enter(tx, run, _READY, values)
    _copy_claim(tx, run, name, stored, count)
    return True


def _copy_claim(tx: sa.Connection, run: Run, name: str, stored: Row, count: int) -> None:
    """The same bytes and numbers under a name of their own; owned by nobody, so that the next run acts on it."""
    path = PurePosixPath(stored["file_name"])
    file_name = f"{path.stem}_again{count}{path.suffix}"
    bytes_again = sa.insert(interchange).values(
        integration=run.integration,
        direction="outbound",
        envelope=stored["envelope"],
        file_name=file_name,
        place=stored["destination"],
        content=stored["content"],
        sha256=stored["sha256"],
        run_id=run.run_id,
    )
    held = {
        name: stored[name] for name in ("target", "entity", "destination", "interchange_number", "group_number", "set_number")
    }
    tx.execute(
        sa.insert(claim).values(
            document_id=name,
            state="claimed",
            correlation_reference=f"{run.integration}:{stored['entity']}:{name}",
            interchange_id=tx.execute(bytes_again.returning(interchange.c.id)).scalar_one(),
            file_name=file_name,
            run_id=run.run_id,
            **held,
        )
    )
