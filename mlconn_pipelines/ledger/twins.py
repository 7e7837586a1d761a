"""Looks for a twin: a request that was given up for lost and carried out late after all, beside the one that was made again."""

from __future__ import annotations

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import Run, TwinLook
from mlconn_pipelines.ledger import trail
from mlconn_pipelines.ledger.alerts import raise_alert
from mlconn_pipelines.ledger.identity import from_number
from mlconn_pipelines.ledger.rows import locked
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, claim, document, interchange
from mlconn_pipelines.reasons import Reason

LOOKS_AT_ONCE = 100
AGAIN_S = 300.0
"""Before the next look where the system did not answer this one."""

DUE = f"c.twin_look_at <= now() AND c.entity <> '' AND c.correlation_reference <> '' AND NOT (c.{OPEN_CLAIM})"
"""Of a claim `c`: what is open still has its look before it."""


def due(engine: sa.Engine, integration: str, flow: str) -> list[TwinLook]:
    """See flows/ports/ledger.py."""
    query = sa.text(
        f"SELECT c.id FROM claim c JOIN document d ON d.id = c.document_id WHERE {DUE} "  # noqa: S608 - constants of ours
        f"AND d.integration = :integration AND (:flow = '' OR d.flow = :flow) ORDER BY c.id LIMIT {LOOKS_AT_ONCE}"
    )
    with engine.connect() as connection:
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


def done(engine: sa.Engine, look: TwinLook) -> None:
    """It was looked, and there is nothing more to look for."""
    with engine.begin() as tx:
        tx.execute(sa.update(claim).where(claim.c.id == look.number).values(twin_look_at=None))


def later(engine: sa.Engine, look: TwinLook) -> None:
    """The system did not answer: once more in a while."""
    at = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, AGAIN_S)
    with engine.begin() as tx:
        tx.execute(sa.update(claim).where(claim.c.id == look.number).values(twin_look_at=at))


def tell(engine: sa.Engine, run: Run, document_id: str, words: str) -> bool:
    """See flows/ports/ledger.py."""
    with engine.begin() as tx:
        new = raise_alert(tx, run.integration, cause(document_id), words)
        if new and tx.scalar(sa.select(document.c.id).where(document.c.id == document_id)):
            row = locked(tx, document_id)
            shown = sa.update(document).where(document.c.id == document_id, document.c.exception == "")
            tx.execute(shown.values(exception=words, exception_code=Reason.STORED_TWICE))
            trail.note(tx, row, "stored_twice", run.run_id, words)
        return new


def cause(document_id: str) -> str:
    """Of the alert."""
    return f"stored_twice:{document_id}"
