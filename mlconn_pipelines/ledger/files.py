"""Files that watched folders list: seen alike, stored, gone. One id with another size or time is another file."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.flows.ports.delivery import RemoteFile
from mlconn_pipelines.flows.ports.entries import FileRow, Run
from mlconn_pipelines.flows.ports.erp import Finding
from mlconn_pipelines.ledger import alerts
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.rows import Row, file_row
from mlconn_pipelines.ledger.tables import interchange, received_file

_WAITING = ("seen", "previewed")


def note_files(engine: sa.Engine, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
    """See flows/ports/ledger.py. A file that was set aside is given back too until it has left the folder."""
    with engine.begin() as tx:
        one_at_a_time(tx, "files", run.integration, folder)
        known = _newest(tx, run.integration, folder, listing)
        rows = []
        for file in {file.id: file for file in listing}.values():
            row = _noted(tx, run, file, known.get(file.id))
            if row["removed_at"] is None and not (run.preview and row["state"] != "seen"):
                rows.append(file_row(row))
        return rows


def files_to_take(
    engine: sa.Engine, integration: str, folder: str, listing: Sequence[RemoteFile], preview: bool = False
) -> int:
    """See flows/ports/ledger.py."""
    with engine.connect() as connection:
        known = _newest(connection, integration, folder, listing)
    return sum(
        row is None or not _alike(row, file) or (row["state"] == "seen" if preview else row["removed_at"] is None)
        for file, row in ((file, known.get(file.id)) for file in listing)
    )


def _newest(tx: sa.Connection, integration: str, folder: str, listing: Sequence[RemoteFile]) -> dict[str, Row]:
    ids = sa.func.any(sa.cast([file.id for file in listing], sa.ARRAY(sa.Text)))
    query = (
        sa.select(received_file)
        .where(received_file.c.integration == integration, received_file.c.folder == folder, received_file.c.file_id == ids)
        .order_by(received_file.c.id)
    )
    return {row["file_id"]: row for row in tx.execute(query).mappings()}


def _alike(row: Row, file: RemoteFile) -> bool:
    return (row["name"], row["size"], row["modified"]) == (file.name, file.size, file.modified)


def _noted(tx: sa.Connection, run: Run, file: RemoteFile, row: Row | None) -> Row:
    if row is not None and row["state"] in _WAITING:
        alike = _alike(row, file)
        values: dict[str, Any] = {
            "name": file.name,
            "size": file.size,
            "modified": file.modified,
            "looks": row["looks"] + 1 if alike else 1,
            "state": row["state"] if alike else "seen",
            "changed_at": sa.func.clock_timestamp(),
        }
        change = sa.update(received_file).where(received_file.c.id == row["id"]).values(values)
        return tx.execute(change.returning(received_file)).mappings().one()
    if row is not None and _alike(row, file):
        return row
    new = sa.insert(received_file).values(
        integration=run.integration,
        folder=file.folder,
        file_id=file.id,
        name=file.name,
        size=file.size,
        modified=file.modified,
        state="seen",
        run_id=run.run_id,
    )
    return tx.execute(new.returning(received_file)).mappings().one()


def taken(tx: sa.Connection, file: FileRow) -> bool:
    """Lock the file's row; true when another run stored it, or set it aside, already."""
    query = sa.select(received_file.c.state).where(received_file.c.id == int(file.row_id)).with_for_update()
    return tx.scalar(query) not in _WAITING


def mark(tx: sa.Connection, file: FileRow, state: str, run_id: str, content: bytes | None, **values: Any) -> None:
    """The row's new state; the hash is of the whole file."""
    changes = {"state": state, "run_id": run_id, "changed_at": sa.func.clock_timestamp(), **values}
    if content is not None:
        changes["sha256"] = sha256(content).hexdigest()
    tx.execute(sa.update(received_file).where(received_file.c.id == int(file.row_id)).values(changes))


def set_file_aside(engine: sa.Engine, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
    """Keep the bytes, say why, and raise one alert; nothing of the file becomes a document."""
    with engine.begin() as tx:
        if taken(tx, file) or run.preview:
            return
        kept: list[int] = []
        if content is not None:
            insert = sa.insert(interchange).values(
                integration=run.integration,
                direction="inbound",
                file_name=file.file.name,
                place=file.file.folder,
                content=content,
                sha256=sha256(content).hexdigest(),
                run_id=run.run_id,
            )
            kept = [tx.execute(insert.returning(interchange.c.id)).scalar_one()]
        mark(tx, file, "set_aside", run.run_id, content, reason=finding.message, reason_code=finding.code, interchange_ids=kept)
        text = f"{file.file.folder}/{file.file.name} was set aside: {finding.message}"
        alerts.raise_alert(tx, run.integration, f"file_set_aside:{file.row_id}", text)


def file_removed(engine: sa.Engine, file: FileRow) -> None:
    """The folder does not hold it any more, or keeps it by setting: it is not to be acted on again."""
    with engine.begin() as tx:
        here = received_file.c.id == int(file.row_id)
        gone = sa.update(received_file).where(here, received_file.c.state.in_(("stored", "set_aside")))
        tx.execute(gone.values(removed_at=sa.func.clock_timestamp()))
