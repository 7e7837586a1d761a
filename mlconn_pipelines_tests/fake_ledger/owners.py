"""Owners and claims of the fake ledger, as flows/ports/claims.py has them. An owner lives until it is let go or killed."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import ClaimLost, DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import (
    Channel,
    ControlNumbers,
    DocumentRow,
    FailedAct,
    Render,
    Rendered,
    Run,
)
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.alerts import repeated_failure
from mlconn_pipelines.ledger.claim_outcomes import ASKED_WAIT_MAX_S, FIRST_RETRY_S, LAST_RETRY_S, exception_of, finding_of
from mlconn_pipelines.ledger.claims import CLEAR
from mlconn_pipelines.ledger.identity import claim_name, claim_of_name
from mlconn_pipelines.ledger.judging import ABOUT_THAT_TIME_S, FAILED, FAILED_ALONE, words_of
from mlconn_pipelines.ledger.owners import LARGEST_NUMBER, without_zeros
from mlconn_pipelines.ledger.rows import json_of_findings
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves

NEW_CLAIM: Mapping[str, Any] = {
    **dict.fromkeys(("failure", "unjudged", "evidence"), ""),
    **dict.fromkeys(("sending_at", "expires_at", "settled_at", "absence_proves_at", "twin_look_at", "next_check_at"), None),
    **dict.fromkeys(("check_count", "failures"), 0),
    "receipt": None,
    "state": "claimed",
    "fencing": 1,
}


class FakeOwner:
    def __init__(
        self, shelves: Shelves, run: Run, number: int, time_out_s: float, absence_proves_after_s: float | None
    ) -> None:
        self._shelves, self._run, self.number = shelves, run, number
        self._time_out_s, self._absence_proves_after_s = time_out_s, absence_proves_after_s

    def claim(
        self, document: DocumentRow, channel: Channel | None, render: Render, entity: str = "", repeatable: bool = False
    ) -> FakeClaim | None:
        try:
            with self._shelves.transaction():
                return self._claim(document, channel, render, entity, repeatable)
        except DocumentRejected as refusal:
            self._hold(document, refusal)
            raise

    def _claim(
        self, document: DocumentRow, channel: Channel | None, render: Render, entity: str, repeatable: bool
    ) -> FakeClaim | None:
        row, now = self._shelves.documents.get(document.id), self._shelves.now()
        if (
            row is None
            or (row["state"], row["is_current"], row["preview"]) != (State.READY, True, False)
            or (row["revision"], row["changed_at"]) != (document.revision, document.changed_at)
            or (row["next_attempt_at"] is not None and row["next_attempt_at"] > now)
        ):
            return None
        claim = self._shelves.open_claim(row["id"])
        if claim is not None:
            if claim["state"] != "claimed" or claim["owner"] in self._shelves.owners:
                return None
            claim |= {"owner": self.number, "fencing": claim["fencing"] + 1, "run_id": self._run.run_id}
            self._shelves.note(row, "claim_taken_over", self._run.run_id)
            return self._held(row, claim)
        numbers = (0, 0, 0)
        if channel is not None:
            place = (channel.ours, channel.theirs, channel.usage)
            numbers = tuple(one % LARGEST_NUMBER + 1 for one in self._shelves.numbers.get(place, (0, 0, 0)))
            self._shelves.numbers[place] = numbers
        rendered = render(ControlNumbers(*numbers), now)
        number = len(self._shelves.claims) + 1
        claim = {
            **NEW_CLAIM,
            "id": number,
            "document_id": row["id"],
            "owner": self.number,
            "run_id": self._run.run_id,
            "claimed_at": now,
            "target": "erp" if channel is None else "api_provider" if "://" in rendered.destination else "folder",
            "entity": entity,
            "correlation_reference": "" if repeatable else f"{row['integration']}:{entity}:{row['id']}",
            **{name: getattr(rendered, name) for name in ("content", "file_name", "destination")},
            "sha256": sha256(rendered.content).hexdigest(),
            "numbers": numbers if channel is not None else (None, None, None),
        }
        self._shelves.claims[number] = claim
        if rendered.envelope:
            self._shelves.acknowledgments.append(awaited(row, number, rendered))
        self._shelves.note(row, "claimed", self._run.run_id)
        return self._held(row, claim)

    def _held(self, row: Row, claim: Row) -> FakeClaim:
        return FakeClaim(self._shelves, self._run, dict(row), dict(claim), self._time_out_s, self._absence_proves_after_s)

    def _hold(self, document: DocumentRow, refusal: DocumentRejected) -> None:
        with self._shelves.transaction():
            row = self._shelves.document(document.id)
            if row["state"] != State.READY or row["revision"] != document.revision:
                return
            values = {"reason": str(refusal), "reason_code": refusal.code, "held_by": "claim"}
            values |= {"config_hash": self._run.config_hash}
            values["findings"] = [*(row["findings"] or []), *json_of_findings([finding_of(refusal)])]
            self._shelves.move(row, Event.REFUSED, self._run.run_id, str(refusal), values)

    def judge(self, answered: Collection[str], failed: Sequence[FailedAct], hold_after: int) -> int:
        with self._shelves.transaction():
            for system in answered:
                self._shelves.answered[self._run.integration, system] = self._shelves.now()
            for act in failed:
                claim = self._shelves.claims[claim_of_name(act.claim_id)[0]] if act.alone else None
                if claim is not None and claim["unjudged"] == FAILED:
                    claim["unjudged"] = FAILED_ALONE
            return sum(self._judge(claim_of_name(act.claim_id)[0], hold_after) for act in failed if not act.looked_for)

    def _judge(self, number: int, hold_after: int) -> bool:
        claim = self._shelves.claims[number]
        row = self._shelves.documents[claim["document_id"]]
        if row["state"] != State.READY or claim["state"] != "claimed" or claim["owner"] is not None:
            return False
        return hold_if_due(self._shelves, self._run, row, claim, hold_after) is not None


class FakeClaim:
    """row, claim: as they were when it was taken."""

    def __init__(
        self,
        shelves: Shelves,
        run: Run,
        row: Row,
        claim: Row,
        time_out_s: float,
        absence_proves_after_s: float | None,
    ) -> None:
        self._shelves, self._run, self._row, self._claim = shelves, run, row, claim
        self._time_out_s, self._absence_proves_after_s = time_out_s, absence_proves_after_s
        self._act_before = 0.0
        self.id = claim_name(claim["id"], claim["fencing"])
        self.document_id: str = row["id"]
        self.content: bytes = claim["content"]
        self.file_name: str = claim["file_name"]
        self.destination: str = claim["destination"]
        self.correlation_reference: str = claim["correlation_reference"]

    def sending(self) -> None:
        self._act_before = time.monotonic() + self._time_out_s
        with self._shelves.transaction():
            claim = self._ours("claimed")
            if claim is None:
                raise self._lost()
            now = self._shelves.now()
            expires_at = after(now, self._time_out_s)
            claim |= {"state": "sending", "sending_at": now, "expires_at": expires_at}
            claim["absence_proves_at"] = after(expires_at, self._absence_proves_after_s)
            self._shelves.note(self._row, "sending", self._run.run_id)

    @property
    def too_late(self) -> bool:
        return time.monotonic() > self._act_before

    def complete(self, receipt: Receipt | Stored) -> State:
        event = Event.POSTED if isinstance(receipt, Stored) else Event.SENT
        links = {"stored": to_json(receipt)} if isinstance(receipt, Stored) else {}

        def changes(row: Row) -> Row:
            return {"links": (row["links"] or {}) | links, **CLEAR, **exception_of(receipt)}

        said = receipt.unposted if isinstance(receipt, Stored) else receipt.detail
        return self._end("done", event, said, changes, receipt=to_json(receipt))

    def refuse(self, refusal: DocumentRejected) -> State:
        def changes(row: Row) -> Row:
            findings = [*(row["findings"] or []), *json_of_findings([finding_of(refusal)])]
            return {"reason": str(refusal), "reason_code": refusal.code, "held_by": "server", "findings": findings}

        return self._end("refused", Event.REFUSED, str(refusal), changes, before_sending=True)

    def retry_later(self, busy: Retryable) -> State:
        asked_s = min(busy.retry_after_s or 0.0, ASKED_WAIT_MAX_S)

        def changes(row: Row) -> Row:
            grown_s = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(row["attempts"], 10)) * (0.5 + random.random() / 2)
            at = self._shelves.later(max(asked_s, grown_s))
            values = {"reason": str(busy), "reason_code": Reason.TRY_LATER}
            return values | {"attempts": row["attempts"] + 1, "next_attempt_at": at}

        failure = busy.what if busy.answered else ""
        return self._end("claimed", Event.TRY_LATER, str(busy), changes, before_sending=True, failure=failure)

    def unknown(self, lost: OutcomeUnknown) -> State:
        def changes(row: Row) -> Row:
            return {"reason": str(lost), "reason_code": Reason.OUTCOME_UNKNOWN}

        failure = lost.what if lost.answered else ""
        return self._end("outcome_unknown", Event.NO_ANSWER, str(lost), changes, failure=failure)

    def _end(
        self,
        claim_state: str,
        event: Event,
        reason: str,
        changes: Callable[[Row], Row],
        *,
        before_sending: bool = False,
        failure: str = "",
        receipt: Any = None,
    ) -> State:
        transitions.target(self._row, event)  # refused where the table lists none
        with self._shelves.transaction():
            claim = self._ours("sending", *(("claimed",) if before_sending else ()))
            row = self._shelves.documents[self.document_id]
            if claim is None or row["state"] != State.READY:
                return self._settled_meanwhile(row)
            now = self._shelves.now()
            is_unknown, is_over = claim_state == "outcome_unknown", claim_state in ("done", "refused")
            absent_from = after(now, self._absence_proves_after_s)
            claim |= {"state": claim_state, "evidence": reason, "receipt": receipt or claim["receipt"]}
            claim |= {"failure": failure or claim["failure"], "unjudged": FAILED if failure else ""}
            claim |= {"next_check_at": claim["expires_at"] if is_unknown else None, "settled_at": now if is_over else None}
            if claim_state == "claimed":
                claim["owner"] = None
            if is_unknown:
                claim["absence_proves_at"] = absent_from
            if is_unknown or (is_over and claim["twin_look_at"] is not None):
                claim["twin_look_at"] = absent_from
            values = {**changes(row), "acted_run_id": self._run.run_id}
            return self._shelves.move(row, event, self._run.run_id, reason, values)

    def _ours(self, *states: str) -> Row | None:
        claim = self._shelves.claims[self._claim["id"]]
        same = all(claim[name] == self._claim[name] for name in ("fencing", "owner"))
        return claim if same and claim["state"] in states else None

    def _settled_meanwhile(self, row: Row) -> State:
        claim = self._shelves.claims[self._claim["id"]]
        if (claim["fencing"], claim["state"]) == (self._claim["fencing"], "done") and row["state"] in DELIVERED:
            return State(row["state"])
        raise self._lost()

    def _lost(self) -> ClaimLost:
        return ClaimLost(f"Claim {self.id} on document {self.document_id} is not ours any more")


def after(at: dt.datetime, seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else at + dt.timedelta(seconds=seconds)


def awaited(row: Row, number: int, rendered: Rendered) -> Row:
    envelope = rendered.envelope
    return {
        "claim_id": number,
        "document_id": row["id"],
        "integration": row["integration"],
        "state": "not_expected" if rendered.awaits_acknowledgment_h is None else "awaited",
        "within_h": rendered.awaits_acknowledgment_h,
        **{name: envelope.get(name, "") for name in ("sender", "receiver", "usage", "functional_id", "set_id")},
        **{name: without_zeros(envelope.get(name, "")) for name in ("group", "set")},
    }


def end_claim(shelves: Shelves, claim: Row, state: str, **values: Any) -> None:
    claim |= {**values, "state": state, "settled_at": shelves.now()}


def hold_if_due(shelves: Shelves, run: Run, row: Row, claim: Row, hold_after: int) -> State | None:
    if not claim["unjudged"]:
        return None
    system = claim["destination"] if claim["target"] == "api_provider" else claim["target"]
    answered_at = shelves.answered.get((row["integration"], system))
    there = answered_at is not None and answered_at >= claim["sending_at"] - dt.timedelta(seconds=ABOUT_THAT_TIME_S)
    claim["failures"] += claim["unjudged"] == FAILED_ALONE or there
    claim["unjudged"] = ""
    if claim["failures"] < hold_after:
        return None
    words = words_of(row, claim, claim["failures"])
    before = claim["evidence"]
    end_claim(shelves, claim, "refused", evidence=words)
    if row["state"] == State.OUTCOME_UNKNOWN:
        shelves.move(row, Event.NOT_DELIVERED, run.run_id, before)
    finding = json_of_findings([Finding(code=Reason.FAILED_REPEATEDLY, message=words)])
    values = {"reason": words, "reason_code": Reason.FAILED_REPEATEDLY, "held_by": "server", "next_attempt_at": None}
    state = shelves.move(row, Event.REFUSED, run.run_id, words, values | {"findings": [*(row["findings"] or []), *finding]})
    shelves.raise_alert(row["integration"], repeated_failure(row["id"]), f"On hold: {words}")
    return state
