"""Whose fault an error answer was: a document's, which counts towards its limit, or the connection's, which never does."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.alerts import raise_alert, repeated_failure
from mlconn_pipelines.ledger.rows import Row, called, json_of_findings
from mlconn_pipelines.ledger.tables import claim, document
from mlconn_pipelines.ledger.tables_state import answered_act
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason

ABOUT_THAT_TIME_S = 300.0
"""A system that took another document so long before a failure, or since, was there for this one as well."""

FAILED, FAILED_ALONE = "failed", "failed_alone"
_SYSTEM = sa.case((claim.c.target == "api_provider", claim.c.destination), else_=claim.c.target)


def hold_if_due(tx: sa.Connection, run: Run, row: Row, held: Row, hold_after: int) -> State | None:
    """Count the last failure of a claim where it was about its document, and put that on hold once there are too many.

    row, held: the document and its claim, both locked; nothing of it is stored at the other side. None while it may go on.
    """
    if not held["unjudged"]:
        return None
    about = sa.literal(held["unjudged"] == FAILED_ALONE) | sa.exists(
        sa.select(answered_act.c.at).where(
            answered_act.c.integration == row["integration"],
            answered_act.c.system == _SYSTEM,
            answered_act.c.at >= claim.c.sending_at - sa.func.make_interval(0, 0, 0, 0, 0, 0, ABOUT_THAT_TIME_S),
        )
    )
    counted = claim.c.failures + sa.case((about, 1), else_=0)
    change = sa.update(claim).where(claim.c.id == held["id"]).values(unjudged="", failures=counted)
    failures = tx.scalar(change.returning(claim.c.failures)) or 0
    return _hold(tx, run, row, held, failures) if failures >= hold_after else None


def _hold(tx: sa.Connection, run: Run, row: Row, held: Row, failures: int) -> State:
    words = words_of(row, held, failures)
    ended = {"state": "refused", "settled_at": sa.func.clock_timestamp(), "evidence": words}
    tx.execute(sa.update(claim).where(claim.c.id == held["id"]).values(ended))
    if row["state"] == State.OUTCOME_UNKNOWN:
        row = {**row, "state": transitions.move(tx, row, Event.NOT_DELIVERED, run.run_id, held["evidence"])}
    finding = json_of_findings([Finding(code=Reason.FAILED_REPEATEDLY, message=words)])
    values = {
        "reason": words,
        "reason_code": Reason.FAILED_REPEATEDLY,
        "held_by": "server",
        "next_attempt_at": None,
        "findings": sa.func.coalesce(document.c.findings, sa.text("'[]'::jsonb")).op("||")(sa.cast(finding, JSONB)),
    }
    state = transitions.move(tx, row, Event.REFUSED, run.run_id, words, values)
    raise_alert(tx, row["integration"], repeated_failure(row["id"]), f"On hold: {words}")
    return state


def words_of(row: Row, held: Row, failures: int) -> str:
    """What a person reads."""
    return (
        f"{called(row)}: {failures} tries, each answered with an error while others were taken; the last "
        f"one said: {held['failure']}. Correct what it names, or ask those who look after that system; then reprocess the document."
    )
