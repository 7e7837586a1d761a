"""What the agent was asked to write and how far it came, on disk before each effect: after a crash this is what we know.

received → started → number_taken → written → done. One row a job; the job's id is the platform's attempt and never another's.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

KEEP_S = 35 * 86_400
"""Longer than any job lives (30 days), and than a gateway that lies about the time can make the clock jump, there and back (52 hours):
no job is played again after it is forgotten."""
QUOTA_BYTES = 256 * 1024 * 1024
"""Results wait here while the tunnel is cut. When it is full no job is taken on any more; nothing that was done is ever dropped."""


class State(StrEnum):
    RECEIVED = "received"
    STARTED = "started"
    NUMBER_TAKEN = "number_taken"
    WRITTEN = "written"
    DONE = "done"


NEXT = {
    State.RECEIVED: {State.STARTED, State.DONE},
    State.STARTED: {State.STARTED, State.NUMBER_TAKEN, State.DONE},
    State.NUMBER_TAKEN: {State.NUMBER_TAKEN, State.WRITTEN, State.DONE},
    State.WRITTEN: {State.DONE},
    State.DONE: set[State](),
}


class DigestDiffers(Exception):
    """The job's id was used for something else before: nothing is done for it."""


class Full(Exception):
    """The journal has reached its quota, or the disk its end: no job is taken on until results were acknowledged."""


class WrongStep(Exception):
    """A step that does not follow from the one before: the job is somebody else's by now, or there is a mistake in the agent."""


@dataclass(frozen=True)
class Entry:
    """A job as it stands. tries: how often it was started. request: the job as it was signed.

    result: of a job that is done, or that rests until it is given again.
    """

    id: str
    digest: str
    request: Mapping[str, Any]
    state: State
    number: str
    tries: int
    result: Mapping[str, Any] | None
    acknowledged: bool


