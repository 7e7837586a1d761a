"""Who may act, and what a lost process or a lost answer left open: unknown outcomes, looks for a twin, open attempts.

`Claims` of flows/ports/claims.py; what a claim's owner does with it stands in owners.py and claim_outcomes.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from mlconn_pipelines.documents.lifecycle import DELIVERED, Event, State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import ClaimLost, TransitionRefused
from mlconn_pipelines.flows.ports.entries import OpenClaim, Run, TwinLook
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.alerts import raise_alert
from mlconn_pipelines.ledger.claim_outcomes import FIRST_RETRY_S, LAST_RETRY_S, Times, exception_of
from mlconn_pipelines.ledger.identity import claim_name, claim_of_name, from_number
from mlconn_pipelines.ledger.judging import hold_if_due
from mlconn_pipelines.ledger.locks import LIVE_OWNERS, OWNERS
from mlconn_pipelines.ledger.owners import PostgresOwner
from mlconn_pipelines.ledger.rows import WHOLE, Row, document_row, locked
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, claim, document, interchange, owner_number
from mlconn_pipelines.ledger.tables_state import open_attempt
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

LOOKS_AT_ONCE = 100
AGAIN_S = 300.0
"""Before the next look where the system did not answer this one."""

TWIN_LOOK_DUE = f"c.twin_look_at <= now() AND c.entity <> '' AND c.correlation_reference <> '' AND NOT (c.{OPEN_CLAIM})"
"""Of a claim `c`: what is open still has its look before it."""


class PostgresClaims:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def owner(self, run: Run, time_out_s: float, absence_proves_after_s: float | None = None) -> Iterator[PostgresOwner]:
        """On a connection of its own that never has a transaction open.

        A machine that is lost without a word is noticed by the server within half a minute or so, by TCP keep-alive.
        """
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as pooled:
            pooled.detach()  # held for the whole run: it must not count against the pool that the acting threads share
            pooled.execute(
                sa.text("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
            )
            number = pooled.scalars(sa.select(owner_number.next_value())).one()
            pooled.execute(sa.select(sa.func.pg_advisory_lock(OWNERS, sa.cast(number, sa.Integer))))
            yield PostgresOwner(self._engine, run, number, Times(time_out_s, absence_proves_after_s))

    def open_claims(self, integration: str, flow: str = "") -> list[OpenClaim]:
        """Only past the time-out and its margin: until then absence proves nothing."""
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
        with self._engine.connect() as connection:
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
        self, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str, hold_after: int | None = None
    ) -> State:
        """Surely not stored: the same claim acts again with its bytes, name and numbers, under a higher fencing number."""
        with self._engine.begin() as tx:
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
            return delivered(tx, run, row, event, evidence, links, **exception_of(outcome))

    def keep_unknown(
        self, run: Run, claim_id: str, evidence: str, *, tried_again: bool = False, absence_proves_after_s: float | None = None
    ) -> State:
        with self._engine.begin() as tx:
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
            return transitions.move(tx, row, Event.NO_ANSWER, run.run_id, evidence, values)

    def twin_looks(self, integration: str, flow: str = "") -> list[TwinLook]:
        query = sa.text(
            f"SELECT c.id FROM claim c JOIN document d ON d.id = c.document_id WHERE {TWIN_LOOK_DUE} "  # noqa: S608 - constants of ours
            f"AND d.integration = :integration AND (:flow = '' OR d.flow = :flow) ORDER BY c.id LIMIT {LOOKS_AT_ONCE}"
        )
        with self._engine.connect() as connection:
            ids = connection.scalars(query, {"integration": integration, "flow": flow}).all()
            rows = connection.execute(
                sa.select(
                    claim.c.id,
                    claim.c.entity,
                    claim.c.correlation_reference,
                    interchange.c.content,
                    document.c.id.label("document_id"),
                    document.c.set_id,
                    document.c.business_number,
                    document.c.partner,
                    document.c.state,
                )
                .join(document, document.c.id == claim.c.document_id)
                .join(interchange, interchange.c.id == claim.c.interchange_id)
                .where(claim.c.id.in_(ids))
                .order_by(claim.c.id)
            ).mappings()
            return [
                TwinLook(
                    claim_id=from_number("C", row["id"]),
                    document_id=row["document_id"],
                    name=f"{row['set_id']} {row['business_number']} of {row['partner']}",
                    state=State(row["state"]),
                    entity=row["entity"],
                    correlation_reference=row["correlation_reference"],
                    content=bytes(row["content"]),
                    number=row["id"],
                )
                for row in rows
            ]

    def twin_looked(self, look: TwinLook) -> None:
        with self._engine.begin() as tx:
            tx.execute(sa.update(claim).where(claim.c.id == look.number).values(twin_look_at=None))

    def twin_look_later(self, look: TwinLook) -> None:
        at = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, AGAIN_S)
        with self._engine.begin() as tx:
            tx.execute(sa.update(claim).where(claim.c.id == look.number).values(twin_look_at=at))

    def stored_twice(self, run: Run, document_id: str, words: str) -> bool:
        with self._engine.begin() as tx:
            new = raise_alert(tx, run.integration, f"stored_twice:{document_id}", words)
            if new and tx.scalar(sa.select(document.c.id).where(document.c.id == document_id)):
                row = locked(tx, document_id)
                shown = sa.update(document).where(document.c.id == document_id, document.c.exception == "")
                tx.execute(shown.values(exception=words, exception_code=Reason.STORED_TWICE))
                transitions.note(tx, row, "stored_twice", run.run_id, words)
            return new

    def attempt_left_open(self, integration: str, what: str, absence_proves_after_s: float) -> None:
        at = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, absence_proves_after_s)
        row = insert(open_attempt).values(integration=integration, what=what, absence_proves_at=at)
        with self._engine.begin() as tx:
            tx.execute(row.on_conflict_do_update(index_elements=["integration", "what"], set_={"absence_proves_at": at}))

    def attempt_is_open(self, integration: str, what: str) -> bool:
        this = (open_attempt.c.integration == integration) & (open_attempt.c.what == what)
        with self._engine.connect() as connection:
            return bool(connection.scalar(sa.select(open_attempt.c.absence_proves_at > sa.func.clock_timestamp()).where(this)))


def act_again(tx: sa.Connection, run: Run, document_id: str, reason: str) -> State:
    """The claim's bytes, name and numbers once more: back to `ready` with the claim kept."""
    row, held = unknown_claim(tx, document_id)
    return _act_again(tx, run, row, held, reason)


