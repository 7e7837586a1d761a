"""Delivered documents with their bytes, for rendering them again; implements flows/ports/history.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.entries import ControlNumbers
from mlconn_pipelines.flows.ports.history import SentDocument
from mlconn_pipelines.ledger.identity import typed_document_id
from mlconn_pipelines.ledger.reference_data import ReferenceBooks
from mlconn_pipelines.ledger.rows import WHOLE, Row, document_row
from mlconn_pipelines.ledger.tables import claim, document, interchange

DELIVERED = (State.SENT, State.ACCEPTED, State.ACCEPTED_WITH_ERRORS, State.REJECTED_BY_PARTNER)
"""Of these the stored record and form are the delivered ones; a redelivery under way may already have others."""


class PostgresHistory:
    """engine: of `ledger_engine`. Its books are its own: it walks from version to version, and the pipeline's stay the newest."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._books = ReferenceBooks(engine, kept=2)
        self._last: tuple[str, int, ReferenceBook] | None = None

    def sent_ids(
        self, integration: str, first: dt.date, last: dt.date | None, flows: Collection[str] = (), partner: str = ""
    ) -> Sequence[str]:
        day = sa.func.coalesce(document.c.document_date, document.c.partition)
        query = (
            sa.select(document.c.id)
            .where(document.c.integration == integration, document.c.direction == "outbound", *_delivered())
            .where(document.c.is_effective, day >= first)
            .order_by(sa.func.coalesce(document.c.reference_version, 0), document.c.id)
        )
        if last is not None:
            query = query.where(day <= last)
        if flows:
            query = query.where(document.c.flow.in_(flows))
        if partner:
            query = query.where(document.c.partner == partner)
        with self._engine.connect() as connection:
            return connection.scalars(query).all()

    def sent(self, ids: Collection[str]) -> Sequence[SentDocument]:
        wanted = [typed_document_id(name) for name in ids]
        last_claim = (
            sa.select(sa.func.max(claim.c.id))
            .where(claim.c.document_id == document.c.id, claim.c.state == "done", claim.c.target != "erp")
            .correlate(document)
            .scalar_subquery()
        )
        query = (
            sa.select(
                *WHOLE,
                document.c.config_hash,
                claim.c.file_name.label("file_name"),
                claim.c.destination,
                claim.c.interchange_number,
                claim.c.group_number,
                claim.c.set_number,
                interchange.c.content,
                interchange.c.at.label("rendered_at"),
            )
            .join(claim, claim.c.id == last_claim)
            .join(interchange, interchange.c.id == claim.c.interchange_id)
            .where(document.c.id.in_(wanted), document.c.direction == "outbound", *_delivered())
        )
        with self._engine.connect() as connection:
            found = {row["id"]: _sent(row) for row in connection.execute(query).mappings()}
        return [found[name] for name in wanted if name in found]

    def reference_book(self, integration: str, version: int | None) -> ReferenceBook:
        if self._last is None or self._last[:2] != (integration, version):
            book = self._books.reference_book(integration, version)
            self._last = integration, book.version, book
        return self._last[2]


def _delivered() -> tuple[sa.ColumnElement[bool], ...]:
    return document.c.state.in_(DELIVERED), sa.not_(document.c.preview)


def _sent(row: Row) -> SentDocument:
    values: Any = row
    return SentDocument(
        document=document_row(row),
        content=bytes(values["content"]),
        file_name=values["file_name"],
        destination=values["destination"],
        numbers=ControlNumbers(values["interchange_number"] or 0, values["group_number"] or 0, values["set_number"] or 0),
        at=values["rendered_at"],
        config_hash=values["config_hash"],
    )
