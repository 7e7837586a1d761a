"""Documents that enter the ledger other than by a fetch: sets out of received files, and our own answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.transaction_sets import kind_of
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ledger import claims, transitions
from mlconn_pipelines.ledger.rows import HEAD, Row
from mlconn_pipelines.ledger.tables import claim, document, interchange


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
        self.known |= self.newest(keys)
        self._ids += transitions.new_ids(self.tx, count)

    def enter(self, events: Sequence[tuple[Event, str]], values: dict[str, Any], older: Row | None = None) -> str:
        """A new document, walked through the events (each with its reason) to its first state; returns its id.

        older: the row it hangs on, for a duplicate or a redelivery; that one's original and partition are taken over.
        """
        name = self._ids.pop(0) if self._ids else transitions.new_ids(self.tx, 1)[0]
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

    def enter_now(self, events: Sequence[tuple[Event, str]], values: dict[str, Any], older: Row | None = None) -> str:
        """As `enter`, written at once and under a name that is taken now."""
        ahead, self._ids = self._ids, []
        name = self.enter(events, values, older)
        self._ids = ahead
        self.write()
        return name

    def take_over(self, row: Row, events: Sequence[tuple[Event, str]], values: dict[str, Any]) -> str:
        """A row that only a preview wrote enters the ledger now, under the id it has."""
        run = self.run
        changed = {
            **row,
            **values,
            "preview": run.preview,
            "partition": run.partition,
            "fetched_run_id": run.run_id,
            "state": "",
        }
        entries = _walk(changed, run, events)
        names = ("state", "delivery", "syntax", "preview", "partition", "fetched_run_id")
        change = sa.update(document).where(document.c.id == row["id"])
        values = {**values, **{name: changed[name] for name in names}, "changed_at": sa.func.clock_timestamp()}
        self.tx.execute(change.values(values))
        transitions.write(self.tx, entries)
        self.known[row["source_key"]] = {**row, "preview": run.preview, "state": changed["state"]}
        return str(row["id"])

    def write(self) -> None:
        """Write what was gathered so far."""
        for rows in self._rows.values():
            self.tx.execute(_INSERT, rows)
        transitions.write(self.tx, self._entries)
        self._rows, self._entries = {}, []

    # -- what is asked of the tables, after what was gathered is in them ----------------------------------------------
    def newest(self, keys: Sequence[str]) -> dict[str, Row]:
        """The newest revisions of these source keys, locked."""
        self.write()
        query = (
            sa.select(*HEAD)
            .where(document.c.integration == self.run.integration, document.c.flow == self.run.flow, document.c.is_current)
            .where(document.c.source_key == sa.func.any(sa.cast(list(keys), sa.ARRAY(sa.Text))))
            .order_by(document.c.id)
            .with_for_update(key_share=True)
        )
        return {row["source_key"]: dict(row) for row in self.tx.execute(query).mappings()}

    def last_revision(self, row: Row) -> int:
        """The highest revision that hangs on the row's original, duplicates counted."""
        self.write()
        query = sa.select(sa.func.max(document.c.revision)).where(
            document.c.integration == row["integration"],
            document.c.flow == row["flow"],
            document.c.source_key == row["source_key"],
        )
        return int(self.tx.scalar(query) or 1)

    def is_long_ago(self, source_key: str, age: dt.timedelta) -> bool:
        """Whether all that came under this key, and under those that begin with it and `#`, is older than that."""
        self.write()
        here = (document.c.integration == self.run.integration, document.c.flow == self.run.flow)
        of_key = (document.c.source_key == source_key) | document.c.source_key.startswith(f"{source_key}#", autoescape=True)
        newest = sa.select(sa.func.max(document.c.first_seen_at)).where(*here, of_key).scalar_subquery()
        return bool(self.tx.scalar(sa.select(sa.func.coalesce(newest < sa.func.now() - age, sa.false()))))

    def states_under(self, prefix: str) -> Sequence[str]:
        """States of the documents whose source keys begin so."""
        self.write()
        query = sa.select(document.c.state).where(
            document.c.integration == self.run.integration,
            document.c.flow == self.run.flow,
            document.c.source_key.startswith(prefix, autoescape=True),
        )
        return self.tx.scalars(query).all()

    def act_again(self, document_id: str, reason: str) -> None:
        """Its claim once more, whose outcome is unknown."""
        claims.act_again(self.tx, self.run, document_id, reason)

    def last_sent(self, document_id: str) -> Row | None:
        """Its last claim that is done, with the bytes and what they were rendered from."""
        query = (
            sa.select(claim, interchange.c.envelope, interchange.c.content, document.c.canonical, document.c.raw)
            .join(interchange, interchange.c.id == claim.c.interchange_id)
            .join(document, document.c.id == claim.c.document_id)
            .where(claim.c.document_id == document_id, claim.c.state == "done")
            .order_by(claim.c.id.desc())
            .limit(1)
        )
        return self.tx.execute(query).mappings().one_or_none()

    def copy_claim(self, document_id: str, sent: Row, file_name: str) -> None:
        """The same bytes and numbers under a name of their own; owned by nobody, so that the next run acts on it."""
        bytes_again = sa.insert(interchange).values(
            integration=self.run.integration,
            direction="outbound",
            envelope=sent["envelope"],
            file_name=file_name,
            place=sent["destination"],
            content=sent["content"],
            sha256=sha256(sent["content"]).hexdigest(),
            run_id=self.run.run_id,
        )
        names = ("target", "entity", "destination", "interchange_number", "group_number", "set_number")
        self.tx.execute(
            sa.insert(claim).values(
                document_id=document_id,
                state="claimed",
                correlation_reference=f"{self.run.integration}:{sent['entity']}:{document_id}",
                interchange_id=self.tx.execute(bytes_again.returning(interchange.c.id)).scalar_one(),
                file_name=file_name,
                run_id=self.run.run_id,
                **{name: sent[name] for name in names},
            )
        )


_INSERT = sa.insert(document)


def _walk(row: dict[str, Any], run: Run, events: Sequence[tuple[Event, str]]) -> list[dict[str, Any]]:
    entries = []
    for event, reason in events:
        state = transitions.target(row, event)
        entries.append(transitions.entry(row, event, state, run.run_id, reason))
        row |= transitions.standing(state)
    return entries