_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  request TEXT NOT NULL,
  state TEXT NOT NULL,
  number TEXT NOT NULL DEFAULT '',
  tries INTEGER NOT NULL DEFAULT 0,
  result TEXT,
  received_at REAL NOT NULL,
  changed_at REAL NOT NULL,
  acknowledged_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS process (pid INTEGER NOT NULL, born TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS job_open ON job (acknowledged_at, state);
"""


def digest_of(request: Mapping[str, Any]) -> str:
    """Of what is to be done: verb, company, parameters and reference. Delivered again, a job may bear a later time."""
    asked = {
        name: request.get(name) for name in ("agent_id", "company", "verb", "verb_version", "params", "effect", "idem_ref")
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Journal:
    """One file, one writer: the agent's own process. Each method has committed when it returns."""

    def __init__(self, file: Path, quota_bytes: int = QUOTA_BYTES) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
        self._quota_bytes = quota_bytes

    def close(self) -> None:
        self._db.close()

    def receive(self, id: str, request: Mapping[str, Any], now: float) -> Entry:
        """Take a job on, or find it as it stands. Errors: DigestDiffers, Full.

        now: by this machine's clock, which nobody far away can set.
        """
        digest = digest_of(request)
        known = self.get(id)
        if known is None:
            if self._size() >= self._quota_bytes:
                raise Full("the journal is full; results wait to be acknowledged")
            told = json.dumps(request, ensure_ascii=False, sort_keys=True)
            try:
                self._db.execute(
                    "INSERT INTO job (id, digest, request, state, received_at, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
                    (id, digest, told, State.RECEIVED, now, now),
                )
            except sqlite3.OperationalError as wrong:
                raise Full(str(wrong)) from None
            return self._existing(id)
        if known.digest != digest:
            raise DigestDiffers(f"job {id} was given before with other contents")
        return known

    def start(self, id: str, now: float) -> Entry:
        """A try begins. A job that has its number keeps its state: it is tried again under that number."""
        entry = self._existing(id)
        state = State.NUMBER_TAKEN if entry.state is State.NUMBER_TAKEN else State.STARTED
        return self._step(entry, state, now, tries=entry.tries + 1, result=None)

    def rest(self, id: str, result: Mapping[str, Any], now: float) -> None:
        """Nothing was done, and the same job may be given again: Sage was busy, or it was too late. The try does not count."""
        told = json.dumps(result, ensure_ascii=False)
        self._db.execute(
            "UPDATE job SET tries = 0, result = ?, changed_at = ?, acknowledged_at = NULL WHERE id = ? AND state <> ?",
            (told, now, id, State.DONE),
        )

    def number_taken(self, id: str, number: str, now: float) -> Entry:
        return self._step(self._existing(id), State.NUMBER_TAKEN, now, number=number)

    def written(self, id: str, number: str, now: float) -> Entry:
        return self._step(self._existing(id), State.WRITTEN, now, number=number)

    def done(self, id: str, result: Mapping[str, Any], now: float) -> Entry:
        return self._step(self._existing(id), State.DONE, now, result=json.dumps(result, ensure_ascii=False))

    def acknowledge(self, id: str, now: float) -> None:
        """The platform has the result. Of a job that rests nothing stays but its number, if it has one."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "UPDATE job SET acknowledged_at = ? WHERE id = ? AND state = ? AND acknowledged_at IS NULL",
                (now, id, State.DONE),
            )
            self._db.execute(
                "DELETE FROM job WHERE id = ? AND state <> ? AND result IS NOT NULL AND number = ''", (id, State.DONE)
            )
            self._db.execute("UPDATE job SET result = NULL WHERE id = ? AND state <> ?", (id, State.DONE))

    def get(self, id: str) -> Entry | None:
        row = self._db.execute("SELECT * FROM job WHERE id = ?", (id,)).fetchone()
        return _entry(row) if row is not None else None

    def open(self) -> list[Entry]:
        """What a crash left: jobs without a result, in the order in which they came."""
        return [_entry(row) for row in self._db.execute("SELECT * FROM job WHERE result IS NULL ORDER BY received_at, id")]

    def unacknowledged(self) -> list[Entry]:
        """Results that the platform does not have, in the order in which they came about."""
        found = self._db.execute(
            "SELECT * FROM job WHERE result IS NOT NULL AND acknowledged_at IS NULL ORDER BY changed_at, id"
        )
        return [_entry(row) for row in found]

    def standing(self) -> list[tuple[str, State]]:
        """Jobs that are open, and those whose result the platform does not have."""
        found = self._db.execute("SELECT id, state FROM job WHERE acknowledged_at IS NULL ORDER BY received_at, id")
        return [(row["id"], State(row["state"])) for row in found]

    def started_since(self, since: float) -> int:
        """How many writes were taken on: a platform that was taken over may not do more than a customer allows in an hour.

        since: by this machine's clock.
        """
        return int(self._db.execute("SELECT count(*) FROM job WHERE received_at >= ?", (since,)).fetchone()[0])

    def prune(self, now: float) -> int:
        """Forget what was acknowledged long ago. What was not is never forgotten."""
        return self._db.execute("DELETE FROM job WHERE acknowledged_at < ?", (now - KEEP_S,)).rowcount

    def note_processes(self, processes: Sequence[tuple[int, str]]) -> None:
        """The worker and the hosts that it brought, each with its birth: an agent that comes after us ends them first."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM process")
            self._db.executemany("INSERT INTO process VALUES (?, ?)", processes)

    def processes(self) -> list[tuple[int, str]]:
        return [(row["pid"], row["born"]) for row in self._db.execute("SELECT pid, born FROM process")]

    def _step(self, entry: Entry, state: State, now: float, **values: object) -> Entry:
        if state not in NEXT[entry.state] or (entry.number and values.get("number", entry.number) != entry.number):
            raise WrongStep(
                f"job {entry.id} is {entry.state} {entry.number}, and cannot become {state} {values.get('number', '')}"
            )
        columns = {"state": state, "changed_at": now, **values}
        told = ", ".join(f"{name} = ?" for name in columns)
        changed = self._db.execute(
            f"UPDATE job SET {told} WHERE id = ? AND state = ?",  # noqa: S608  # names of our own columns
            (*columns.values(), entry.id, entry.state),
        ).rowcount
        if changed != 1:
            raise WrongStep(f"job {entry.id} is not {entry.state} any more")
        return self._existing(entry.id)

    def _existing(self, id: str) -> Entry:
        entry = self.get(id)
        if entry is None:
            raise WrongStep(f"job {id} was never received")
        return entry

    def _size(self) -> int:
        """Of what is kept; free pages of the file count for nothing."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"],
        row["digest"],
        json.loads(row["request"]),
        State(row["state"]),
        row["number"],
        row["tries"],
        json.loads(row["result"]) if row["result"] is not None else None,
        row["acknowledged_at"] is not None,
    )
