"""Reference data with its history: every change makes a new version, and every version can be read again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.reference import KINDS, ReferenceBook, ReferenceItem, book_of
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.queue import write_watermark
from mlconn_pipelines.ledger.reprocessing import revive_for_reference
from mlconn_pipelines.ledger.tables_state import reference_item, reference_version


def newest_version(tx: sa.Connection, integration: str) -> int:
    """0 before anything was stored."""
    query = sa.select(sa.func.max(reference_version.c.version)).where(reference_version.c.integration == integration)
    return int(tx.scalar(query) or 0)


def _texts(keys: Iterable[str]) -> sa.ColumnElement[Any]:
    return sa.cast(list(keys), sa.ARRAY(sa.Text))


def _row(run: Run, name: str, kind: str, key: str, item: ReferenceItem) -> dict[str, Any]:
    value = to_json(item)
    digest = sha256(json_values.dumps([kind, value]).encode()).hexdigest()
    return {"integration": run.integration, "name": name, "key": key, "kind": kind, "value": value, "value_hash": digest}


LOOK_AGAIN_S = 1.0
"""How long the newest version is taken for the newest, so that not every document asks; what this process stores counts at once."""


class ReferenceBooks:
    """Books by version, kept in this process. A new version costs only what changed since the last one read."""

    def __init__(self, engine: sa.Engine, kept: int = 8) -> None:
        self._engine, self._kept = engine, kept
        self._newest: dict[str, tuple[ReferenceBook, float]] = {}
        self._stored = 0
        self._books: dict[tuple[str, int], ReferenceBook] = {}
        self._entries: dict[str, tuple[int, dict[tuple[str, str], ReferenceItem]]] = {}
        self._lock = threading.Lock()

    def reference_book(self, integration: str, version: int | None = None) -> ReferenceBook:
        """The newest book, or an earlier one; LedgerError for a version that never was."""
        if version is None and (seen := self._newest.get(integration)) and time.monotonic() - seen[1] < LOOK_AGAIN_S:
            return seen[0]
        with self._engine.connect() as connection:
            asked_at, stored = time.monotonic(), self._stored
            newest = newest_version(connection, integration)
            wanted = newest if version is None else version
            if not 0 <= wanted <= newest:
                raise LedgerError(f"Reference data of {integration} has no version {wanted}", hint=f"The newest is {newest}.")
            with self._lock:
                book = self._books.get((integration, wanted))
                if book is None:
                    book = book_of(wanted, by_kind(self._values(connection, integration, wanted)))
                    self._books[integration, wanted] = book
                    while len(self._books) > self._kept:
                        del self._books[next(iter(self._books))]
                if wanted == newest and stored == self._stored:
                    self._newest[integration] = book, asked_at
                return book

    def _look_again(self, integration: str) -> None:
        """This process stored something: look again at once."""
        with self._lock:
            self._stored += 1
            self._newest.pop(integration, None)

    def _values(self, connection: sa.Connection, integration: str, version: int) -> dict[tuple[str, str], ReferenceItem]:
        since, entries = self._entries.get(integration, (0, {}))
        if version < since:  # an old book, for rendering again: read it alone, the newest stays at hand
            return self._changed(connection, integration, 0, version, {})
        entries = self._changed(connection, integration, since, version, dict(entries))
        self._entries[integration] = version, entries
        return entries

    @staticmethod
    def _changed(
        connection: sa.Connection, integration: str, since: int, version: int, entries: dict[tuple[str, str], ReferenceItem]
    ) -> dict[tuple[str, str], ReferenceItem]:
        item = reference_item.c
        columns = (item.name, item.key, item.kind, item.value, item.version_to)
        ended = sa.select(*columns[:2]).where(
            item.integration == integration, item.version_to > since, item.version_to <= version
        )
        for name, key in connection.execute(ended):
            entries.pop((name, key), None)
        query = sa.select(*columns[:4]).where(
            item.integration == integration,
            item.version_from > since,
            item.version_from <= version,
            item.version_to.is_(None) | (item.version_to > version),
        )
        for name, key, kind, value in connection.execute(query):
            entries[name, key] = from_json(KINDS[kind], value)
        return entries


class ReferenceData(ReferenceBooks):
    """As the intake has it."""

    def reference_keys(self, integration: str, name: str) -> set[str]:
        item = reference_item.c
        query = sa.select(item.key).where(item.integration == integration, item.name == name, item.version_to.is_(None))
        with self._engine.connect() as connection:
            return set(connection.scalars(query))

    def store_reference(
        self,
        run: Run,
        name: str,
        kind: str,
        items: Mapping[str, ReferenceItem],
        whole: bool,
        watermark: str | None,
    ) -> int:
        """The first storing makes a version even where the set is empty."""
        if kind not in KINDS:
            raise LedgerError(f"There is no kind of reference data {kind!r}", hint=f"Known are {', '.join(KINDS)}.")
        with self._engine.begin() as tx:
            one_at_a_time(tx, "reference", run.integration)
            here = (reference_item.c.integration == run.integration) & (reference_item.c.name == name)
            current = here & reference_item.c.version_to.is_(None)
            hashes = sa.select(reference_item.c.key, reference_item.c.value_hash).where(current)
            known = {held.key: held.value_hash for held in tx.execute(hashes)}
            rows = [_row(run, name, kind, key, item) for key, item in items.items()]
            new = [row for row in rows if known.get(row["key"]) != row["value_hash"]]
            ended = [row["key"] for row in new if row["key"] in known] + (list(known.keys() - items.keys()) if whole else [])
            version = newest_version(tx, run.integration)
            if new or ended or not version:
                version += 1
                closing = sa.update(reference_item).where(current, reference_item.c.key == sa.func.any(_texts(ended)))
                tx.execute(closing.values(version_to=version))
                if new:
                    tx.execute(sa.insert(reference_item), [row | {"version_from": version} for row in new])
                said = {"name": name, "changed": len(new) + len(ended), "run_id": run.run_id}
                tx.execute(sa.insert(reference_version).values(integration=run.integration, version=version, **said))
                revive_for_reference(tx, run.integration, version, run.run_id)
            if watermark is not None:
                write_watermark(tx, run.integration, name, watermark, run.run_id)
        self._look_again(run.integration)
        return version


def by_kind(entries: Mapping[tuple[str, str], ReferenceItem]) -> dict[str, dict[str, ReferenceItem]]:
    """As `documents.reference.book_of` takes them; one key may stand in several sets of a kind."""
    kinds: dict[str, dict[str, ReferenceItem]] = {kind: {} for kind in KINDS}
    for (name, key), item in entries.items():
        kinds[_KIND_OF[type(item)]][f"{key}|{name}"] = item
    return kinds


_KIND_OF = {item_type: kind for kind, item_type in KINDS.items()}
