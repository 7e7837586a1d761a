"""What people decide about single documents: reprocess, approve, dismiss, release, resend. Their words are kept in the audit trail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import DELIVERED, Application, Event, State
from mlconn_pipelines.errors import TransitionRefused
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger import claims, transitions
from mlconn_pipelines.ledger.fetch_batch import LATER
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.reprocessing import back_to_seen, fresh, is_acknowledgment
from mlconn_pipelines.ledger.rows import Row, locked
from mlconn_pipelines.ledger.tables import claim, document
from mlconn_pipelines.ledger.tables_state import alert
from mlconn_pipelines.reasons import Reason


class PostgresOperator:
    """`Operator` of flows/ports/operator.py. engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def reprocess(self, run: Run, document_id: str, reason: str, redeliver: bool = False) -> State:
        """Back to be checked. What was delivered needs `redeliver` and a reason, and then gets a new claim with new numbers.

        A delivered document stays as it is, with its claims and answers; what goes out is a further revision under an id of its
        own (the old id still finds it in `Queue.documents`). One that the partner rejected is taken up again itself.
        """
        with self._engine.begin() as tx:
            row = _newest(tx, locked(tx, document_id))
            state = State(row["state"])
            if state in (State.PENDING_VALIDATION, State.READY):
                waits = sa.update(document).where(document.c.id == row["id"], document.c.next_attempt_at.is_not(None))
                tx.execute(waits.values(next_attempt_at=None, changed_at=sa.func.clock_timestamp()))
                return state
            if state in DELIVERED:
                _refuse_if_changed_since(tx, row, state)
                return _redeliver(tx, run, row, state, reason, redeliver)
            if state is State.OUTCOME_UNKNOWN:
                raise TransitionRefused(
                    f"Document {row['id']} may have arrived already: the request got no answer",
                    hint="Look at the other side, then `release --delivered` or `--not-delivered`, or `resend` the same bytes.",
                )
            if state is State.BEFORE_GO_LIVE and not reason:
                raise TransitionRefused(
                    f"Document {row['id']} is dated before the flow's start", hint="Say why it is to go out."
                )
            return back_to_seen(tx, row, Event.REPLAYED, run.run_id, reason, preview=run.preview)

    def approve(self, run: Run, document_id: str, reason: str) -> State:
        """Let a document on hold go on with its findings; refused where it is no whole document, or no flow would act on it."""
        with self._engine.begin() as tx:
            row = locked(tx, document_id)
            complete = tx.scalar(sa.select(document.c.canonical.is_not(None)).where(document.c.id == row["id"]))
            if row["state"] == State.ON_HOLD and (not complete or row["reason_code"] == Reason.SET_NOT_HANDLED):
                raise TransitionRefused(
                    f"Document {row['id']} cannot go on as it is: {row['reason'] or 'it could not be turned into a document'}",
                    hint="Correct what the reason names, then reprocess it; or dismiss it.",
                )
            return transitions.move(
                tx,
                row,
                Event.APPROVED,
                run.run_id,
                reason,
                {"approved": True, "application": Application.ACCEPTED, "next_attempt_at": None},
            )

    def dismiss(self, run: Run, document_id: str, reason: str) -> State:
        """Leave a document on hold for good, or close the open exception of one whose state does not show it."""
        with self._engine.begin() as tx:
            row = locked(tx, document_id)
            _resolve(tx, row)
            if row["exception"] and row["state"] != State.ON_HOLD:
                cleared = sa.update(document).where(document.c.id == row["id"]).values(exception="", exception_code="")
                tx.execute(cleared)
                transitions.note(tx, row, "exception_dismissed", run.run_id, reason)
                return State(row["state"])
            cleared_values = {"exception": "", "exception_code": "", "reason": reason, "reason_code": Reason.DISMISSED}
            cleared_values["application"] = Application.REJECTED
            return transitions.move(tx, row, Event.DISMISSED, run.run_id, reason, cleared_values)

    def release(self, run: Run, document_id: str, delivered: bool, reason: str) -> State:
        """Not delivered: the claim is cancelled, and the next one takes new numbers."""
        with self._engine.begin() as tx:
            row, held = claims.unknown_claim(tx, document_id)
            claims.end_claim(
                tx, held, "done" if delivered else "cancelled", evidence=reason, twin_look_at=claim.c.absence_proves_at
            )
            if delivered:
                event = Event.POSTED if row["direction"] == "inbound" else Event.SENT
                return claims.delivered(tx, run, row, event, reason, {})
            return transitions.move(tx, row, Event.NOT_DELIVERED, run.run_id, reason, claims.CLEAR)

    def resend(self, run: Run, document_id: str, reason: str) -> State:
        with self._engine.begin() as tx:
            return claims.act_again(tx, run, document_id, reason)


