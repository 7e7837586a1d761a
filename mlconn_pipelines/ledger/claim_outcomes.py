"""A claim in its owner's hands: sending, then one of complete, refuse, retry later, unknown. Each one short transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import ClaimLost, DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.identity import claim_name
from mlconn_pipelines.ledger.rows import Row, json_of_findings
from mlconn_pipelines.ledger.statements import Statement
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines.reasons import Reason

FIRST_RETRY_S = 5.0
LAST_RETRY_S = 900.0
"""Back-off doubles from the first to the last, each wait shortened by up to half at random, so that no two runs keep step."""
ASKED_WAIT_MAX_S = 6 * 3600.0
"""A server that asks for more is asked again all the same after this."""

_SENDING = Statement(
    """
    WITH left_now AS (
        UPDATE claim SET state = 'sending', sending_at = clock_timestamp(),
            expires_at = clock_timestamp() + make_interval(secs => :time_out_s),
            absence_proves_at = clock_timestamp() + make_interval(secs => :time_out_s + CAST(:absence_proves_after_s AS float8))
        WHERE id = :claim_id AND fencing = :fencing AND owner = :owner AND state = 'claimed' RETURNING id
    ), told AS (
        INSERT INTO audit_event (integration, document_id, event, from_state, to_state, run_id, direction, source_id, payload_hash)
        SELECT :integration, :id, 'sending', 'ready', 'ready', :run_id, :direction, :source_key, i.sha256
        FROM left_now JOIN claim c USING (id) JOIN interchange i ON i.id = c.interchange_id
    )
    SELECT count(*) FROM left_now
    """
)

_END = """
    WITH doc AS MATERIALIZED (SELECT id FROM document WHERE id = :id FOR NO KEY UPDATE),
    ended AS (
        UPDATE claim SET state = :claim_state, owner = CASE WHEN :claim_state = 'claimed' THEN NULL ELSE owner END,
            receipt = coalesce(:receipt, receipt), evidence = :reason,
            failure = coalesce(nullif(:failure, ''), failure), unjudged = CASE WHEN :failure = '' THEN '' ELSE 'failed' END,
            next_check_at = CASE WHEN :claim_state = 'outcome_unknown' THEN expires_at END,
            absence_proves_at = CASE WHEN :claim_state = 'outcome_unknown'
                THEN clock_timestamp() + make_interval(secs => CAST(:absence_proves_after_s AS float8)) ELSE absence_proves_at END,
            twin_look_at = CASE WHEN :claim_state = 'outcome_unknown' OR :claim_state IN ('done', 'refused') AND twin_look_at IS NOT NULL
                THEN clock_timestamp() + make_interval(secs => CAST(:absence_proves_after_s AS float8)) ELSE twin_look_at END,
            settled_at = CASE WHEN :claim_state IN ('done', 'refused') THEN clock_timestamp() END
        FROM doc WHERE claim.id = :claim_id AND claim.fencing = :fencing AND claim.owner = :owner
            AND (claim.state = 'sending' OR claim.state = 'claimed' AND :before_sending)
        RETURNING claim.id, claim.interchange_id
    ), moved AS (
        UPDATE document SET state = :state, delivery = :delivery, syntax = :syntax,
            changed_at = clock_timestamp(), acted_run_id = :run_id, {changes}
        FROM ended WHERE document.id = :id AND document.state = 'ready' RETURNING document.id
    ), told AS (
        INSERT INTO audit_event (integration, document_id, event, from_state, to_state, run_id, direction, source_id,
                                 payload_hash, reason)
        SELECT :integration, :id, :event, 'ready', :state, :run_id, :direction, :source_key, i.sha256, :reason
        FROM moved CROSS JOIN ended JOIN interchange i ON i.id = ended.interchange_id
    )
    SELECT count(*) FROM moved
"""

_DELIVERED = """
    links = coalesce(document.links, '{}'::jsonb) || :links, reason = '', reason_code = '', next_attempt_at = NULL,
    exception = coalesce(nullif(:exception, ''), document.exception),
    exception_code = coalesce(nullif(:exception_code, ''), document.exception_code)
"""
_REFUSED = (
    "reason = :reason, reason_code = :reason_code, held_by = 'server', "
    "findings = coalesce(document.findings, '[]'::jsonb) || :findings"
)
_UNKNOWN = f"reason = :reason, reason_code = '{Reason.OUTCOME_UNKNOWN}'"
_LATER = f"""
    reason = :reason, reason_code = '{Reason.TRY_LATER}', attempts = document.attempts + 1,
    next_attempt_at = clock_timestamp() + make_interval(secs => greatest(
        :asked_s, least({LAST_RETRY_S}, {FIRST_RETRY_S} * 2.0 ^ least(document.attempts, 10)) * (0.5 + random() / 2)))
