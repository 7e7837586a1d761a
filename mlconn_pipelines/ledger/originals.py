"""Received originals and what became of them, for reading them again; implements flows/ports/originals.py. Reads only."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.originals import CameAs, Original
from mlconn_pipelines.ledger.intake import PostgresIntake
from mlconn_pipelines.ledger.reference_data import ReferenceBooks
from mlconn_pipelines.ledger.rows import WHOLE, document_row
from mlconn_pipelines.ledger.tables import document, interchange, received_file
from mlconn_pipelines.ports.records import Record

HELD_FILES = ("on_hold", "dismissed")


def read_only(engine: sa.Engine) -> sa.Engine:
    """The same database by transactions that it lets write nothing."""
    return engine.execution_options(postgresql_readonly=True)


class PastIntake(PostgresIntake):
    """With the reference data as it was when a document was checked. engine: of `read_only`."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine, kept=2)
        self._version: int | None = None

    def at_version(self, version: int | None) -> None:
        """From now on the reference data is that of this version, the newest for None."""
        self._version = version

    def reference_book(self, integration: str, version: int | None = None) -> ReferenceBook:
        return super().reference_book(integration, version or self._version)


class PostgresOriginals(ReferenceBooks):
    """engine: of `read_only`."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine, kept=2)

    def original_ids(self, integration: str, start: dt.datetime, end: dt.datetime | None) -> Sequence[int]:
        query = (
            sa.select(interchange.c.id)
            .where(interchange.c.integration == integration, interchange.c.direction == "inbound", interchange.c.at >= start)
            .order_by(interchange.c.id)
        )
        if end is not None:
            query = query.where(interchange.c.at < end)
        with self._engine.connect() as connection:
            return connection.scalars(query).all()

    def originals(self, ids: Collection[int]) -> Sequence[Original]:
        wanted = sa.cast(list(ids), sa.ARRAY(sa.BigInteger))
        query = sa.select(interchange).where(interchange.c.id == sa.func.any(wanted)).order_by(interchange.c.id)
        files = sa.select(received_file.c.interchange_ids, received_file.c.reason_code).where(
            received_file.c.state.in_(HELD_FILES), received_file.c.interchange_ids.op("&&")(wanted)
        )
        with self._engine.connect() as connection:
            held = {kept: file.reason_code for file in connection.execute(files) for kept in file.interchange_ids}
            return [
                Original(
                    content=bytes(row["content"]),
                    file_name=row["file_name"],
                    folder=row["place"],
                    at=row["at"],
                    sender=(row["envelope"] or {}).get("sender", ""),
                    receiver=(row["envelope"] or {}).get("receiver", ""),
                    held=held.get(row["id"], ""),
                )
                for row in connection.execute(query).mappings()
            ]

    def came_as(self, integration: str, source_keys: Collection[str]) -> Mapping[str, CameAs]:
        query = sa.select(*WHOLE, document.c.held_by, document.c.content_hash).where(
            *_among(integration, source_keys), document.c.direction == "inbound"
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
            advised = _advised(connection, [row["id"] for row in rows])
            return {
                row["source_key"]: CameAs(document_row(row), row["held_by"], row["content_hash"], advised[row["id"]])
                for row in rows
            }

    def answers(self, integration: str, source_keys: Collection[str]) -> Mapping[str, Any]:
        query = sa.select(document.c.source_key, document.c.canonical).where(
            *_among(integration, source_keys), document.c.direction == "outbound"
        )
        with self._engine.connect() as connection:
            return {row.source_key: row.canonical for row in connection.execute(query)}

    def records(self, integration: str, flows: Collection[str], keys: Collection[str]) -> Sequence[Record]:
        query = sa.select(document.c.raw).where(
            document.c.integration == integration,
            document.c.flow.in_(flows),
            document.c.source_key.in_(keys),
            document.c.direction == "outbound",
            document.c.is_current,
        )
        with self._engine.connect() as connection:
            return [raw for raw in connection.scalars(query) if raw is not None]


def _among(integration: str, source_keys: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    keys = sa.cast(list(source_keys), sa.ARRAY(sa.Text))
    return (
        document.c.integration == integration,
        document.c.flow == "inbound",
        document.c.source_key == sa.func.any(keys),
        document.c.is_current,
        ~document.c.preview,
    )


def _advised(connection: sa.Connection, ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The verdicts of our 824s, by the document that they answer: `824|DOCUMENT|TA` is their key."""
    query = sa.select(document.c.responds_to, document.c.source_key).where(
        document.c.responds_to == sa.func.any(sa.cast(list(ids), sa.ARRAY(sa.Text))),
        document.c.responds_to != "",
        document.c.set_id == "824",
        ~document.c.preview,
    )
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for row in connection.execute(query):
        found[row.responds_to] |= {row.source_key.split("#")[0].rsplit("|", 1)[-1]}
    return found
