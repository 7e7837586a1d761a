"""What came in: files of watched folders, and which documents came before. `Intake` of flows/ports/intake.py.

One file id with another size or time is another file. Reference data and notifications, which come in as well, are classes of their
own rooms.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.kinds import PARTED_BY
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.serialization import Json
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, sets_received_as
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.entries import DocumentRow, FileRow, ReceiveCounts, ReceivedFile, Run
from mlconn_pipelines.ledger import alerts, receiving
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.notifications import Notifications
from mlconn_pipelines.ledger.reference_data import ReferenceData
from mlconn_pipelines.ledger.rows import WITHOUT_PAYLOADS, WITHOUT_RAW, Row, document_row, file_row, json_of_findings
from mlconn_pipelines.ledger.statements import each
from mlconn_pipelines.ledger.tables import INVOICED_ORDER, RECEIVED_INVOICES, document, interchange, received_file
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason

_WAITING = ("seen", "previewed")
TAKEN = (State.READY, State.OUTCOME_UNKNOWN, State.POSTED, State.PROCESSED)


class PostgresIntake(ReferenceData, Notifications):
    """engine: of `ledger_engine`."""

    # -- files ------------------------------------------------------------------------------------------------------
    def note_files(self, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
        """A file that was put on hold is given back too until it has left the folder."""
        with self._engine.begin() as tx:
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

    def files_to_take(self, integration: str, folder: str, listing: Sequence[RemoteFile], preview: bool = False) -> int:
        with self._engine.connect() as connection:
            known = _newest(connection, integration, folder, listing)
        return sum(
            row is None or not _alike(row, file) or (row["state"] == "seen" if preview else _to_be_acted_on(row))
            for file, row in ((file, known.get(file.id)) for file in listing)
        )

    def store_files(self, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
        with self._engine.begin() as tx:
            one_at_a_time(tx, "receive", run.integration, run.flow)
            waiting = _waiting(tx, [one.file for one in received])
            received = [one for one in received if one.file.row_id in waiting]
            groups = [group for one in received for held in one.interchanges for group in held.groups]
            sets = [one for group in groups for one in group.sets]
            keys = [key for one in sets for key in (one.source_key, receiving.conflict_key(one))]
            arriving = Arrivals(tx, run)
            if groups:
                arriving.expect([*keys, *(group.group_key for group in groups)], len(sets) + len(groups))
            counts: Counter[str] = Counter()
            for group in groups:
                receiving.store_group(arriving, group, send_from, counts)
            arriving.write()
            kept = iter(_store_interchanges(tx, run, received))
            taken = [(one.file, one.content, [next(kept) for _ in one.interchanges]) for one in received]
            # A preview leaves the files to the live run, and only remembers that it has looked.
            for one in received:
                if one.file.state == "on_hold":  # taken in after all: its alert is over
                    alerts.resolve_alert(tx, f"file_set_aside:{one.file.row_id}")
            _mark_stored(tx, taken, "previewed" if run.preview else "stored", run.run_id)
            return ReceiveCounts(**counts)

    def set_file_aside(self, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
        """Keep the bytes, say why, and raise one alert; nothing of the file becomes a document."""
        with self._engine.begin() as tx:
            if _taken(tx, file) or run.preview:
                return
            kept: list[int] = []
            if content is not None and file.state != "on_hold":
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
            values: dict[str, Any] = {"reason": finding.message, "reason_code": finding.code, "config_hash": run.config_hash}
            _mark(tx, file, "on_hold", run.run_id, content, **values, **({"interchange_ids": kept} if kept else {}))
            text = f"{file.file.folder}/{file.file.name} was put on hold: {finding.message}"
            alerts.raise_alert(tx, run.integration, f"file_set_aside:{file.row_id}", text)

    def files_on_hold(self, integration: str) -> list[FileRow]:
        query = sa.select(received_file).where(received_file.c.integration == integration, received_file.c.state == "on_hold")
        with self._engine.connect() as connection:
            return [
                replace(file_row(row), state="on_hold")
                for row in connection.execute(query.order_by(received_file.c.id)).mappings()
            ]

    def file_content(self, file: FileRow) -> bytes | None:
        kept = sa.select(sa.func.unnest(received_file.c.interchange_ids)).where(received_file.c.id == int(file.row_id))
        query = sa.select(interchange.c.content).where(interchange.c.id.in_(kept)).order_by(interchange.c.id)
        with self._engine.connect() as connection:
            content = connection.scalar(query.limit(1))
        return None if content is None else bytes(content)

    def dismiss_file(self, run: Run, row_id: str, reason: str) -> None:
        """LedgerError when no such file is on hold."""
        with self._engine.begin() as tx:
            here = (received_file.c.integration == run.integration, received_file.c.state == "on_hold")
            change = sa.update(received_file).where(received_file.c.id == int(row_id), *here)
            values = {"state": "dismissed", "reason": reason, "reason_code": Reason.DISMISSED, "run_id": run.run_id}
            # Left there for good, where it is there still.
            left = {"removed_at": sa.func.coalesce(received_file.c.removed_at, sa.func.clock_timestamp())}
            if not tx.execute(change.values(values | left)).rowcount:
                raise LedgerError(
                    f"No file F{row_id} of {run.integration} is on hold", hint="`mlconn files list` shows those that are."
                )
            alerts.resolve_alert(tx, f"file_set_aside:{row_id}")

    def files_removed(self, gone: Sequence[FileRow]) -> None:
        """The folder does not hold them any more, or keeps them by setting: they are not to be acted on again."""
        numbers = sa.func.any(sa.cast([int(file.row_id) for file in gone], sa.ARRAY(sa.BigInteger)))
        with self._engine.begin() as tx:
            here = received_file.c.id == numbers
            tx.execute(sa.select(received_file.c.id).where(here).order_by(received_file.c.id).with_for_update())
            change = sa.update(received_file).where(here)
            change = change.where(received_file.c.state.in_(("stored", "on_hold")))
            tx.execute(change.values(removed_at=sa.func.clock_timestamp()))

    # -- documents that came before ---------------------------------------------------------------------------------
    def business_duplicates(self, rows: Sequence[DocumentRow], tolerance: dt.timedelta) -> dict[str, DocumentRow]:
        """Revisions and redeliveries of the same document are no duplicates of it."""
        asked: dict[str, list[object]] = {
            f"b_{name}": [getattr(row, name) for row in rows] for name in _ASKED if name not in ("since", *PARTED_BY)
        }
        asked |= {f"b_{name}": [(row.canonical or {}).get(name, "") for row in rows] for name in PARTED_BY}
        asked["b_since"] = [
            dt.date.min if row.set_id in NUMBERED_FOR_EVER else (row.document_date or row.partition) - tolerance for row in rows
        ]
        with self._engine.connect() as connection:
            return {row["asked_id"]: document_row(row) for row in connection.execute(_DUPLICATES, asked).mappings()}

    def orders_received(self, integration: str, partner: str, number: str) -> list[DocumentRow]:
        query = (
            sa.select(*WITHOUT_RAW)
            .where(document.c.integration == integration, document.c.partner == partner, document.c.business_number == number)
            .where(document.c.direction == "inbound", document.c.set_id.in_(sets_received_as("order")), ~document.c.preview)
            .where(document.c.state.in_((State.POSTED, State.OUTCOME_UNKNOWN)))
            .order_by(document.c.id.desc())
        )
        with self._engine.connect() as connection:
            return [document_row(row) for row in connection.execute(query.limit(20)).mappings()]

    def invoices_before(self, rows: Sequence[DocumentRow]) -> dict[str, list[tuple[str, Json]]]:
        asking = [(row, (row.canonical or {}).get("order_number", "")) for row in rows]
        asked = {
            f"b_{name}": [getattr(row, name) for row, number in asking if number] for name in _INVOICE_ASKED if name != "number"
        }
        asked["b_number"] = [number for _, number in asking if number]
        found: dict[str, list[tuple[str, Json]]] = {}
        if not asked["b_number"]:
            return found
        with self._engine.connect() as connection:
            for row in connection.execute(_INVOICES, asked).mappings():
                found.setdefault(row["asked_id"], []).append((row["id"], row["canonical"]))
        return found


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


def _taken(tx: sa.Connection, file: FileRow) -> bool:
    """Lock the file's row; true when another run stored it, or put it on hold, already. A file that is on hold may be taken up."""
    query = sa.select(received_file.c.state).where(received_file.c.id == int(file.row_id)).with_for_update()
    return tx.scalar(query) not in (("on_hold",) if file.state == "on_hold" else _WAITING)


