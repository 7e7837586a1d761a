"""Documents and acknowledgments as rows for reports: one a document, one an acknowledgment awaited. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.ledger.tables import acknowledgment, claim, document
from mlconn_pipelines.ledger.totals import COUNTED, LAST_CLAIM


def document_rows(engine: sa.Engine, integration: str, first: dt.date, last: dt.date) -> Sequence[dict[str, Any]]:
    """Documents filed under the days in [first, last], each once, in order of day and id, with their last attempt and its 997.

    integration: of this one only; all when empty. Previews, older revisions and redelivered ones are left out.
    """
    query = (
        sa.select(
            document.c.id.label("document"),
            document.c.integration,
            document.c.flow,
            document.c.direction,
            sa.case((document.c.set_id != "", document.c.set_id), else_=document.c.kind).label("set"),
            document.c.business_number.label("number"),
            document.c.document_date.label("date"),
            document.c.partition.label("day"),
            document.c.partner,
            document.c.partner_code,
            document.c.state,
            document.c.line_count.label("lines"),
            document.c.amount,
            document.c.currency,
            sa.case((document.c.reason_code != "", document.c.reason_code), else_=document.c.exception_code).label("code"),
            sa.case((document.c.reason != "", document.c.reason), else_=document.c.exception).label("reason"),
            sa.func.coalesce(claim.c.file_name, "").label("file"),
            sa.func.coalesce(claim.c.destination, "").label("destination"),
            claim.c.interchange_number,
            claim.c.sending_at.label("sent_at"),
            sa.func.coalesce(acknowledgment.c.state, "").label("acknowledgment"),
            acknowledgment.c.decided_at.label("acknowledged_at"),
            acknowledgment.c.within_h,
            document.c.first_seen_at,
            document.c.changed_at,
        )
        .select_from(
            document.outerjoin(claim, claim.c.id == LAST_CLAIM).outerjoin(
                acknowledgment, acknowledgment.c.claim_id == claim.c.id
            )
        )
        .where(document.c.partition.between(first, last), COUNTED)
        .order_by(document.c.partition, document.c.id)
    )
    return _rows(engine, query, document.c.integration, integration)


def acknowledgment_rows(engine: sa.Engine, integration: str, first: dt.date, last: dt.date) -> Sequence[dict[str, Any]]:
    """What partners were to acknowledge of documents filed under the days in [first, last], one row an attempt, oldest first."""
    query = (
        sa.select(
            acknowledgment.c.document_id.label("document"),
            acknowledgment.c.integration,
            document.c.partition.label("day"),
            document.c.partner,
            acknowledgment.c.set_id.label("set"),
            document.c.business_number.label("number"),
            acknowledgment.c.sender,
            acknowledgment.c.receiver,
            acknowledgment.c.usage,
            claim.c.interchange_number,
            acknowledgment.c.functional_id,
            acknowledgment.c.group_number,
            acknowledgment.c.set_number,
            acknowledgment.c.state,
            claim.c.sending_at.label("sent_at"),
            acknowledgment.c.within_h,
            acknowledgment.c.decided_at,
            acknowledgment.c.answered_by,
        )
        .select_from(
            acknowledgment.join(claim, claim.c.id == acknowledgment.c.claim_id).join(
                document, document.c.id == acknowledgment.c.document_id
            )
        )
        .where(document.c.partition.between(first, last))
        .order_by(acknowledgment.c.id)
    )
    return _rows(engine, query, acknowledgment.c.integration, integration)


def _rows(engine: sa.Engine, query: sa.Select[Any], of: sa.Column[str], integration: str) -> Sequence[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(query.where(of == integration) if integration else query)
        return [dict(row) for row in rows.mappings()]
