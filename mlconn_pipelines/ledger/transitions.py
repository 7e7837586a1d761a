"""The only way a document changes its state: by the table of documents/lifecycle.py, with an audit event beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event, State, after, verdicts_of
from mlconn_pipelines.errors import TransitionRefused
from mlconn_pipelines.ledger.alerts import repeated_failure, resolve_alert
from mlconn_pipelines.ledger.identity import from_number
from mlconn_pipelines.ledger.rows import Row
from mlconn_pipelines.ledger.tables import document
from mlconn_pipelines.ledger.tables_state import audit_event


def target(row: Row, event: Event) -> State:
    """The state that follows; TransitionRefused where the table lists none. An empty state means: not in the ledger yet."""
    state = State(row["state"]) if row["state"] else None
    follows = after(state, event)
    if follows is None:
        raise TransitionRefused(
            f"Document {row['id']} is {state or 'not in the ledger'}; nothing that is {state or 'new'} can be {event.value}",
            hint=f"`documents show {row['id']}` tells what happened to it.",
        )
    return follows


def standing(state: State) -> dict[str, str]:
    """The columns that say where a document stands: its verdicts, and the state that follows from them."""
    verdicts = verdicts_of(state)
    return {"state": state, "delivery": verdicts.delivery, "syntax": verdicts.syntax}


def entry(
    row: Row, event: str, to_state: str, run_id: str, reason: str = "", payload_hash: str = "", from_state: str | None = None
) -> dict[str, Any]:
    """One audit event, to be written in the transaction of the change itself."""
    return {
        "integration": row["integration"],
        "document_id": row["id"],
        "event": event,
        "from_state": row["state"] if from_state is None else from_state,
        "to_state": to_state,
        "run_id": run_id,
        "direction": row["direction"],
        "source_id": row["source_key"],
        "payload_hash": payload_hash or row["content_hash"],
        "reason": reason,
    }


def write(tx: sa.Connection, entries: Sequence[dict[str, Any]]) -> None:
    if entries:
        tx.execute(sa.insert(audit_event), list(entries))


def note(tx: sa.Connection, row: Row, event: str, run_id: str, reason: str = "", payload_hash: str = "") -> None:
    """Something happened that left the state as it is."""
    write(tx, [entry(row, event, row["state"], run_id, reason, payload_hash)])


def move(
    tx: sa.Connection, row: Row, event: Event, run_id: str, why: str = "", values: Mapping[str, Any] | None = None
) -> State:
    """Change a locked document's state and what goes with it; TransitionRefused when the table does not list the event.

    why: for the audit. values: further columns that change.
    """
    follows = target(row, event)
    change = (
        sa.update(document)
        .where(document.c.id == row["id"], document.c.state == row["state"])
        .values(changed_at=sa.func.clock_timestamp(), **standing(follows), **(values or {}))
    )
    if tx.execute(change).rowcount != 1:
        raise TransitionRefused(f"Document {row['id']} was {row['state']} a moment ago and is not any more", hint="Look again.")
    write(tx, [entry(row, event, follows, run_id, why)])
    if row["state"] == State.ON_HOLD:
        resolve_alert(tx, repeated_failure(row["id"]))
    return follows


def new_ids(tx: sa.Connection, count: int) -> list[str]:
    """Names for new documents, ascending."""
    query = sa.text("SELECT nextval('document_number') FROM generate_series(1, :count)")
    return [from_number("D", number) for number in sorted(tx.scalars(query, {"count": count}))] if count else []
