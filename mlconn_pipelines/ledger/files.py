"""Files that watched folders list: seen alike, stored, gone. One id with another size or time is another file."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.flows.ports.entries import FileRow, Run
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.rows import Row, file_row
from mlconn_pipelines.ledger.tables import received_file
from mlconn_pipelines.ports.delivery import RemoteFile

_WAITING = ("seen", "previewed")


def note_files(engine: sa.Engine, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
    """See flows/ports/ledger.py. A file that was put on hold is given back too until it has left the folder."""
    with engine.begin() as tx:
        one_at_a_time(tx, "files", run.integration, folder)
        # Locked, in the order in which all lock them: a run that is storing a file at this moment is waited for and believed.
        known = _newest(tx, run.integration, folder, listing, locked=True)
        listed = {file.id: file for file in listing}
        rows = []
        new = _first_seen(tx, run, [file for file in listed.values() if file.id not in known])
        for file in listed.values():
            row = _seen_again(tx, run, file, known[file.id]) if file.id in known else new[file.id]
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
        row is None or not _alike(row, file) or (row["state"] == "seen" if preview else _to_be_acted_on(row))
        for file, row in ((file, known.get(file.id)) for file in listing)
    )


def _to_be_acted_on(row: Row) -> bool:
    """What is held unread lies in its folder until the configuration changes or a person decides, and is no work meanwhile."""
    return row["removed_at"] is None and not file_row(row).unread


def _newest(
    tx: sa.Connection, integration: str, folder: str, listing: Sequence[RemoteFile], locked: bool = False
) -> dict[str, Row]:
    ids = sa.func.any(sa.cast([file.id for file in listing], sa.ARRAY(sa.Text)))
    query = (
        sa.select(received_file)
        .where(received_file.c.integration == integration, received_file.c.folder == folder, received_file.c.file_id == ids)
        .order_by(received_file.c.id)
    )
    return {row["file_id"]: row for row in tx.execute(query.with_for_update() if locked else query).mappings()}


def _alike(row: Row, file: RemoteFile) -> bool:
    return (row["name"], row["size"], row["modified"]) == (file.name, file.size, file.modified)


def _seen_again(tx: sa.Connection, run: Run, file: RemoteFile, row: Row) -> Row:
    if row["state"] in _WAITING:
        alike = _alike(row, file)
        values: dict[str, Any] = {
            "name": file.name,
            "size": file.size,
            "modified": file.modified,
            "check_count": row["check_count"] + 1 if alike else 1,
            "state": row["state"] if alike else "seen",
            "changed_at": sa.func.clock_timestamp(),
        }
        change = sa.update(received_file).where(received_file.c.id == row["id"]).values(values)
        return tx.execute(change.returning(received_file)).mappings().one()
    return row if _alike(row, file) else _first_seen(tx, run, [file])[file.id]


def _first_seen(tx: sa.Connection, run: Run, found: Sequence[RemoteFile]) -> dict[str, Row]:
    """New rows, by the server's file id."""
    rows = [
        {
            "integration": run.integration,
            "folder": file.folder,
            "file_id": file.id,
            "name": file.name,
            "size": file.size,
            "modified": file.modified,
            "state": "seen",
            "run_id": run.run_id,
        }
        for file in found
    ]
    return {row["file_id"]: row for row in tx.execute(_NEW, rows).mappings()} if rows else {}


_NEW = sa.insert(received_file).returning(received_file)


def taken(tx: sa.Connection, file: FileRow) -> bool:
    """Lock the file's row; true when another run stored it, or put it on hold, already. A file that is on hold may be taken up."""
    query = sa.select(received_file.c.state).where(received_file.c.id == int(file.row_id)).with_for_update()
    return tx.scalar(query) not in (("on_hold",) if file.state == "on_hold" else _WAITING)


def waiting(tx: sa.Connection, asked: Sequence[FileRow]) -> set[str]:
    """Lock the files' rows; the row ids of those that no run stored or put on hold yet, or that are taken up from being put on hold."""
    numbers = sa.func.any(sa.cast([int(file.row_id) for file in asked], sa.ARRAY(sa.BigInteger)))
    again = sa.func.any(sa.cast([int(file.row_id) for file in asked if file.state == "on_hold"], sa.ARRAY(sa.BigInteger)))
    due = received_file.c.state.in_(_WAITING) | ((received_file.c.state == "on_hold") & (received_file.c.id == again))
    query = sa.select(received_file.c.id).where(received_file.c.id == numbers, due)
    return {str(number) for number in tx.scalars(query.order_by(received_file.c.id).with_for_update())}


def mark(tx: sa.Connection, file: FileRow, state: str, run_id: str, content: bytes | None, **values: Any) -> None:
    """The row's new state; the hash is of the whole file."""
    changes = {"state": state, "run_id": run_id, "changed_at": sa.func.clock_timestamp(), **values}
    if content is not None:
        changes["sha256"] = sha256(content).hexdigest()
    tx.execute(sa.update(received_file).where(received_file.c.id == int(file.row_id)).values(changes))


def mark_stored(tx: sa.Connection, taken: Sequence[tuple[FileRow, bytes, list[int]]], state: str, run_id: str) -> None:
    """Files with their bytes and the numbers of their interchanges, in one state from now on."""
    rows = [
        {
            "b_id": int(file.row_id),
            "b_state": state,
            "b_run_id": run_id,
            "b_sha256": sha256(content).hexdigest(),
            "b_interchange_ids": kept,
        }
        for file, content, kept in taken
    ]
    if rows:
        tx.execute(_MARK, rows)


_MARK = (
    sa.update(received_file)
    .where(received_file.c.id == sa.bindparam("b_id"))
    .values(
        changed_at=sa.func.clock_timestamp(),
        **{
            name: sa.bindparam(f"b_{name}", type_=received_file.c[name].type)
            for name in ("state", "run_id", "sha256", "interchange_ids")
        },
    )
)


def files_removed(engine: sa.Engine, gone: Sequence[FileRow]) -> None:
    """The folder does not hold them any more, or keeps them by setting: they are not to be acted on again."""
    numbers = sa.func.any(sa.cast([int(file.row_id) for file in gone], sa.ARRAY(sa.BigInteger)))
    with engine.begin() as tx:
        here = received_file.c.id == numbers
        tx.execute(sa.select(received_file.c.id).where(here).order_by(received_file.c.id).with_for_update())
        change = sa.update(received_file).where(here)
        change = change.where(received_file.c.state.in_(("stored", "on_hold")))
        tx.execute(change.values(removed_at=sa.func.clock_timestamp()))
