"""`Arrivals` of ledger/inserts.py in memory, on which the ledger's own functions decide about duplicates and answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.transaction_sets import kind_of
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines_tests.fake_ledger.claims import act_again
from mlconn_pipelines_tests.fake_ledger.owners import NEW_CLAIM
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves, stored

_JSON = ("raw", "canonical", "findings", "receipt_findings", "links")


class FakeArrivals:
    def __init__(self, shelves: Shelves, run: Run) -> None:
        self._shelves, self.run = shelves, run
        self.known: dict[str, Row] = {}

    def expect(self, keys: Sequence[str], count: int) -> None:
        self.known |= self.newest(keys)

    def enter(self, events: Sequence[tuple[Event, str]], values: Row, older: Row | None = None) -> str:
        inbound = values["direction"] == "inbound"
        row = self._shelves.enter(
            {
                "integration": self.run.integration,
                "flow": self.run.flow,
                "fetched_run_id": self.run.run_id,
                "preview": self.run.preview,
                "kind": kind_of(values["set_id"]),
                "source": self.run.source if inbound else "",
                "target": self.run.target if inbound else self.run.source,
                "original": older["original"] if older else "",
                "revision": older["revision"] + 1 if older else 1,
                "partition": older["partition"] if older else self.run.partition,
                "latest_hash": values.get("content_hash", ""),
                "content_hash": "",
                "state": "",
                **values,
                **{name: stored(values[name]) for name in _JSON if name in values},
            }
        )
        self._walk(row, events)
        if row["is_current"]:
            self.known[row["source_key"]] = row
        return str(row["id"])

    enter_now = enter

    def take_over(self, row: Row, events: Sequence[tuple[Event, str]], values: Row) -> str:
        kept = self._shelves.documents[row["id"]]
        kept |= {**values, **{name: stored(values[name]) for name in _JSON if name in values}, "state": ""}
        kept |= {"preview": self.run.preview, "partition": self.run.partition, "fetched_run_id": self.run.run_id}
        self._walk(kept, events)
        self.known[row["source_key"]] = kept
        return str(row["id"])

    def _walk(self, row: Row, events: Sequence[tuple[Event, str]]) -> None:
        for event, reason in events:
            self._shelves.move(row, event, self.run.run_id, reason)

    def write(self) -> None:
        """It is written."""

    def newest(self, keys: Sequence[str]) -> dict[str, Row]:
        return {row["source_key"]: row for row in self._here() if row["is_current"] and row["source_key"] in keys}

    def last_revision(self, row: Row) -> int:
        return max(one["revision"] for one in self._here() if one["source_key"] == row["source_key"])

    def is_long_ago(self, source_key: str, age: dt.timedelta) -> bool:
        seen = [
            row["first_seen_at"]
            for row in self._here()
            if row["source_key"] == source_key or row["source_key"].startswith(f"{source_key}#")
        ]
        return bool(seen) and max(seen) < self._shelves.now() - age

    def states_under(self, prefix: str) -> list[str]:
        return [row["state"] for row in self._here() if row["source_key"].startswith(prefix)]

    def _here(self) -> list[Row]:
        place = (self.run.integration, self.run.flow)
        return [row for row in self._shelves.documents.values() if (row["integration"], row["flow"]) == place]

    def act_again(self, document_id: str, reason: str) -> None:
        claim = self._shelves.open_claim(document_id)
        assert claim is not None
        act_again(self._shelves, self.run, self._shelves.documents[document_id], claim, reason)

    def last_sent(self, document_id: str) -> Row | None:
        row = self._shelves.documents[document_id]
        claims = self._shelves.claims.values()
        done = [one for one in claims if one["document_id"] == document_id and one["state"] == "done"]
        return {**done[-1], "canonical": row["canonical"], "raw": row["raw"]} if done else None

    def copy_claim(self, document_id: str, sent: Row, file_name: str) -> None:
        number = len(self._shelves.claims) + 1
        names = ("target", "entity", "destination", "numbers", "content", "sha256")
        again: dict[str, Any] = {"id": number, "document_id": document_id, "owner": None, "run_id": self.run.run_id}
        again |= {"correlation_reference": f"{self.run.integration}:{sent['entity']}:{document_id}", "file_name": file_name}
        self._shelves.claims[number] = {**NEW_CLAIM, **again, **{name: sent[name] for name in names}}
