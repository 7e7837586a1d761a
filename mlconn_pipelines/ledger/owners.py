"""Who acts: a number with a lock that ends with the process, and how it takes the right to act once on a document.

Taking it is one transaction of two statements. The first locks the document and, where there is no open claim, the counter row;
the second stores numbers, bytes and name. In between `render` is called, so a refusal rolls the numbers back and leaves no gap.
The commit does not wait for the disk (`synchronous_commit`): nothing has left yet, and the commit of `sending`, which does wait,
writes this one too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.ports.entries import Channel, ControlNumbers, DocumentRow, FailedAct, Render, Rendered, Run
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.claim_outcomes import HeldClaim, Times, finding_of
from mlconn_pipelines.ledger.identity import claim_of_name
from mlconn_pipelines.ledger.judging import FAILED, FAILED_ALONE, hold_if_due
from mlconn_pipelines.ledger.locks import LIVE_OWNERS
from mlconn_pipelines.ledger.rows import Row, json_of_findings, locked
from mlconn_pipelines.ledger.statements import Statement
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, claim
from mlconn_pipelines.ledger.tables_state import answered_act

LARGEST_NUMBER = 999_999_999
"""ISA13 and GS06 have nine digits, and so has the longest ST02; after it comes 1."""

_LOCK = Statement(
    f"""
    WITH doc AS MATERIALIZED (
        SELECT d.id, d.integration, d.direction, d.source_key, d.content_hash, d.state, d.partner,
               c.id AS claim_id, c.state AS claim_state, c.owner AS claim_owner
        FROM document d LEFT JOIN claim c ON c.document_id = d.id AND c.{OPEN_CLAIM}
        WHERE d.id = :id AND d.state = 'ready' AND d.is_current AND NOT d.preview
          AND d.revision = :revision AND d.changed_at = :changed_at
          AND (d.next_attempt_at IS NULL OR d.next_attempt_at <= now())
        FOR NO KEY UPDATE OF d SKIP LOCKED
    ), counter AS (
        INSERT INTO control_number AS n (ours, theirs, usage, interchange_number, group_number, set_number)
        SELECT :ours, :theirs, :usage, 1, 1, 1 FROM doc WHERE doc.claim_id IS NULL AND :counted
        ON CONFLICT (ours, theirs, usage) DO UPDATE SET
            interchange_number = n.interchange_number % {LARGEST_NUMBER} + 1,
            group_number = n.group_number % {LARGEST_NUMBER} + 1,
            set_number = n.set_number % {LARGEST_NUMBER} + 1
        RETURNING interchange_number, group_number, set_number
    )
    SELECT doc.*, counter.*, now() AS at, set_config('synchronous_commit', 'off', true),
           doc.claim_owner IS NOT NULL AND doc.claim_owner IN ({LIVE_OWNERS}) AS owner_lives
    FROM doc LEFT JOIN counter ON true
    """  # noqa: S608 - constants of ours
)

_STORE = Statement(
    f"""
    WITH stored AS (
        INSERT INTO interchange (integration, direction, envelope, file_name, place, content, sha256, run_id)
        VALUES (:integration, 'outbound', :envelope, :file_name, :destination, :content, :sha256, :run_id) RETURNING id
    ), held AS (
        INSERT INTO claim (document_id, state, owner, target, entity, correlation_reference, interchange_id, file_name, destination,
                           interchange_number, group_number, set_number, run_id)
        SELECT :id, 'claimed', :owner, :target, :entity, :correlation_reference, stored.id, :file_name, :destination,
               :interchange_number, :group_number, :set_number, :run_id FROM stored
        ON CONFLICT (document_id) WHERE {OPEN_CLAIM} DO NOTHING RETURNING id
    ), awaited AS (
        INSERT INTO acknowledgment (claim_id, document_id, integration, state, sender, receiver, usage, functional_id,
                                    group_number, set_id, set_number, within_h)
        SELECT held.id, :id, :integration, :acknowledgment, :sender, :receiver, :usage, :functional_id, :group, :set_id, :set,
               :within_h FROM held WHERE :awaits
    ), told AS (
        INSERT INTO audit_event (integration, document_id, event, from_state, to_state, run_id, direction, source_id, payload_hash)
        SELECT :integration, :id, 'claimed', 'ready', 'ready', :run_id, :direction, :source_key, :sha256 FROM held
    )
    SELECT id FROM held
    """,  # noqa: S608 - constants of ours
    json=("envelope",),
)

_TAKE_OVER = Statement(
    """
    WITH taken AS (
        UPDATE claim SET owner = :owner, fencing = fencing + 1, run_id = :run_id WHERE id = :claim_id AND state = 'claimed'
        RETURNING id, fencing, interchange_id, file_name, destination, correlation_reference
    ), told AS (
        INSERT INTO audit_event (integration, document_id, event, from_state, to_state, run_id, direction, source_id, payload_hash)
        SELECT :integration, :id, 'claim_taken_over', 'ready', 'ready', :run_id, :direction, :source_key, i.sha256
        FROM taken JOIN interchange i ON i.id = taken.interchange_id
    )
    SELECT taken.*, i.content FROM taken JOIN interchange i ON i.id = taken.interchange_id
    """
)


class PostgresOwner:
    """`Owner` of flows/ports/claims.py; safe to use from several threads while its context (`PostgresClaims.owner`) lasts."""

    def __init__(self, engine: sa.Engine, run: Run, number: int, times: Times) -> None:
        self._engine, self._run, self.number, self._times = engine, run, number, times

    def claim(
        self, document: DocumentRow, channel: Channel | None, render: Render, entity: str = "", repeatable: bool = False
    ) -> HeldClaim | None:
        """A DocumentRejected of `render` is raised again after the document was put on hold with it."""
        try:
            with self._engine.connect() as connection, connection.begin() as transaction:
                held = self._claim(connection, document, channel, render, entity, repeatable)
                if held is None:
                    transaction.rollback()
                return held
        except DocumentRejected as refusal:
            self._hold(document, refusal)
            raise

    def _claim(
        self,
        tx: sa.Connection,
        document: DocumentRow,
        channel: Channel | None,
        render: Render,
        entity: str,
        repeatable: bool,
    ) -> HeldClaim | None:
        asked = {
            "id": document.id,
            "revision": document.revision,
            "changed_at": document.changed_at,
            "ours": channel.ours if channel else "",
            "theirs": channel.theirs if channel else "",
            "usage": channel.usage if channel else "",
            "counted": channel is not None,
        }
        row = _LOCK.row(tx, asked)
        if row is None:
            return None
        if row["claim_id"] is not None:
            return self._take_over(tx, row)
        numbers = ControlNumbers(row["interchange_number"] or 0, row["group_number"] or 0, row["set_number"] or 0)
        rendered = render(numbers, row["at"])
        correlation_reference = "" if repeatable else f"{row['integration']}:{entity}:{row['id']}"
        values = _values(self._run, self.number, row, channel, numbers, rendered, entity)
        number = _STORE.value(tx, values | {"correlation_reference": correlation_reference})
        if number is None:
            return None
        return self._held(row, number, 1, rendered.content, rendered.file_name, rendered.destination, correlation_reference)

    def _take_over(self, tx: sa.Connection, row: Row) -> HeldClaim | None:
        """`claimed` without `sending` is safe to act on as soon as nobody else does."""
        if row["claim_state"] != "claimed" or row["owner_lives"]:
            return None
        named = {name: row[name] for name in ("id", "integration", "direction", "source_key", "claim_id")}
        taken = _TAKE_OVER.row(tx, named | {"owner": self.number, "run_id": self._run.run_id})
        if taken is None:
            return None
        names = ("file_name", "destination", "correlation_reference")
        return self._held(row, taken["id"], taken["fencing"], bytes(taken["content"]), *(taken[name] for name in names))

    def _held(self, row: Row, number: int, fencing: int, *stored: Any) -> HeldClaim:
        return HeldClaim(self._engine, self._run, row, number, fencing, self.number, self._times, *stored)

    def _hold(self, document: DocumentRow, refusal: DocumentRejected) -> None:
        """In a transaction of its own: the claim's was rolled back with its numbers."""
        with self._engine.begin() as tx:
            row = locked(tx, document.id)
            if row["state"] != State.READY or row["revision"] != document.revision:
                return
            kept = sa.func.coalesce(sa.column("findings", JSONB), sa.text("'[]'::jsonb"))
            values = {
                "reason": str(refusal),
                "reason_code": refusal.code,
                "held_by": "claim",
                "config_hash": self._run.config_hash,
                "findings": kept.op("||")(sa.cast(json_of_findings([finding_of(refusal)]), JSONB)),
            }
            transitions.move(tx, row, Event.REFUSED, self._run.run_id, str(refusal), values)

    def judge(self, answered: Collection[str], failed: Sequence[FailedAct], hold_after: int) -> int:
        if not answered and not failed:
            return 0
        with self._engine.begin() as tx:
            for system in sorted(answered):
                tx.execute(
                    insert(answered_act)
                    .values(integration=self._run.integration, system=system, at=sa.func.clock_timestamp())
                    .on_conflict_do_update(index_elements=["integration", "system"], set_={"at": sa.func.clock_timestamp()})
                )
            for act in failed:
                if act.alone:
                    this = (claim.c.id == claim_of_name(act.claim_id)[0]) & (claim.c.unjudged == FAILED)
                    tx.execute(sa.update(claim).where(this).values(unjudged=FAILED_ALONE))
        return sum(self._judge(claim_of_name(act.claim_id)[0], hold_after) for act in failed if not act.looked_for)

    def _judge(self, number: int, hold_after: int) -> bool:
        """Of a claim that waits for its next try; false where somebody has taken it meanwhile, who judges it again."""
        with self._engine.begin() as tx:
            row = locked(tx, tx.scalars(sa.select(claim.c.document_id).where(claim.c.id == number)).one())
            held = tx.execute(sa.select(claim).where(claim.c.id == number).with_for_update()).mappings().one()
            if row["state"] != State.READY or held["state"] != "claimed" or held["owner"] is not None:
                return False
            return hold_if_due(tx, self._run, row, held, hold_after) is not None