def delivered(tx: sa.Connection, run: Run, row: Row, event: Event, evidence: str, links: dict[str, Any], **more: str) -> State:
    kept = sa.func.coalesce(document.c.links, sa.text("'{}'::jsonb")).op("||")(sa.cast(links, document.c.links.type))
    values = {**CLEAR, "acted_run_id": run.run_id, "links": kept, **more}
    return transitions.move(tx, row, event, run.run_id, evidence, values)


def _act_again(
    tx: sa.Connection, run: Run, row: Row, held: Row, reason: str, values: Mapping[str, Any] = MappingProxyType({})
) -> State:
    again = {"state": "claimed", "owner": None, "fencing": claim.c.fencing + 1, "evidence": reason, "check_count": 0}
    again["twin_look_at"] = claim.c.absence_proves_at  # set anew when it is completed, since it is not empty
    tx.execute(sa.update(claim).where(claim.c.id == held["id"]).values(again))
    if row["state"] == State.OUTCOME_UNKNOWN:
        return transitions.move(tx, row, Event.NOT_DELIVERED, run.run_id, reason, {**CLEAR, **values})
    if values:
        tx.execute(sa.update(document).where(document.c.id == row["id"]).values(values))
    transitions.note(tx, row, Event.NOT_DELIVERED, run.run_id, reason)
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