"""


_END_DELIVERED, _END_REFUSED, _END_UNKNOWN, _END_LATER = (
    Statement(_END.format(changes=changes), json=("receipt", "links", "findings"))
    for changes in (_DELIVERED, _REFUSED, _UNKNOWN, _LATER)
)


def finding_of(refusal: DocumentRejected) -> Finding:
    """A refusal as a finding of its document."""
    return Finding(code=refusal.code, message=str(refusal))


def exception_of(outcome: Receipt | Stored) -> dict[str, str]:
    """What a delivered document shows until somebody dismisses it; empty where all was done."""
    if not isinstance(outcome, Stored) or not outcome.unposted:
        return {}
    return {"exception": outcome.unposted, "exception_code": Reason.ENTERED_ONLY}


@dataclass(frozen=True, slots=True)
class Times:
    """See `Claims.owner`."""

    time_out_s: float
    absence_proves_after_s: float | None = None


class HeldClaim:
    """`Claim` of flows/ports/claims.py."""

    def __init__(
        self,
        engine: sa.Engine,
        run: Run,
        document: Row,
        number: int,
        fencing: int,
        owner: int,
        times: Times,
        content: bytes,
        file_name: str,
        destination: str,
        correlation_reference: str,
    ) -> None:
        self._engine, self._document = engine, document
        self._number, self._fencing, self._time_out_s = number, fencing, times.time_out_s
        self._act_before = 0.0
        self.document_id = str(document["id"])
        self.content, self.file_name, self.destination = content, file_name, destination
        self.correlation_reference = correlation_reference
        self._named = {
            **{name: document[name] for name in ("id", "integration", "direction", "source_key")},
            "claim_id": number,
            "fencing": fencing,
            "owner": owner,
            "run_id": run.run_id,
            "absence_proves_after_s": times.absence_proves_after_s,
        }

    @property
    def id(self) -> str:
        return claim_name(self._number, self._fencing)

    def sending(self) -> None:
        self._act_before = time.monotonic() + self._time_out_s
        with self._engine.begin() as tx:
            if not _SENDING.value(tx, self._named | {"time_out_s": self._time_out_s}):
                raise self._lost()

    @property
    def too_late(self) -> bool:
        return time.monotonic() > self._act_before

    def complete(self, receipt: Receipt | Stored) -> State:
        event = Event.POSTED if isinstance(receipt, Stored) else Event.SENT
        links = {"stored": to_json(receipt)} if isinstance(receipt, Stored) else {}
        said = receipt.unposted if isinstance(receipt, Stored) else receipt.detail
        shown = {"exception": "", "exception_code": ""} | exception_of(receipt)
        return self._end(
            _END_DELIVERED,
            "done",
            event,
            said,
            receipt=to_json(receipt),
            links=links,
            exception=shown["exception"],
            exception_code=shown["exception_code"],
        )

    def refuse(self, refusal: DocumentRejected) -> State:
        findings = json_of_findings([finding_of(refusal)])
        return self._end(
            _END_REFUSED,
            "refused",
            Event.REFUSED,
            str(refusal),
            reason_code=refusal.code,
            findings=findings,
            before_sending=True,
        )

    def retry_later(self, busy: Retryable) -> State:
        asked_s = min(busy.retry_after_s or 0.0, ASKED_WAIT_MAX_S)
        failure = busy.what if busy.answered else ""
        return self._end(
            _END_LATER, "claimed", Event.TRY_LATER, str(busy), asked_s=asked_s, failure=failure, before_sending=True
        )

    def unknown(self, lost: OutcomeUnknown) -> State:
        return self._end(
            _END_UNKNOWN, "outcome_unknown", Event.NO_ANSWER, str(lost), failure=lost.what if lost.answered else ""
        )

    def _end(
        self,
        statement: Statement,
        claim_state: str,
        event: Event,
        reason: str,
        *,
        before_sending: bool = False,
        failure: str = "",
        receipt: Any = None,
        **values: Any,
    ) -> State:
        state = transitions.target(self._document, event)
        asked = {
            **self._named,
            "claim_state": claim_state,
            **transitions.standing(state),
            "event": event,
            "reason": reason,
            "receipt": receipt,
            "before_sending": before_sending,
            "failure": failure,
            **values,
        }
        with self._engine.begin() as tx:
            if statement.value(tx, asked):
                return state
            return self._settled_meanwhile(tx)

    def _settled_meanwhile(self, tx: sa.Connection) -> State:
        """A 997 that came before our answer has completed the claim already, and needs no fencing number for it."""
        query = sa.text(
            "SELECT d.state, c.state AS claim_state, c.fencing FROM claim c JOIN document d ON d.id = c.document_id WHERE c.id = :id"
        )
        now = tx.execute(query, {"id": self._number}).one()
        if now.fencing == self._fencing and now.claim_state == "done" and State(now.state) in DELIVERED:
            return State(now.state)
        raise self._lost()

    def _lost(self) -> ClaimLost:
        return ClaimLost(
            f"Claim {self.id} on document {self.document_id} is not ours any more: another process took it over, a newer "
            "revision came, or a person settled it",
            hint=f"Nothing is to be done by hand; `documents show {self.document_id}` tells who has it.",
        )
