"""Incoming TA1s: matched on swapped interchange ids, usage and ISA13, and what they do to the documents of that interchange."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import Event, State, after
from mlconn_pipelines.flows.ports.entries import AcknowledgmentOutcome, Run
from mlconn_pipelines.ledger import trail
from mlconn_pipelines.ledger.acknowledgments import Verdict, add_findings, decide
from mlconn_pipelines.ledger.rows import Row, locked
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, acknowledgment, claim
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason

_ARRIVED = {"reason": "", "reason_code": "", "next_attempt_at": None}


def acknowledge_interchange(
    engine: sa.Engine,
    run: Run,
    received: InterchangeAcknowledgment,
    words: str,
    envelope: Mapping[str, str],
    document_id: str,
) -> AcknowledgmentOutcome:
    """See flows/ports/ledger.py. Accepted says only that the envelope arrived whole: the 997 is awaited all the same."""
    counts = {"matched": 0, "repeated": 0, "contrary": 0}
    said = f"TA1 {document_id}"
    with engine.begin() as tx:
        waiting = _sets_of_interchange(tx, run.integration, received.control_number, envelope)
        for row in waiting:
            if received.status == "R":
                finding = Finding(Reason.INTERCHANGE_REFUSED, f"{said}: {row['receiver']} {words}", "reject")
                counts[decide(tx, run, row, Verdict("R", said, document_id, (finding,)))] += 1
            else:
                counts[_arrived(tx, run, row, received, words, said)] += 1
    unmatched = () if waiting else (f"interchange {received.control_number}",)
    return AcknowledgmentOutcome(unmatched=unmatched, **counts)


def _sets_of_interchange(tx: sa.Connection, integration: str, number: str, envelope: Mapping[str, str]) -> list[Row]:
    """What we sent in that interchange: one document. After a wrap of the control numbers the newest is meant."""
    query = (
        sa.select(acknowledgment)
        .join(claim, claim.c.id == acknowledgment.c.claim_id)
        .where(
            acknowledgment.c.integration == integration,
            claim.c.interchange_number == int(number),
            acknowledgment.c.sender == envelope.get("receiver", ""),
            acknowledgment.c.receiver == envelope.get("sender", ""),
            acknowledgment.c.usage == envelope.get("usage", ""),
        )
        .order_by(acknowledgment.c.id.desc())
        .limit(1)
    )
    return [dict(row) for row in tx.execute(query).mappings()]


def _arrived(tx: sa.Connection, run: Run, awaited: Row, received: InterchangeAcknowledgment, words: str, said: str) -> str:
    """The interchange is with the partner: an open claim is done, and a document without an answer was sent."""
    row = locked(tx, awaited["document_id"])
    if received.status == "E":
        add_findings(
            tx, row, [Finding(Reason.INTERCHANGE_WITH_ERRORS, f"{said}: {awaited['receiver']} {words}", "accept_with_error")]
        )
    this = sa.update(claim).where(claim.c.id == awaited["claim_id"], sa.text(OPEN_CLAIM), claim.c.state != "claimed")
    ended = tx.execute(this.values(state="done", settled_at=sa.func.clock_timestamp(), evidence=said)).rowcount
    if ended and after(State(row["state"]), Event.SENT) is not None:
        trail.move(tx, row, Event.SENT, run.run_id, said, _ARRIVED)
        return "matched"
    trail.note(tx, row, "interchange_arrived", run.run_id, f"{said}: {words}")
    return "repeated"
