"""`Claims` of flows/ports/claims.py in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import ClaimLost, LedgerError
from mlconn_pipelines.flows.ports.entries import (
    OpenClaim,
    Run,
    TwinLook,
)
from mlconn_pipelines.ledger.claim_outcomes import FIRST_RETRY_S, LAST_RETRY_S, exception_of
from mlconn_pipelines.ledger.claims import AGAIN_S, CLEAR, LOOKS_AT_ONCE
from mlconn_pipelines.ledger.identity import claim_name, claim_of_name, from_number
from mlconn_pipelines.ledger.rows import document_row
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.fake_ledger.owners import FakeOwner, after, end_claim, hold_if_due
from mlconn_pipelines_tests.fake_ledger.shelves import OPEN_CLAIM, Row, Shelves


class FakeClaims:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._owners = 0

    @contextmanager
    def owner(self, run: Run, time_out_s: float, absence_proves_after_s: float | None = None) -> Iterator[FakeOwner]:
        with self._shelves.lock:
            self._owners += 1
            owner = FakeOwner(self._shelves, run, self._owners, time_out_s, absence_proves_after_s)
            self._shelves.owners.add(owner.number)
        try:
            yield owner
        finally:
            self._shelves.owners.discard(owner.number)

    def open_claims(self, integration: str, flow: str = "") -> list[OpenClaim]:
        with self._shelves.lock:
            return [
                OpenClaim(
                    claim_id=claim_name(claim["id"], claim["fencing"]),
                    document=document_row(row),
                    age_s=(self._shelves.now() - claim["sending_at"]).total_seconds() if claim["sending_at"] else 0.0,
                    absence_proves=self._absence_proves(claim),
                    **{
                        name: claim[name]
                        for name in ("target", "entity", "correlation_reference", "file_name", "destination", "content")
                    },
                    absence_proves_at=claim["absence_proves_at"],
                )
                for claim in self._shelves.claims.values()
                if self._is_left(claim) and self._is_expired(claim)
                for row in (self._shelves.documents[claim["document_id"]],)
                if row["integration"] == integration
                and flow in ("", row["flow"])
                and row["state"] in (State.READY, State.OUTCOME_UNKNOWN)
            ]

    def settle(
        self, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str, hold_after: int | None = None
    ) -> State:
        with self._shelves.transaction():
            row, claim = self._left(claim_id)
            if claim is None:
                return State(row["state"])
            if outcome is None:
                looked_for = claim["target"] == "erp" and claim["entity"] and claim["correlation_reference"]
                if looked_for and not self._absence_proves(claim):
                    raise went_on(claim_id, row, claim)
                if hold_after is not None and (held := hold_if_due(self._shelves, run, row, claim, hold_after)) is not None:
                    return held
                wait_s = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(row["attempts"], 10))
                at = self._shelves.later(wait_s) if row["attempts"] > 0 else None
                return act_again(self._shelves, run, row, claim, evidence, attempts=row["attempts"] + 1, next_attempt_at=at)
            event = Event.POSTED if isinstance(outcome, Stored) else Event.SENT
            claim["twin_look_at"] = claim["absence_proves_at"]
            end_claim(self._shelves, claim, "done", evidence=evidence, receipt=to_json(outcome))
            links = {"stored": to_json(outcome)} if isinstance(outcome, Stored) else {}
            return delivered(self._shelves, run, row, event, evidence, links, **exception_of(outcome))

    def keep_unknown(
        self, run: Run, claim_id: str, evidence: str, *, tried_again: bool = False, absence_proves_after_s: float | None = None
    ) -> State:
        with self._shelves.transaction():
            row, claim = self._left(claim_id)
            if claim is None:
                return State(row["state"])
            now = self._shelves.now()
            if tried_again:
                claim["absence_proves_at"] = after(now, absence_proves_after_s)
            looks = [now + dt.timedelta(seconds=min(3600.0, 60.0 * 2.0 ** min(claim["check_count"], 10)))]
            if claim["absence_proves_at"] is not None and claim["absence_proves_at"] > now:
                looks.append(claim["absence_proves_at"])
            claim |= {"state": "outcome_unknown", "evidence": evidence, "next_check_at": min(looks)}
            claim["check_count"] += 1
            if row["state"] == State.OUTCOME_UNKNOWN:
                return State.OUTCOME_UNKNOWN
            values = {"reason": evidence, "reason_code": Reason.OUTCOME_UNKNOWN, "acted_run_id": run.run_id}
            return self._shelves.move(row, Event.NO_ANSWER, run.run_id, evidence, values)

    def twin_looks(self, integration: str, flow: str = "") -> list[TwinLook]:
        with self._shelves.lock:
            now, found = self._shelves.now(), []
            for claim in self._shelves.claims.values():
                row = self._shelves.documents[claim["document_id"]]
                if not twin_is_due(claim, now) or row["integration"] != integration or flow not in ("", row["flow"]):
                    continue
                found.append(
                    TwinLook(
                        claim_id=from_number("C", claim["id"]),
                        document_id=row["id"],
                        name=f"{row['set_id']} {row['business_number']} of {row['partner']}",
                        state=State(row["state"]),
                        number=claim["id"],
                        **{name: claim[name] for name in ("entity", "correlation_reference", "content")},
                    )
                )
            return found[:LOOKS_AT_ONCE]

    def twin_looked(self, look: TwinLook) -> None:
        self._shelves.claims[look.number]["twin_look_at"] = None

    def twin_look_later(self, look: TwinLook) -> None:
        self._shelves.claims[look.number]["twin_look_at"] = self._shelves.later(AGAIN_S)

    def stored_twice(self, run: Run, document_id: str, words: str) -> bool:
        with self._shelves.transaction():
            new = self._shelves.raise_alert(run.integration, f"stored_twice:{document_id}", words)
            row = self._shelves.documents.get(document_id)
            if new and row is not None:
                if not row["exception"]:
                    row |= {"exception": words, "exception_code": Reason.STORED_TWICE}
                self._shelves.note(row, "stored_twice", run.run_id, words)
            return new

    def attempt_left_open(self, integration: str, what: str, absence_proves_after_s: float) -> None:
        self._shelves.attempts[integration, what] = self._shelves.later(absence_proves_after_s)

    def attempt_is_open(self, integration: str, what: str) -> bool:
        at = self._shelves.attempts.get((integration, what))
        return at is not None and at > self._shelves.now()

    def _is_left(self, claim: Row) -> bool:
        dead = claim["owner"] not in self._shelves.owners
        return claim["state"] == "outcome_unknown" or (claim["state"] == "sending" and dead)

    def _is_expired(self, claim: Row) -> bool:
        return claim["expires_at"] is not None and claim["expires_at"] <= self._shelves.now()

    def _absence_proves(self, claim: Row) -> bool:
        return claim["absence_proves_at"] is not None and claim["absence_proves_at"] <= self._shelves.now()

    def _left(self, claim_id: str) -> tuple[Row, Row | None]:
        number, fencing = claim_of_name(claim_id)
        if number not in self._shelves.claims:
            raise LedgerError(f"There is no claim {claim_id!r}", hint="`documents list` shows the names of documents.")
        claim = self._shelves.claims[number]
        row = self._shelves.documents[claim["document_id"]]
        if claim["state"] == "done" and row["state"] in DELIVERED:
            return row, None
        if not self._is_left(claim) or not self._is_expired(claim) or fencing not in (None, claim["fencing"]):
            raise went_on(claim_id, row, claim)
        return row, claim


def went_on(claim_id: str, row: Row, claim: Row) -> ClaimLost:
    return ClaimLost(f"Claim {claim_id} on document {row['id']} went on since it was looked at (it is {claim['state']} now)")


def delivered(shelves: Shelves, run: Run, row: Row, event: Event, evidence: str, links: Row, **more: str) -> State:
    values = {**CLEAR, "acted_run_id": run.run_id, "links": (row["links"] or {}) | links, **more}
    return shelves.move(row, event, run.run_id, evidence, values)


def act_again(shelves: Shelves, run: Run, row: Row, claim: Row, reason: str, **values: Any) -> State:
    """The claim's bytes, name and numbers once more."""
    claim |= {"state": "claimed", "owner": None, "fencing": claim["fencing"] + 1, "evidence": reason, "check_count": 0}
    claim["twin_look_at"] = claim["absence_proves_at"]
    if row["state"] == State.OUTCOME_UNKNOWN:
        return shelves.move(row, Event.NOT_DELIVERED, run.run_id, reason, {**CLEAR, **values})
    row |= values
    shelves.note(row, Event.NOT_DELIVERED, run.run_id, reason)
    return State(row["state"])


def twin_is_due(claim: Row, now: dt.datetime) -> bool:
    at = claim["twin_look_at"]
    named = claim["entity"] and claim["correlation_reference"]
    return bool(at is not None and at <= now and named and claim["state"] not in OPEN_CLAIM)
