"""The queue: documents by state, what is ready to act on, how much work there is. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import Direction, DocumentRow
from mlconn_pipelines.ledger.locks import LIVE_OWNERS
from mlconn_pipelines.ledger.rows import WHOLE, WITHOUT_RAW, document_row
from mlconn_pipelines.ledger.tables import document
from mlconn_pipelines.ledger.twins import DUE as TWIN_LOOK_DUE

_HELD = sa.text(
    "NOT EXISTS (SELECT FROM claim c WHERE c.document_id = document.id AND "
    f"(c.state = 'sending' OR c.state = 'claimed' AND c.owner IN ({LIVE_OWNERS})))"
)
_DUE = document.c.next_attempt_at.is_(None) | (document.c.next_attempt_at <= sa.func.now())


def read_document(engine: sa.Engine, document_id: str) -> DocumentRow | None:
    with engine.connect() as connection:
        row = connection.execute(sa.select(*WHOLE).where(document.c.id == document_id)).mappings().one_or_none()
        return document_row(row) if row else None


def read_documents(
    engine: sa.Engine,
    integration: str,
    flow: str,
    states: Collection[State],
    *,
    ids: Collection[str] = (),
    partner: str = "",
    partitions: Collection[dt.date] = (),
    set_ids: Collection[str] = (),
    direction: Direction | None = None,
    due_only: bool = True,
    preview: bool = False,
    limit: int = 100_000,
    after: str = "",
    with_raw: bool = True,
    free_only: bool = False,
) -> list[DocumentRow]:
    """See flows/ports/ledger.py. ids: a name stands for the document as it is now, so an older revision's finds the newest.
    A duplicate, and a document that a change set follows, are found as themselves: what hangs on them does not take their place.

    free_only: leave out what a live owner holds or a request is under way for.
    """
    query = sa.select(*(WHOLE if with_raw else WITHOUT_RAW)).where(
        document.c.integration == integration,
        document.c.flow == flow,
        # Written out, not bound: only so does the planner see that the partial index on open states fits.
        document.c.state.in_([sa.literal_column(f"'{State(state)}'") for state in states]),
        document.c.preview == preview,
    )
    if after:
        query = query.where(document.c.id > after)
    if ids:
        named = document.c.id.in_(list(ids))
        stands = document.c.is_effective & ~document.c.is_current
        originals = sa.select(document.c.original).where(named, ~stands).scalar_subquery()
        query = query.where(document.c.is_current & document.c.original.in_(originals) | named & stands)
    if partner:
        query = query.where(document.c.partner == partner)
    if partitions:
        query = query.where(document.c.partition.in_(list(partitions)))
    if set_ids:
        query = query.where(document.c.set_id.in_(list(set_ids)))
    if direction:
        query = query.where(document.c.direction == direction)
    if due_only:
        query = query.where(_DUE)
    if free_only:
        query = query.where(_HELD)
    with engine.connect() as connection:
        return [document_row(row) for row in connection.execute(query.order_by(document.c.id).limit(limit)).mappings()]


_WORK = sa.text(
    f"""
    SELECT (SELECT count(*) FROM document WHERE integration = :integration AND flow = :flow AND preview = :preview
            AND (state = 'pending_validation'
                 OR state = 'ready' AND (next_attempt_at IS NULL OR next_attempt_at <= now()) AND {_HELD.text}))
         + (SELECT count(*) FROM claim c JOIN document d ON d.id = c.document_id
            WHERE d.integration = :integration AND d.flow = :flow AND NOT :preview AND c.expires_at <= now()
            AND (c.state = 'sending' AND d.state = 'ready' AND (c.owner IS NULL OR c.owner NOT IN ({LIVE_OWNERS}))
                 OR c.state = 'outcome_unknown' AND coalesce(c.next_check_at, now()) <= now()))
         + (SELECT count(*) FROM claim c JOIN document d ON d.id = c.document_id
            WHERE d.integration = :integration AND d.flow = :flow AND NOT :preview AND {TWIN_LOOK_DUE})
         + (SELECT count(*) FROM received_file WHERE integration = :integration AND :flow = 'inbound' AND NOT :preview
            AND state = 'on_hold' AND config_hash = '')
    """  # noqa: S608 - constants of ours
)


def count_work(engine: sa.Engine, integration: str, flow: str, preview: bool) -> int:
    """See flows/ports/ledger.py. An unknown outcome is work when its next look for evidence is due.

    So is a file that was put on hold under a configuration that is not in force any more.
    """
    with engine.connect() as connection:
        values = {"integration": integration, "flow": flow, "preview": preview}
        return int(connection.scalar(_WORK, values) or 0)
