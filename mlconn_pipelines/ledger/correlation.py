"""Which document another one means: by number, by partner, by business number. And what others say about ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.documents.lifecycle import DELIVERED, State
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.erp import Finding
from mlconn_pipelines.ledger import alerts, trail
from mlconn_pipelines.ledger.acknowledgments import add_findings
from mlconn_pipelines.ledger.rows import WHOLE, WITHOUT_RAW, document_row, locked
from mlconn_pipelines.ledger.tables import document
from mlconn_pipelines.ledger.tables_of_memory import our_update

_ON_THEIR_WAY = (State.READY, State.UNKNOWN)


def sent_by_number(engine: sa.Engine, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
    """See flows/ports/ledger.py."""
    return sent_by_numbers(engine, integration, set_id, [(partner, business_number)]).get((partner, business_number))


def sent_by_numbers(
    engine: sa.Engine, integration: str, set_id: str, named: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], DocumentRow]:
    """See flows/ports/ledger.py. A partner may answer before our own `complete`: one on its way counts after the delivered."""
    asked = {"b_integration": integration, "b_set_id": set_id, "b_named": list(named)}
    found: dict[tuple[str, str], DocumentRow] = {}
    with engine.connect() as connection:
        for row in connection.execute(_SENT, asked).mappings():
            found.setdefault((row["partner"], row["business_number"]), document_row(row))
    return found


_DELIVERED = document.c.state.in_(DELIVERED)
_SENT = (
    sa.select(*WITHOUT_RAW)
    .where(
        *(document.c[name] == sa.bindparam(f"b_{name}") for name in ("integration", "set_id")),
        sa.tuple_(document.c.partner, document.c.business_number).in_(sa.bindparam("b_named", expanding=True)),
        document.c.direction == "outbound",
        ~document.c.preview,
        _DELIVERED | document.c.state.in_(_ON_THEIR_WAY),
    )
    .order_by(_DELIVERED.desc(), document.c.id.desc())
)


def business_duplicate(engine: sa.Engine, row: DocumentRow, since: dt.date) -> DocumentRow | None:
    """See flows/ports/ledger.py. Revisions and redeliveries of the same document are no duplicates of it."""
    names = ("integration", "set_id", "partner", "business_number", "preview", "id", "source_key")
    return _first(engine, _DUPLICATE, {f"b_{name}": getattr(row, name) for name in names} | {"b_since": since})


_DUPLICATE = (  # asked once for every order that arrives, so it is put together once
    sa.select(*WHOLE)
    .where(
        *(document.c[name] == sa.bindparam(f"b_{name}") for name in ("integration", "set_id", "partner", "business_number")),
        document.c.direction == "inbound",
        document.c.state.in_((*_ON_THEIR_WAY, State.POSTED, State.RECORDED)),
        document.c.preview == sa.bindparam("b_preview"),
        document.c.id != sa.bindparam("b_id"),
        document.c.source_key != sa.bindparam("b_source_key"),
        sa.func.coalesce(document.c.document_date, sa.cast(document.c.first_seen_at, sa.Date)) >= sa.bindparam("b_since"),
    )
    .order_by(document.c.id)
    .limit(1)
)


def _first(
    engine: sa.Engine, query: sa.Select[tuple[object, ...]], values: Mapping[str, object] | None = None
) -> DocumentRow | None:
    with engine.connect() as connection:
        row = connection.execute(query, dict(values or {})).mappings().one_or_none()
        return document_row(row) if row else None


def advise(engine: sa.Engine, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
    """See flows/ports/ledger.py. The state is the 997's to change; an 824 leaves it as it is."""
    with engine.begin() as tx:
        row = locked(tx, document_id)
        add_findings(tx, row, findings)
        words = "; ".join(finding.message for finding in findings)
        trail.note(tx, row, "advised_rejection" if rejected else "advised", run.run_id, words)
        if rejected:
            text = f"{row['set_id']} {row['business_number']} ({row['id']}) was rejected by {row['partner']}: {words}"
            alerts.raise_alert(tx, run.integration, f"advised_rejection:{row['id']}", text)


def note_our_update(engine: sa.Engine, integration: str, flow: str, key: str, content_hash: str) -> None:
    """See flows/ports/ledger.py."""
    values = {"integration": integration, "flow": flow, "source_key": key, "content_hash": content_hash}
    with engine.begin() as tx:
        tx.execute(postgresql.insert(our_update).values(values).on_conflict_do_nothing())
