"""Documents that are checked once more: because a person says so, or because what they were refused for has changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.rows import HEAD, Row
from mlconn_pipelines.ledger.tables import document
from mlconn_pipelines.reasons import Cure, reason_named


def may_be_cured(code: str, cure: Cure, direction: str) -> bool:
    """Whether a document refused for that reason code is worth another check after that has changed.

    What the X12 engine finds in a document that goes out may lie in the record, the reference data or the partner's file; what
    it finds in a received one lies in its bytes, which only the partner's file makes lawful. A code of another release is
    checked again: that costs little, and one left behind would wait for ever.

    >>> [may_be_cured(code, Cure.REFERENCE_DATA, "outbound") for code in ("product_id_missing", "price_differs", "element_long")]
    [True, False, True]
    """
    reason = reason_named(code)
    if reason is not None:
        return cure in reason.cures
    return direction == "outbound" or cure is Cure.CONFIGURATION


def is_acknowledgment(row: Row) -> bool:
    """Whether it is a document of our own that answers another: complete from the start, with nothing to check."""
    declared = TRANSACTION_SETS.get(row["set_id"])  # none: a document between two systems, which is no X12 set
    return declared is not None and row["direction"] == "outbound" and declared.answers_a_document


def fresh(row: Row) -> dict[str, Any]:
    """Column values of a document about to be checked: nothing of an earlier check, but what its receipt found."""
    values: dict[str, Any] = {
        "reason": "",
        "reason_code": "",
        "held_by": "",
        "application": "",
        "approved": False,
        "attempts": 0,
        "next_attempt_at": None,
    }
    if row["direction"] == "inbound":
        return values | {"findings": document.c.receipt_findings}
    return values if is_acknowledgment(row) else values | {"canonical": None, "findings": None}


def back_to_seen(tx: sa.Connection, row: Row, event: Event, run_id: str, reason: str, **values: Any) -> State:
    """To `seen`; an answer of ours goes on to `ready` at once."""
    state = transitions.move(tx, row, event, run_id, reason, fresh(row) | values)
    return transitions.move(tx, {**row, "state": state}, Event.CHECKED, run_id) if is_acknowledgment(row) else state


def revive_for_reference(tx: sa.Connection, integration: str, version: int, run_id: str) -> int:
    """Documents on hold that a check refused for reference data older than `version`."""
    revived = refused_by_check(tx, integration, Cure.REFERENCE_DATA, document.c.reference_version < version)
    for row in revived:
        back_to_seen(tx, row, Event.REVALIDATED, run_id, f"reference data changed (version {version})")
    return len(revived)


def refused_by_check(tx: sa.Connection, integration: str, cure: Cure, condition: sa.ColumnElement[bool]) -> list[Row]:
    query = (
        sa.select(*HEAD)
        .where(document.c.integration == integration, sa.literal_column("document.state = 'on_hold'"), document.c.is_current)
        .where(document.c.held_by.in_(("check", "claim")), condition)
        .order_by(document.c.id)
        .with_for_update(key_share=True)
    )
    found = [dict(row) for row in tx.execute(query).mappings()]
    return [row for row in found if may_be_cured(row["reason_code"], cure, row["direction"])]