def _newest(tx: sa.Connection, row: Row) -> Row:
    """The revision that took a superseded document's place: that is what the person means."""
    if row["state"] != State.SUPERSEDED:
        return row
    query = sa.select(document.c.id).where(document.c.original == row["original"], document.c.is_current)
    newest = tx.scalar(query)
    return locked(tx, newest) if newest else row


def _refuse_if_changed_since(tx: sa.Connection, row: Row, state: State) -> None:
    if row["is_current"]:
        return
    later = sa.select(document.c.id, document.c.set_id, document.c.state)
    change = tx.execute(later.where(document.c.original == row["original"], document.c.is_current)).one()
    raise TransitionRefused(
        f"Document {row['id']} was delivered ({state}), and what was changed since is {change.set_id} {change.id} ({change.state})",
        hint=f"Reprocess {change.id} if it does not leave by itself; as it was, the document is not sent again.",
    )


def _redeliver(tx: sa.Connection, run: Run, row: Row, state: State, reason: str, redeliver: bool) -> State:
    if not redeliver or not reason:
        raise TransitionRefused(
            f"Document {row['id']} was delivered ({state}); reprocessing sends only what never was",
            hint="To deliver it once more, with new control numbers, say `reprocess --redeliver --reason WHY`.",
        )
    later = tx.scalar(sa.select(document.c.pending_record).where(document.c.id == row["id"])) or {}
    as_it_is_now = {name: _typed(name, later[name]) for name in LATER if name in later}
    if as_it_is_now:
        as_it_is_now |= {
            "latest_hash": as_it_is_now["content_hash"],
            "projection": later.get("projection", ""),
            "pending_record": None,
        }
    _resolve(tx, row)
    if state is State.REJECTED_BY_PARTNER:
        return back_to_seen(tx, row, Event.REDELIVERED, run.run_id, reason, **as_it_is_now)
    # The state table lists no way back from a delivery that was not rejected, so the delivered row stays for good.
    tx.execute(sa.update(document).where(document.c.id == row["id"]).values(is_current=False, is_effective=False))
    transitions.note(tx, row, "redelivery_asked", run.run_id, reason)
    arriving = Arrivals(tx, run)
    whole = tx.execute(sa.select(document).where(document.c.id == row["id"])).mappings().one()
    left_out = {
        "id",
        "original",
        "state",
        "application",
        "first_seen_at",
        "changed_at",
        "run_id",
        "acted_run_id",
        "checked_run_id",
        "exception",
    }
    values = {name: value for name, value in whole.items() if name not in left_out | {"exception_code"}}
    cleared = {name: value for name, value in fresh(row).items() if name != "findings"}
    values |= cleared | {"findings": whole["receipt_findings"], "links": {"redelivery_of": row["id"]}, **as_it_is_now}
    values |= {"is_current": True, "is_effective": True, "revision": arriving.last_revision(row) + 1, "preview": False}
    events = [(Event.FETCHED, reason), *([(Event.CHECKED, "")] if is_acknowledgment(row) else [])]
    arriving.enter_now(events, values, older=row)
    return State.READY if is_acknowledgment(row) else State.PENDING_VALIDATION


def _typed(name: str, value: Any) -> Any:
    """A value as it came out of JSON, as its column wants it."""
    if name == "document_date" and isinstance(value, str):
        return document.c.document_date.type.python_type.fromisoformat(value)
    return value


def _resolve(tx: sa.Connection, row: Row) -> None:
    """Close what alerts are open about this one document: a person deals with it now."""
    about = alert.c.cause.endswith(f":{row['id']}", autoescape=True)
    tx.execute(sa.update(alert).where(about, alert.c.resolved_at.is_(None)).values(resolved_at=sa.func.now()))
