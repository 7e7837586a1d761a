"""Which document another one means: by number, by partner, by business number. And what others say about ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.documents.lifecycle import DELIVERED, Application, State
from mlconn_pipelines.documents.serialization import Json
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.ledger import alerts, trail
from mlconn_pipelines.ledger.acknowledgments import add_findings
from mlconn_pipelines.ledger.claims import without_zeros
from mlconn_pipelines.ledger.rows import WITHOUT_PAYLOADS, document_row, locked
from mlconn_pipelines.ledger.tables import INVOICED_ORDER, RECEIVED_INVOICES, acknowledgment, document
from mlconn_pipelines.ledger.tables_of_memory import our_update
from mlconn_pipelines.ports.mapping import Finding

_ON_THEIR_WAY = (State.READY, State.OUTCOME_UNKNOWN)
_TAKEN = (*_ON_THEIR_WAY, State.POSTED, State.PROCESSED)


def sent_by_number(engine: sa.Engine, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
    """See flows/ports/ledger.py."""
    return sent_by_numbers(engine, integration, set_id, [(partner, business_number)]).get((partner, business_number))


def sent_by_numbers(
    engine: sa.Engine, integration: str, set_id: str, named: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], DocumentRow]:
    """See flows/ports/ledger.py. A partner may answer before our own `complete`: one on its way counts after the delivered."""
    partners, numbers = map(list, zip(*named, strict=True)) if named else ([], [])
    asked = {"b_integration": integration, "b_set_id": set_id, "b_partner": partners, "b_business_number": numbers}
    with engine.connect() as connection:
        rows = connection.execute(_SENT, asked).mappings()
        return {(row["partner"], row["business_number"]): document_row(row) for row in rows}


def sent_under(
    engine: sa.Engine, integration: str, envelope: Mapping[str, str], group: str, set_number: str
) -> DocumentRow | None:
    """See flows/ports/ledger.py."""
    query = (
        sa.select(*WITHOUT_PAYLOADS)
        .join(acknowledgment, acknowledgment.c.document_id == document.c.id)
        .where(
            acknowledgment.c.integration == integration,
            acknowledgment.c.group_number == without_zeros(group),
            acknowledgment.c.set_number == without_zeros(set_number),
            acknowledgment.c.sender == envelope.get("receiver", ""),
            acknowledgment.c.receiver == envelope.get("sender", ""),
            acknowledgment.c.usage == envelope.get("usage", ""),
        )
        .order_by(acknowledgment.c.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        row = connection.execute(query).mappings().one_or_none()
        return document_row(row) if row else None


def _each(kinds: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.TableValuedAlias:
    """What is asked about, a row each, from parameters that hold a list for every column."""
    arrays = [sa.cast(sa.bindparam(f"b_{name}"), sa.ARRAY(kind)) for name, kind in kinds.items()]
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, kind) for name, kind in kinds.items()]
    return sa.func.unnest(*arrays).table_valued(*columns).render_derived("asked")


# For each that is asked about a look of its own by the index: documents are many, those that ask are few, and a list of pairs
# is looked through for every document of the set.


def _sent() -> sa.Select[Any]:
    asked = _each(dict.fromkeys(("partner", "business_number"), sa.Text()))
    delivered = document.c.state.in_(DELIVERED)
    found = (
        sa.select(*WITHOUT_PAYLOADS)
        .where(
            *(document.c[name] == sa.bindparam(f"b_{name}") for name in ("integration", "set_id")),
            *(document.c[name] == asked.c[name] for name in ("partner", "business_number")),
            document.c.direction == "outbound",
            ~document.c.preview,
            delivered | document.c.state.in_(_ON_THEIR_WAY),
        )
        .order_by(delivered.desc(), document.c.id.desc())
        .limit(1)
        .lateral("found")
    )
    return sa.select(*found.c).select_from(asked.join(found, sa.true()))


_SENT = _sent()


def business_duplicates(engine: sa.Engine, rows: Sequence[DocumentRow], tolerance: dt.timedelta) -> dict[str, DocumentRow]:
    """See flows/ports/ledger.py. Revisions and redeliveries of the same document are no duplicates of it."""
    asked: dict[str, list[object]] = {f"b_{name}": [getattr(row, name) for row in rows] for name in _ASKED if name != "since"}
    asked["b_since"] = [
        dt.date.min if row.set_id in _NUMBERED_FOR_EVER else (row.document_date or row.partition) - tolerance for row in rows
    ]
    with engine.connect() as connection:
        return {row["asked_id"]: document_row(row) for row in connection.execute(_DUPLICATES, asked).mappings()}


_ASKED: Mapping[str, sa.types.TypeEngine[Any]] = {
    **dict.fromkeys(("id", "integration", "set_id", "partner", "business_number", "source_key"), sa.Text()),
    "preview": sa.Boolean(),
    "since": sa.Date(),
}


_NUMBERED_FOR_EVER = tuple(row.id for row in TRANSACTION_SETS.values() if row.is_once_for_ever)
"""Sets whose numbers never come again; one that a person has not decided about yet has come, too."""


def _held_before(asked_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    held = document.c.set_id.in_(_NUMBERED_FOR_EVER) & (document.c.state == State.ON_HOLD)
    return held & (document.c.id < asked_id)


def _duplicates() -> sa.Select[Any]:
    asked = _each(_ASKED)
    found = (
        sa.select(*WITHOUT_PAYLOADS)
        .where(
            *(document.c[name] == asked.c[name] for name in ("integration", "set_id", "partner", "business_number", "preview")),
            document.c.direction == "inbound",
            document.c.state.in_(_TAKEN) | _held_before(asked.c.id),
            document.c.id != asked.c.id,
            document.c.source_key != asked.c.source_key,
            sa.func.coalesce(document.c.document_date, sa.cast(document.c.first_seen_at, sa.Date)) >= asked.c.since,
        )
        .order_by(document.c.id)
        .limit(1)
        .lateral("found")
    )
    return sa.select(asked.c.id.label("asked_id"), *found.c).select_from(asked.join(found, sa.true()))


_DUPLICATES = _duplicates()


def invoices_before(engine: sa.Engine, rows: Sequence[DocumentRow]) -> dict[str, list[tuple[str, Json]]]:
    """See flows/ports/ledger.py."""
    asking = [(row, (row.canonical or {}).get("order_number", "")) for row in rows]
    asked = {
        f"b_{name}": [getattr(row, name) for row, number in asking if number] for name in _INVOICE_ASKED if name != "number"
    }
    asked["b_number"] = [number for _, number in asking if number]
    found: dict[str, list[tuple[str, Json]]] = {}
    if not asked["b_number"]:
        return found
    with engine.connect() as connection:
        for row in connection.execute(_INVOICES, asked).mappings():
            found.setdefault(row["asked_id"], []).append((row["id"], row["canonical"]))
    return found


_INVOICE_ASKED: Mapping[str, sa.types.TypeEngine[Any]] = {
    **dict.fromkeys(("id", "integration", "partner", "source_key", "number"), sa.Text()),
    "preview": sa.Boolean(),
}


def _invoices() -> sa.Select[Any]:
    asked = _each(_INVOICE_ASKED)
    found = (
        sa.select(document.c.id, document.c.canonical)
        .where(
            RECEIVED_INVOICES,
            *(document.c[name] == asked.c[name] for name in ("integration", "partner", "preview")),
            sa.func.left(asked.c.number, 200) == INVOICED_ORDER,
            document.c.state.in_(_TAKEN),
            document.c.id != asked.c.id,
            document.c.source_key != asked.c.source_key,
        )
        .order_by(document.c.id)
        .lateral("found")
    )
    return sa.select(asked.c.id.label("asked_id"), *found.c).select_from(asked.join(found, sa.true()))


_INVOICES = _invoices()


def advise(engine: sa.Engine, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
    """See flows/ports/ledger.py. The state is the 997's to change; an 824 leaves it as it is."""
    with engine.begin() as tx:
        row = locked(tx, document_id)
        add_findings(tx, row, findings)
        said = Application.REJECTED if rejected else Application.ACCEPTED
        tx.execute(sa.update(document).where(document.c.id == row["id"]).values(application=said))
        words = "; ".join(finding.message for finding in findings)
        trail.note(tx, row, "advised_rejection" if rejected else "advised", run.run_id, words)
        if rejected:
            text = f"{row['set_id']} {row['business_number']} ({row['id']}) was rejected by {row['partner']}: {words}"
            alerts.raise_alert(tx, run.integration, f"advised_rejection:{row['id']}", text)


def note_our_update(engine: sa.Engine, integration: str, flow: str, key: str, content_hash: str, projection: str = "") -> None:
    """See flows/ports/ledger.py."""
    named = {"integration": integration, "flow": flow, "source_key": key}
    values = {**named, "content_hash": content_hash, "projection": projection}
    with engine.begin() as tx:
        tx.execute(postgresql.insert(our_update).values(values).on_conflict_do_nothing())
