"""`Operator` of flows/ports/operator.py in memory."""

from __future__ import annotations

from mlconn_pipelines.documents.lifecycle import DELIVERED, Application, Event, State
from mlconn_pipelines.errors import TransitionRefused
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger.claims import CLEAR
from mlconn_pipelines.ledger.fetch_batch import LATER
from mlconn_pipelines.ledger.reprocessing import fresh, is_acknowledgment
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.fake_ledger.claims import act_again, delivered
from mlconn_pipelines_tests.fake_ledger.owners import end_claim
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves, back_to_seen

ANEW = (
    "application",
    "first_seen_at",
    "changed_at",
    "acted_run_id",
    "checked_run_id",
    "exception",
    "exception_code",
    "original",
)
"""What a redelivery does not take over from the document that was delivered."""


class FakeOperator:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def reprocess(self, run: Run, document_id: str, reason: str, redeliver: bool = False) -> State:
        with self._shelves.transaction():
            row = self._newest(self._shelves.document(document_id))
            state = State(row["state"])
            if state in (State.PENDING_VALIDATION, State.READY):
                if row["next_attempt_at"] is not None:
                    row |= {"next_attempt_at": None, "changed_at": self._shelves.now()}
                return state
            if state in DELIVERED:
                if not row["is_current"]:
                    change = self._current(row)
                    raise TransitionRefused(
                        f"Document {row['id']} was delivered ({state}), and what was changed since is "
                        f"{change['set_id']} {change['id']} ({change['state']})"
                    )
                return self._redeliver(run, row, state, reason, redeliver)
            if state is State.OUTCOME_UNKNOWN or (state is State.BEFORE_GO_LIVE and not reason):
                raise TransitionRefused(f"Document {row['id']} is {state}")
            return back_to_seen(self._shelves, row, Event.REPLAYED, run.run_id, reason, preview=run.preview)

    def approve(self, run: Run, document_id: str, reason: str) -> State:
        with self._shelves.transaction():
            row = self._shelves.document(document_id)
            if row["state"] == State.ON_HOLD and (row["canonical"] is None or row["reason_code"] == Reason.SET_NOT_HANDLED):
                raise TransitionRefused(f"Document {row['id']} cannot go on as it is: {row['reason']}")
            values = {"approved": True, "application": Application.ACCEPTED, "next_attempt_at": None}
            return self._shelves.move(row, Event.APPROVED, run.run_id, reason, values)

    def dismiss(self, run: Run, document_id: str, reason: str) -> State:
        with self._shelves.transaction():
            row = self._shelves.document(document_id)
            self._resolve(row)
            if row["exception"] and row["state"] != State.ON_HOLD:
                row |= {"exception": "", "exception_code": ""}
                self._shelves.note(row, "exception_dismissed", run.run_id, reason)
                return State(row["state"])
            values = {"exception": "", "exception_code": "", "reason": reason, "reason_code": Reason.DISMISSED}
            return self._shelves.move(row, Event.DISMISSED, run.run_id, reason, values | {"application": Application.REJECTED})

    def release(self, run: Run, document_id: str, arrived: bool, reason: str) -> State:
        with self._shelves.transaction():
            row, claim = self._unknown(document_id)
            claim["twin_look_at"] = claim["absence_proves_at"]
            end_claim(self._shelves, claim, "done" if arrived else "cancelled", evidence=reason)
            if not arrived:
                return self._shelves.move(row, Event.NOT_DELIVERED, run.run_id, reason, CLEAR)
            event = Event.POSTED if row["direction"] == "inbound" else Event.SENT
            return delivered(self._shelves, run, row, event, reason, {})

    def resend(self, run: Run, document_id: str, reason: str) -> State:
        with self._shelves.transaction():
            return act_again(self._shelves, run, *self._unknown(document_id), reason)

    def _unknown(self, document_id: str) -> tuple[Row, Row]:
        row = self._shelves.document(document_id)
        claim = self._shelves.open_claim(row["id"])
        if row["state"] != State.OUTCOME_UNKNOWN or claim is None:
            raise TransitionRefused(
                f"Document {row['id']} is {row['state']}; only an unknown outcome can be released or sent again",
                hint="Where a run died, `mlconn recover` looks for evidence first.",
            )
        return row, claim

    def _newest(self, row: Row) -> Row:
        return self._current(row) if row["state"] == State.SUPERSEDED else row

    def _current(self, row: Row) -> Row:
        rows = self._shelves.documents.values()
        return next((one for one in rows if one["original"] == row["original"] and one["is_current"]), row)

    def _redeliver(self, run: Run, row: Row, state: State, reason: str, redeliver: bool) -> State:
        if not redeliver or not reason:
            raise TransitionRefused(
                f"Document {row['id']} was delivered ({state}); reprocessing sends only what never was",
                hint="To deliver it once more, with new control numbers, say `reprocess --redeliver --reason WHY`.",
            )
        later = row["pending_record"] or {}
        as_it_is_now = {name: later[name] for name in LATER if name in later}
        if as_it_is_now:
            as_it_is_now |= {"latest_hash": later["content_hash"], "pending_record": None}
        self._resolve(row)
        if state is State.REJECTED_BY_PARTNER:
            return back_to_seen(self._shelves, row, Event.REDELIVERED, run.run_id, reason, **as_it_is_now)
        row |= {"is_current": False, "is_effective": False}
        self._shelves.note(row, "redelivery_asked", run.run_id, reason)
        values = {name: value for name, value in row.items() if name not in ANEW}
        cleared = {name: value for name, value in fresh(row).items() if name != "findings"}
        values |= cleared | {"findings": row["receipt_findings"], "links": {"redelivery_of": row["id"]}, **as_it_is_now}
        revisions = [one["revision"] for one in self._shelves.documents.values() if one["source_key"] == row["source_key"]]
        values |= {"is_current": True, "is_effective": True, "revision": max(revisions) + 1, "preview": False, "state": ""}
        again = self._shelves.enter(values | {"original": row["original"], "fetched_run_id": run.run_id})
        state = self._shelves.move(again, Event.FETCHED, run.run_id, reason)
        return self._shelves.move(again, Event.CHECKED, run.run_id) if is_acknowledgment(row) else state

    def _resolve(self, row: Row) -> None:
        for one in self._shelves.alerts:
            if one["cause"].endswith(f":{row['id']}"):
                self._shelves.resolve_alert(one["cause"])