def _values(
    run: Run, owner: int, row: Row, channel: Channel | None, numbers: ControlNumbers, rendered: Rendered, entity: str
) -> dict[str, Any]:
    envelope = rendered.envelope
    place = rendered.destination
    return {
        **{name: row[name] for name in ("id", "integration", "direction", "source_key")},
        "run_id": run.run_id,
        "owner": owner,
        "target": "erp" if channel is None else "api_provider" if "://" in place else "folder",
        "entity": entity,
        "file_name": rendered.file_name,
        "destination": place,
        "content": rendered.content,
        "sha256": sha256(rendered.content).hexdigest(),
        "envelope": dict(envelope) or None,
        "interchange_number": numbers.interchange if channel else None,
        "group_number": numbers.group if channel else None,
        "set_number": numbers.transaction_set if channel else None,
        "awaits": bool(envelope),
        "acknowledgment": "not_expected" if rendered.awaits_acknowledgment_h is None else "awaited",
        "within_h": rendered.awaits_acknowledgment_h,
        **{name: envelope.get(name, "") for name in ("sender", "receiver", "usage", "functional_id", "set_id")},
        **{name: without_zeros(envelope.get(name, "")) for name in ("group", "set")},
    }


def without_zeros(number: str) -> str:
    """A control number as it is compared: partners answer 0001 to 000000001 and the other way round."""
    return number.strip().lstrip("0") or number.strip()[:1]