def _waiting(tx: sa.Connection, asked: Sequence[FileRow]) -> set[str]:
    """Lock the files' rows; the row ids of those that no run stored or put on hold yet, or that are taken up from being put on hold."""
    numbers = sa.func.any(sa.cast([int(file.row_id) for file in asked], sa.ARRAY(sa.BigInteger)))
    again = sa.func.any(sa.cast([int(file.row_id) for file in asked if file.state == "on_hold"], sa.ARRAY(sa.BigInteger)))
    due = received_file.c.state.in_(_WAITING) | ((received_file.c.state == "on_hold") & (received_file.c.id == again))
    query = sa.select(received_file.c.id).where(received_file.c.id == numbers, due)
    return {str(number) for number in tx.scalars(query.order_by(received_file.c.id).with_for_update())}


def _mark(tx: sa.Connection, file: FileRow, state: str, run_id: str, content: bytes | None, **values: Any) -> None:
    """The row's new state; the hash is of the whole file."""
    changes = {"state": state, "run_id": run_id, "changed_at": sa.func.clock_timestamp(), **values}
    if content is not None:
        changes["sha256"] = sha256(content).hexdigest()
    tx.execute(sa.update(received_file).where(received_file.c.id == int(file.row_id)).values(changes))


def _mark_stored(tx: sa.Connection, taken: Sequence[tuple[FileRow, bytes, list[int]]], state: str, run_id: str) -> None:
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


