"""From table rows to the values that flows see, and the columns that each look at the document table needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, cast

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.entries import DocumentRow, FileRow
from mlconn_pipelines.ledger.tables import document
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.mapping import Finding

HEAVY = ("raw", "pending_record", "canonical", "change", "findings", "receipt_findings", "links")
HEAD = [column for column in document.c if column.name not in HEAVY]
"""What deciding needs of a document: everything but the payloads, which may be large."""

WHOLE = [document.c[field.name] for field in fields(DocumentRow)]
WITHOUT_RAW = [column if column.name != "raw" else sa.null().label("raw") for column in WHOLE]
WITHOUT_PAYLOADS = [
    column if column.name not in ("raw", "canonical", "change") else sa.null().label(column.name) for column in WHOLE
]

Row = Mapping[str, Any] | sa.RowMapping


def document_row(row: Row) -> DocumentRow:
    """One row selected with WHOLE."""
    values = {field.name: row[field.name] for field in fields(DocumentRow)}
    values["state"] = State(row["state"])
    values["findings"] = findings_of(row["findings"])
    return DocumentRow(**values)


def called(row: Row) -> str:
    """What people call a document: `810 4711`, `vendor 00-V100`."""
    return f"{row['set_id'] or row['kind']} {row['business_number']}"


def findings_of(value: Any) -> tuple[Finding, ...]:
    return tuple(Finding(**finding) for finding in value or ())


def json_of_findings(findings: Iterable[Finding]) -> list[Any]:
    return cast("list[Any]", to_json(tuple(dict.fromkeys(findings))))


def file_row(row: Row) -> FileRow:
    """One row of `received_file`."""
    file = RemoteFile(row["file_id"], row["name"], row["folder"], row["size"], row["modified"])
    state = "removed" if row["removed_at"] else "seen" if row["state"] == "previewed" else row["state"]
    return FileRow(
        row_id=str(row["id"]),
        file=file,
        state=state,
        check_count=row["check_count"],
        reason=row["reason"],
        reason_code=row["reason_code"],
        config_hash=row["config_hash"],
        unread=row["state"] == "on_hold" and not row["interchange_ids"],
    )


def locked(tx: sa.Connection, document_id: str) -> Row:
    """The document's head, its row locked until the transaction ends; LedgerError when there is none.

    Everyone locks documents first (by id), then claims, then counters, so that no two can wait for each other.
    """
    query = sa.select(*HEAD).where(document.c.id == document_id).with_for_update(key_share=True)
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise LedgerError(f"There is no document {document_id!r}", hint="`documents list` shows the names of documents.")
    return row
