"""Documents that are checked once more: because a person says so, or because what they were refused for has changed."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.ledger import trail
from mlconn_pipelines.ledger.rows import HEAD, Row
from mlconn_pipelines.ledger.tables import document, received_file

_REFERENCE = re.compile(
    r"partner|item|unit|cost|cent(?:re|er)|dimension|currency|account|address|ship_to|location|customer|supplier|vendor|"
    r"card|cross_reference|distribution"
)
_NOT_REFERENCE = re.compile(r"differ|price|quantity|duplicate|total")


def rests_on_reference_data(code: str) -> bool:
    """Whether new reference data may take away a refusal of that reason code.

    >>> [rests_on_reference_data(code) for code in ("item_unknown", "unit_price_differs", "order_unknown")]
    [True, False, False]
    """
    return bool(_REFERENCE.search(code)) and not _NOT_REFERENCE.search(code)


def is_answer(row: Row) -> bool:
    """Whether it is a document of our own that answers another: complete from the start, with nothing to check."""
    return bool(row["direction"] == "outbound" and row["set_id"] in ("997", "824"))


def fresh(row: Row) -> dict[str, Any]:
    """Column values of a document about to be checked: nothing of an earlier check, but what its receipt found."""
    values: dict[str, Any] = {
        "reason": "",
        "reason_code": "",
        "set_aside_by": "",
        "approved": False,
        "attempts": 0,
        "next_attempt_at": None,
    }
    if row["direction"] == "inbound":
        return values | {"findings": document.c.receipt_findings}
    return values if is_answer(row) else values | {"canonical": None, "findings": None}


def back_to_seen(tx: sa.Connection, row: Row, event: Event, run_id: str, reason: str, **values: Any) -> State:
    """To `seen`; an answer of ours goes on to `ready` at once."""
    state = trail.move(tx, row, event, run_id, reason, fresh(row) | values)
    return trail.move(tx, {**row, "state": state}, Event.CHECKED, run_id) if is_answer(row) else state


def revive_for_reference(tx: sa.Connection, integration: str, version: int, run_id: str) -> int:
    """Set-aside documents that a check refused for reference data older than `version`."""
    found = _refused_by_check(tx, integration, ("check", "claim"), document.c.reference_version < version)
    revived = [row for row in found if rests_on_reference_data(row["reason_code"])]
    for row in revived:
        back_to_seen(tx, row, Event.CIRCUMSTANCES_CHANGED, run_id, f"reference data changed (version {version})")
    return len(revived)


def configuration_changed(engine: sa.Engine, integration: str, config_hash: str) -> int:
    """See flows/ports/ledger.py."""
    with engine.begin() as tx:
        found = _refused_by_check(tx, integration, ("check", "claim"), document.c.config_hash != config_hash)
        for row in found:
            back_to_seen(tx, row, Event.CIRCUMSTANCES_CHANGED, "", "the configuration changed")
        here = (received_file.c.integration == integration, received_file.c.state == "set_aside")
        under_another = received_file.c.config_hash != config_hash
        tx.execute(sa.update(received_file).where(*here, under_another).values(config_hash=""))  # work for the inbound flow
        return len(found)


def _refused_by_check(
    tx: sa.Connection, integration: str, refused_by: tuple[str, ...], condition: sa.ColumnElement[bool]
) -> list[Row]:
    query = (
        sa.select(*HEAD)
        .where(document.c.integration == integration, sa.literal_column("document.state = 'set_aside'"), document.c.newest)
        .where(document.c.set_aside_by.in_(refused_by), condition)
        .order_by(document.c.id)
        .with_for_update(key_share=True)
    )
    return [dict(row) for row in tx.execute(query).mappings()]
