"""Documents that enter the ledger other than by a fetch: sets out of received files, and our own answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.transaction_sets import kind_of
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger import trail
from mlconn_pipelines.ledger.rows import HEAD, Row
from mlconn_pipelines.ledger.tables import document


@dataclass
class Arrivals:
    """New documents of one transaction, gathered, so that many files cost few statements.

    known: newest revisions by source key, those that were gathered among them.
    """

    tx: sa.Connection
    run: Run
    known: dict[str, Row] = field(default_factory=dict)
    _ids: list[str] = field(default_factory=list)
    _rows: dict[frozenset[str], list[dict[str, Any]]] = field(default_factory=dict)
    _entries: list[dict[str, Any]] = field(default_factory=list)

    def expect(self, keys: Sequence[str], count: int) -> None:
        """Lock and learn what there is under these source keys, and take that many names ahead."""
        self.known |= newest_by_key(self.tx, self.run.integration, self.run.flow, keys)
        self._ids += trail.new_ids(self.tx, count)

    def enter(self, events: Sequence[tuple[Event, str]], values: dict[str, Any], older: Row | None = None) -> str:
        """A new document, walked through the events (each with its reason) to its first state; returns its id.

        older: the row it hangs on, for a duplicate or a redelivery; that one's original and partition are taken over.
        """
        name = self._ids.pop(0) if self._ids else trail.new_ids(self.tx, 1)[0]
        row = {
            "integration": self.run.integration,
            "flow": self.run.flow,
            "fetched_run_id": self.run.run_id,
            "preview": self.run.preview,
            "id": name,
            "kind": kind_of(values["set_id"]),
            # What we write ourselves answers what came in, and goes where that came from.
            "source": self.run.source if values["direction"] == "inbound" else "",
            "target": self.run.target if values["direction"] == "inbound" else self.run.source,
            "original": older["original"] if older else name,
            "revision": older["revision"] + 1 if older else 1,
            "partition": older["partition"] if older else self.run.partition,
            "latest_hash": values.get("content_hash", ""),
            "content_hash": "",
            "state": "",
            **values,
        }
        self._entries += _walk(row, self.run, events)
        self._rows.setdefault(frozenset(row), []).append(row)
        if row.get("is_current", True):
            self.known[row["source_key"]] = row
        return name

    def write(self) -> None:
        """Write what was gathered so far."""
        for rows in self._rows.values():
            self.tx.execute(_INSERT, rows)
        trail.write(self.tx, self._entries)
        self._rows, self._entries = {}, []


_INSERT = sa.insert(document)


def enter(
    tx: sa.Connection, run: Run, events: Sequence[tuple[Event, str]], values: dict[str, Any], older: Row | None = None
) -> str:
    """One document, written at once; see `Arrivals.enter`."""
    arriving = Arrivals(tx, run)
    name = arriving.enter(events, values, older)
    arriving.write()
    return name


def take_over(tx: sa.Connection, run: Run, row: Row, events: Sequence[tuple[Event, str]], values: dict[str, Any]) -> str:
    """A row that only a preview wrote enters the ledger now, under the id it has."""
    changed = {**row, **values, "preview": run.preview, "partition": run.partition, "fetched_run_id": run.run_id, "state": ""}
    entries = _walk(changed, run, events)
    values = {
        **values,
        **{name: changed[name] for name in ("state", "delivery", "syntax", "preview", "partition", "fetched_run_id")},
    }
    tx.execute(sa.update(document).where(document.c.id == row["id"]).values(changed_at=sa.func.clock_timestamp(), **values))
    trail.write(tx, entries)
    return str(row["id"])


def _walk(row: dict[str, Any], run: Run, events: Sequence[tuple[Event, str]]) -> list[dict[str, Any]]:
    entries = []
    for event, reason in events:
        state = trail.target(row, event)
        entries.append(trail.entry(row, event, state, run.run_id, reason))
        row |= trail.standing(state)
    return entries


def newest_by_key(tx: sa.Connection, integration: str, flow: str, keys: Sequence[str]) -> dict[str, Row]:
    """The newest revisions of these source keys, locked."""
    query = (
        sa.select(*HEAD)
        .where(document.c.integration == integration, document.c.flow == flow, document.c.is_current)
        .where(document.c.source_key == sa.func.any(sa.cast(list(keys), sa.ARRAY(sa.Text))))
        .order_by(document.c.id)
        .with_for_update(key_share=True)
    )
    return {row["source_key"]: dict(row) for row in tx.execute(query).mappings()}


def last_revision(tx: sa.Connection, row: Row) -> int:
    """The highest revision that hangs on the row's original, duplicates counted."""
    query = sa.select(sa.func.max(document.c.revision)).where(
        document.c.integration == row["integration"],
        document.c.flow == row["flow"],
        document.c.source_key == row["source_key"],
    )
    return int(tx.scalar(query) or 1)
