"""Unknown outcomes: claims that a dead owner left in `sending`, and requests that got no answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import ClaimLost, TransitionRefused
from mlconn_pipelines.flows.ports.entries import OpenClaim, Run
from mlconn_pipelines.ledger import trail
from mlconn_pipelines.ledger.acts import FIRST_RETRY_S, LAST_RETRY_S
from mlconn_pipelines.ledger.identity import claim_name, claim_of_name
from mlconn_pipelines.ledger.judging import hold_if_due
from mlconn_pipelines.ledger.locks import LIVE_OWNERS
from mlconn_pipelines.ledger.rows import WHOLE, Row, document_row, locked
from mlconn_pipelines.ledger.tables import claim, document, interchange
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines.reasons import Reason

_DEAD = sa.text(f"(claim.owner IS NULL OR claim.owner NOT IN ({LIVE_OWNERS}))")
_ABSENCE_PROVES = sa.func.coalesce(claim.c.absence_proves_at <= sa.func.clock_timestamp(), sa.false())
_LEFT = (claim.c.state == "outcome_unknown") | (claim.c.state == "sending") & _DEAD
_NOW = sa.func.clock_timestamp()
_NEXT_LOOK = sa.func.least(
    _NOW
    + sa.func.make_interval(
        0, 0, 0, 0, 0, 0, sa.func.least(3600.0, 60.0 * sa.func.power(2.0, sa.func.least(claim.c.check_count, 10)))
    ),
    sa.case((claim.c.absence_proves_at > _NOW, claim.c.absence_proves_at)),
)


CLEAR = {"reason": "", "reason_code": "", "next_attempt_at": None}
_WAIT_S = sa.func.least(LAST_RETRY_S, FIRST_RETRY_S * sa.func.power(2.0, sa.func.least(document.c.attempts, 10)))
_AFTER_A_WAIT = {
    "attempts": document.c.attempts + 1,
    "next_attempt_at": sa.case((document.c.attempts > 0, _NOW + sa.func.make_interval(0, 0, 0, 0, 0, 0, _WAIT_S))),
}
"""Of what is tried again by itself: the first time at once, since it has waited for absence to prove something."""


def open_claims(engine: sa.Engine, integration: str, flow: str) -> list[OpenClaim]:
    """See flows/ports/ledger.py. Only past the time-out and its margin: until then absence proves nothing."""
    query = (
        sa.select(
            *(column.label(f"document_{column.name}") for column in WHOLE),
            *(
                claim.c[name]
                for name in ("id", "fencing", "target", "entity", "correlation_reference", "file_name", "destination")
            ),
            sa.func.extract("epoch", _NOW - claim.c.sending_at).label("age_s"),
            claim.c.absence_proves_at,
            _ABSENCE_PROVES.label("absence_proves"),
            interchange.c.content,
        )
        .join(document, document.c.id == claim.c.document_id)
        .join(interchange, interchange.c.id == claim.c.interchange_id)
        .where(document.c.integration == integration, claim.c.expires_at <= sa.func.now(), _LEFT)
        .where(sa.literal_column("document.state IN ('ready', 'outcome_unknown')"))
        .order_by(claim.c.id)
    )
    if flow:
        query = query.where(document.c.flow == flow)
    with engine.connect() as connection:
        return [
            OpenClaim(
                claim_id=claim_name(row["id"], row["fencing"]),
                document=document_row({column.name: row[f"document_{column.name}"] for column in WHOLE}),
                content=bytes(row["content"]),
                age_s=float(row["age_s"] or 0.0),
                absence_proves_at=row["absence_proves_at"],
                absence_proves=row["absence_proves"],
                **{name: row[name] for name in ("target", "entity", "correlation_reference", "file_name", "destination")},
            )
            for row in connection.execute(query).mappings()
        ]


def settle(
    engine: sa.Engine, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str, hold_after: int | None
) -> State:
    """See flows/ports/ledger.py. ClaimLost when the claim went on since `open_claims` named it.

    Surely not stored: the same claim acts again with its bytes, name and numbers, under a higher fencing number.
    """
    with engine.begin() as tx:
        row, held = _left(tx, claim_id)
        if held is None:
            return State(row["state"])
        if outcome is None:
            looked_for = held["target"] == "erp" and held["entity"] and held["correlation_reference"]
            if looked_for and not held["absence_proves"]:  # somebody tried again meanwhile
                raise _went_on(claim_id, row, held)
            if hold_after is not None and (held_state := hold_if_due(tx, run, row, held, hold_after)) is not None:
                return held_state
            return _act_again(tx, run, row, held, evidence, _AFTER_A_WAIT)
        event = Event.POSTED if isinstance(outcome, Stored) else Event.SENT
        # An earlier try may still be under way for as long as the last one may: a look for its twin waits until then.
        end_claim(tx, held, "done", evidence=evidence, receipt=to_json(outcome), twin_look_at=claim.c.absence_proves_at)
        links = {"stored": to_json(outcome)} if isinstance(outcome, Stored) else {}
        return delivered(tx, run, row, event, evidence, links)


def leave_unknown(
    engine: sa.Engine, run: Run, claim_id: str, evidence: str, tried_again: bool, absence_proves_after_s: float | None
) -> State:
    """See flows/ports/ledger.py."""
    with engine.begin() as tx:
        row, held = _left(tx, claim_id)
        if held is None:
            return State(row["state"])
        this = claim.c.id == held["id"]
        if tried_again:
            counted_anew = _NOW + sa.func.make_interval(0, 0, 0, 0, 0, 0, absence_proves_after_s)
            tx.execute(sa.update(claim).where(this).values(absence_proves_at=counted_anew))
        looked = {
            "state": "outcome_unknown",
            "evidence": evidence,
            "check_count": claim.c.check_count + 1,
            "next_check_at": _NEXT_LOOK,
        }
        tx.execute(sa.update(claim).where(this).values(looked))
        if row["state"] == State.OUTCOME_UNKNOWN:
            return State.OUTCOME_UNKNOWN
        values = {"reason": evidence, "reason_code": Reason.OUTCOME_UNKNOWN, "acted_run_id": run.run_id}
        return trail.move(tx, row, Event.NO_ANSWER, run.run_id, evidence, values)


def act_again(tx: sa.Connection, run: Run, document_id: str, reason: str) -> State:
    """The claim's bytes, name and numbers once more: back to `ready` with the claim kept."""
    row, held = unknown_claim(tx, document_id)
    return _act_again(tx, run, row, held, reason)


