"""A document's history, and lists of documents, as plain values for the command line and Dagster."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import FORMER_EVENTS, state_word
from mlconn_pipelines.ledger.identity import from_number, typed_document_id
from mlconn_pipelines.ledger.rows import HEAD
from mlconn_pipelines.ledger.tables import acknowledgment, claim, document, interchange
from mlconn_pipelines.ledger.tables_state import audit_event

Values = dict[str, Any]

LISTED = (
    *(
        "id",
        "integration",
        "flow",
        "direction",
        "set_id",
        "business_number",
        "document_date",
        "partner",
        "state",
        "partition",
        "kind",
    ),
    *("line_count", "amount", "currency", "reason", "reason_code", "exception", "preview", "attempts", "next_attempt_at"),
    *("exception_code", "source", "target", "delivery", "syntax", "application", "changed_at", "source_key", "revision"),
)
"""Columns of a list; the payloads are left to `story`."""


def find_documents(
    engine: sa.Engine,
    *,
    integration: str = "",
    flow: str = "",
    state: str = "",
    partner: str = "",
    number: str = "",
    date_from: dt.date | None = None,
    date_to: dt.date | None = None,
    limit: int = 200,
) -> list[Values]:
    """Documents newest first. number: business number, source key or document id. Dates are the documents' own, both ends in.

    Older revisions show only when their state (`superseded`) or the number asked for names them.
    """
    query = sa.select(*(document.c[name] for name in LISTED)).order_by(document.c.id.desc()).limit(limit)
    for column, wanted in ((document.c.integration, integration), (document.c.flow, flow), (document.c.partner, partner)):
        if wanted:
            query = query.where(column == wanted)
    if state == "exception":
        query = query.where(document.c.exception != "")
    elif state:
        query = query.where(document.c.state == state)
    if number:
        names = (
            document.c.business_number == number,
            document.c.source_key == number,
            document.c.id == typed_document_id(number),
        )
        query = query.where(sa.or_(*names))
    elif not state:
        query = query.where(document.c.state != "superseded")
    if date_from is not None:
        query = query.where(document.c.document_date >= date_from)
    if date_to is not None:
        query = query.where(document.c.document_date <= date_to)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def story(engine: sa.Engine, document_id: str) -> Mapping[str, Any] | None:
    """Everything the ledger knows of one document, None when there is none of that name.

    document: all its columns. revisions: heads of every row of the same original. claims: with file names, control numbers, and
    hash and size of the bytes. acknowledgments. linked: what it answers and what answers it. audit: its trail in order, in today's words.
    """
    name = typed_document_id(document_id)
    with engine.connect() as connection:
        row = connection.execute(sa.select(document).where(document.c.id == name)).mappings().one_or_none()
        if row is None:
            return None
        heads = sa.select(*HEAD)
        ids = [r["id"] for r in _rows(connection, heads.where(document.c.original == row["original"]).order_by(document.c.id))]
        answered = sa.select(acknowledgment.c.answered_by).where(acknowledgment.c.document_id == name)
        linked = heads.where(
            (document.c.responds_to == name) | (document.c.id == row["responds_to"]) | document.c.id.in_(answered),
            document.c.id != name,
        )
        return {
            "document": dict(row),
            "revisions": _rows(connection, heads.where(document.c.id.in_(ids), document.c.id != name).order_by(document.c.id)),
            "claims": _claims(connection, name),
            "acknowledgments": _rows(
                connection,
                sa.select(acknowledgment).where(acknowledgment.c.document_id == name).order_by(acknowledgment.c.id),
            ),
            "received_in": _received_in(connection, row) if row["direction"] == "inbound" else [],
            "linked": _rows(connection, linked.order_by(document.c.id)),
            "audit": list(
                map(
                    _in_todays_words,
                    _rows(
                        connection, sa.select(audit_event).where(audit_event.c.document_id == name).order_by(audit_event.c.id)
                    ),
                )
            ),
        }


def _in_todays_words(event: Values) -> Values:
    """An entry of the trail, which is sealed and keeps the words of the release that wrote it."""
    states = {name: state_word(event[name]) for name in ("from_state", "to_state")}
    return event | states | {"event": FORMER_EVENTS.get(event["event"], event["event"])}


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Values]:
    return [dict(row) for row in connection.execute(query).mappings()]


_BYTES = (interchange.c.sha256, sa.func.octet_length(interchange.c.content).label("bytes"))


def _claims(connection: sa.Connection, document_id: str) -> list[Values]:
    query = (
        sa.select(claim, *_BYTES)
        .join(interchange, interchange.c.id == claim.c.interchange_id)
        .where(claim.c.document_id == document_id)
        .order_by(claim.c.id)
    )
    return [{**row, "id": from_number("C", row["id"])} for row in _rows(connection, query)]


def _received_in(connection: sa.Connection, row: sa.RowMapping) -> list[Values]:
    """The interchange that brought it, and every one of the same bytes that came later. The first six parts of the source key
    name it; a partner may use them for other bytes, and to another integration of ours, which this document is not of.
    """
    key = "|".join(row["source_key"].split("|")[:6])
    columns = (interchange.c.file_name, interchange.c.place, interchange.c.envelope, interchange.c.at, *_BYTES)
    came = _rows(
        connection,
        sa.select(*columns)
        .where(
            interchange.c.integration == row["integration"],
            interchange.c.direction == "inbound",
            interchange.c.key == key,
            interchange.c.key != "",
        )
        .order_by(interchange.c.id),
    )
    brought = _hash_of_interchange(row) or next((one["sha256"] for one in came if one["at"] == row["first_seen_at"]), "")
    return [one for one in came if one["sha256"] == brought] if brought else came[:1]


def _hash_of_interchange(row: sa.RowMapping) -> str:
    """Empty for documents of an earlier release, which are stored in one transaction with theirs."""
    envelope = (row["raw"] or {}).get("envelope") or {}
    return str(envelope.get("interchange_sha256", ""))


def content_of(engine: sa.Engine, document_id: str) -> bytes | None:
    """The bytes of its last claim, as they were or will be sent; None before the first claim."""
    query = (
        sa.select(interchange.c.content)
        .join(claim, claim.c.interchange_id == interchange.c.id)
        .where(claim.c.document_id == typed_document_id(document_id))
        .order_by(claim.c.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        content = connection.scalar(query)
    return bytes(content) if content is not None else None