def _store_interchanges(tx: sa.Connection, run: Run, received: Sequence[ReceivedFile]) -> Sequence[int]:
    rows: list[dict[str, Any]] = [
        {
            "integration": run.integration,
            "direction": "inbound",
            "key": held.key,
            "envelope": dict(held.envelope) | {"findings": json_of_findings(held.findings)},
            "file_name": one.file.file.name,
            "place": one.file.file.folder,
            "content": held.content,
            "sha256": held.sha256,
            "run_id": run.run_id,
        }
        for one in received
        for held in one.interchanges
    ]
    return tx.execute(_INSERT, rows).scalars().all() if rows else []


_INSERT = sa.insert(interchange).returning(interchange.c.id, sort_by_parameter_order=True)

_ASKED: Mapping[str, sa.types.TypeEngine[Any]] = {
    **dict.fromkeys(("id", "integration", "set_id", "partner", "business_number", "source_key", *PARTED_BY), sa.Text()),
    "preview": sa.Boolean(),
    "since": sa.Date(),
}

NUMBERED_FOR_EVER = tuple(row.id for row in TRANSACTION_SETS.values() if row.is_once_for_ever)
"""Sets whose numbers never come again; one that a person has not decided about yet has come, too."""


def _held_before(asked_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    held = document.c.set_id.in_(NUMBERED_FOR_EVER) & (document.c.state == State.ON_HOLD)
    return held & (document.c.id < asked_id)


def _duplicates() -> sa.Select[Any]:
    asked = each(_ASKED)
    found = (
        sa.select(*WITHOUT_PAYLOADS)
        .where(
            *(document.c[name] == asked.c[name] for name in ("integration", "set_id", "partner", "business_number", "preview")),
            document.c.direction == "inbound",
            document.c.state.in_(TAKEN) | _held_before(asked.c.id),
            document.c.id != asked.c.id,
            document.c.source_key != asked.c.source_key,
            *(sa.func.coalesce(document.c.canonical[name].astext, "") == asked.c[name] for name in PARTED_BY),
            sa.func.coalesce(document.c.document_date, sa.cast(document.c.first_seen_at, sa.Date)) >= asked.c.since,
        )
        .order_by(document.c.id)
        .limit(1)
        .lateral("found")
    )
    return sa.select(asked.c.id.label("asked_id"), *found.c).select_from(asked.join(found, sa.true()))


_DUPLICATES = _duplicates()


_INVOICE_ASKED: Mapping[str, sa.types.TypeEngine[Any]] = {
    **dict.fromkeys(("id", "integration", "partner", "source_key", "number"), sa.Text()),
    "preview": sa.Boolean(),
}


def _invoices() -> sa.Select[Any]:
    asked = each(_INVOICE_ASKED)
    found = (
        sa.select(document.c.id, document.c.canonical)
        .where(
            RECEIVED_INVOICES,
            *(document.c[name] == asked.c[name] for name in ("integration", "partner", "preview")),
            sa.func.left(asked.c.number, 200) == INVOICED_ORDER,
            document.c.state.in_(TAKEN),
            document.c.id != asked.c.id,
            document.c.source_key != asked.c.source_key,
        )
        .order_by(document.c.id)
        .lateral("found")
    )
    return sa.select(asked.c.id.label("asked_id"), *found.c).select_from(asked.join(found, sa.true()))


_INVOICES = _invoices()