def delivered(tx: sa.Connection, run: Run, row: Row, event: Event, evidence: str, links: dict[str, Any]) -> State:
    kept = sa.func.coalesce(document.c.links, sa.text("'{}'::jsonb")).op("||")(sa.cast(links, document.c.links.type))
    values = {**CLEAR, "acted_run_id": run.run_id, "links": kept}
    return trail.move(tx, row, event, run.run_id, evidence, values)


def _act_again(
    tx: sa.Connection, run: Run, row: Row, held: Row, reason: str, values: Mapping[str, Any] = MappingProxyType({})
) -> State:
    again = {"state": "claimed", "owner": None, "fencing": claim.c.fencing + 1, "evidence": reason, "check_count": 0}
    again["twin_look_at"] = claim.c.absence_proves_at  # set anew when it is completed, since it is not empty
    tx.execute(sa.update(claim).where(claim.c.id == held["id"]).values(again))
    if row["state"] == State.OUTCOME_UNKNOWN:
        return trail.move(tx, row, Event.NOT_DELIVERED, run.run_id, reason, {**CLEAR, **values})
    if values:
        tx.execute(sa.update(document).where(document.c.id == row["id"]).values(values))
    trail.note(tx, row, Event.NOT_DELIVERED, run.run_id, reason)
    return State(row["state"])


def end_claim(tx: sa.Connection, held: Row, state: str, **values: Any) -> None:
    change = sa.update(claim).where(claim.c.id == held["id"])
    tx.execute(change.values(state=state, settled_at=sa.func.clock_timestamp(), **values))


def _left(tx: sa.Connection, claim_id: str) -> tuple[Row, Row | None]:
    """The document and its claim, locked; no claim when a 997 completed it meanwhile."""
    number, fencing = claim_of_name(claim_id)
    document_id = tx.scalar(sa.select(claim.c.document_id).where(claim.c.id == number))
    row = locked(tx, document_id or "")
    tx.execute(sa.select(claim.c.id).where(claim.c.id == number).with_for_update())
    expired = (claim.c.expires_at <= sa.func.now()).label("expired")
    query = sa.select(claim, _LEFT.label("left"), expired, _ABSENCE_PROVES.label("absence_proves"))
    held = tx.execute(query.where(claim.c.id == number)).mappings().one()
    if held["state"] == "done" and row["state"] in DELIVERED:
        return row, None
    if not held["left"] or not held["expired"] or fencing not in (None, held["fencing"]):
        raise _went_on(claim_id, row, held)
    return row, held


def _went_on(claim_id: str, row: Row, held: Row) -> ClaimLost:
    return ClaimLost(
        f"Claim {claim_id} on document {row['id']} went on since it was looked at (it is {held['state']} now)",
        hint=f"`documents show {row['id']}` tells who has it; the next run looks again.",
    )


def unknown_claim(tx: sa.Connection, document_id: str) -> tuple[Row, Row]:
    row = locked(tx, document_id)
    held = (
        tx.execute(sa.select(claim).where(claim.c.document_id == row["id"], claim.c.state == "outcome_unknown"))
        .mappings()
        .one_or_none()
    )
    if row["state"] != State.OUTCOME_UNKNOWN or held is None:
        raise TransitionRefused(
            f"Document {row['id']} is {row['state']}; only an unknown outcome can be released or sent again",
            hint="Where a run died, `mlconn recover` looks for evidence first and makes it `outcome_unknown` when there is none.",
        )
    return row, held
