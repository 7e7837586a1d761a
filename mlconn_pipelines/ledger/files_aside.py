"""Files of which nothing became a document: kept with their bytes and the reason until they are taken up again or dismissed."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.entries import FileRow, Run
from mlconn_pipelines.ledger import alerts
from mlconn_pipelines.ledger.files import mark, taken
from mlconn_pipelines.ledger.rows import file_row
from mlconn_pipelines.ledger.tables import interchange, received_file
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.reasons import Reason


def set_file_aside(engine: sa.Engine, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
    """Keep the bytes, say why, and raise one alert; nothing of the file becomes a document."""
    with engine.begin() as tx:
        if taken(tx, file) or run.preview:
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
        mark(tx, file, "on_hold", run.run_id, content, **values, **({"interchange_ids": kept} if kept else {}))
        text = f"{file.file.folder}/{file.file.name} was put on hold: {finding.message}"
        alerts.raise_alert(tx, run.integration, f"file_set_aside:{file.row_id}", text)


def files_set_aside(engine: sa.Engine, integration: str) -> list[FileRow]:
    """See flows/ports/ledger.py."""
    query = sa.select(received_file).where(received_file.c.integration == integration, received_file.c.state == "on_hold")
    with engine.connect() as connection:
        return [
            replace(file_row(row), state="on_hold") for row in connection.execute(query.order_by(received_file.c.id)).mappings()
        ]


def file_content(engine: sa.Engine, file: FileRow) -> bytes | None:
    """See flows/ports/ledger.py."""
    kept = sa.select(sa.func.unnest(received_file.c.interchange_ids)).where(received_file.c.id == int(file.row_id))
    query = sa.select(interchange.c.content).where(interchange.c.id.in_(kept)).order_by(interchange.c.id)
    with engine.connect() as connection:
        content = connection.scalar(query.limit(1))
    return None if content is None else bytes(content)


def dismiss_file(engine: sa.Engine, run: Run, row_id: str, reason: str) -> None:
    """See flows/ports/ledger.py. LedgerError when no such file is on hold."""
    with engine.begin() as tx:
        here = (received_file.c.integration == run.integration, received_file.c.state == "on_hold")
        change = sa.update(received_file).where(received_file.c.id == int(row_id), *here)
        values = {"state": "dismissed", "reason": reason, "reason_code": Reason.DISMISSED, "run_id": run.run_id}
        left = {"removed_at": sa.func.coalesce(received_file.c.removed_at, sa.func.clock_timestamp())}  # or left there for good
        if not tx.execute(change.values(values | left)).rowcount:
            raise LedgerError(
                f"No file F{row_id} of {run.integration} is on hold", hint="`mlconn files list` shows those that are."
            )
        alerts.resolve_alert(tx, f"file_set_aside:{row_id}")


def taken_up(tx: sa.Connection, file: FileRow) -> None:
    """A file that was put on hold is taken in after all: its alert is over."""
    if file.state == "on_hold":
        alerts.resolve_alert(tx, f"file_set_aside:{file.row_id}")
