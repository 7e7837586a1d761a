"""Fields of records elsewhere that are kept in step: what they are to be, what was last written, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlconn_pipelines.flows.ports.entries import Run


@dataclass(frozen=True, slots=True)
class WantedFields:
    """What fields of one record are to be. key: of the record that they come from. fields: by the names that they have in the target.

    hash: over the fields. currency: of the amounts among them, ISO 4217. as_of: aware, when the source was read.
    """

    key: str
    fields: Mapping[str, Any]
    hash: str
    currency: str
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class FieldState:
    """target: key of the record that was last written. written_hash: of what was last written; empty before that.

    failed_hash: of what could not be written, with the error's words and code; not tried again before it changes or somebody says so.
    collection: id of the document that it is written by at present, empty where that is not open any more.
    """

    wanted: WantedFields
    target: str = ""
    written_hash: str = ""
    written_at: dt.datetime | None = None
    failed_hash: str = ""
    error: str = ""
    error_code: str = ""
    collection: str = ""

    @property
    def is_written(self) -> bool:
        return self.wanted.hash == self.written_hash

    @property
    def has_failed(self) -> bool:
        return not self.is_written and self.wanted.hash == self.failed_hash


@dataclass(frozen=True, slots=True)
class RowsStanding:
    """How many of a flow's rows are written as they are to be, wait, and failed as they are. read_at: when one was read last.

    rows: some of them; those that failed first, then those that wait, then those that were written last.
    """

    written: int
    waiting: int
    failed: int
    read_at: dt.datetime | None
    rows: Sequence[FieldState]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row of a collection. target: key of the record that was written, empty where none was.

    error, error_code: why it was not; both empty where it is to be tried again as it is.
    """

    key: str
    hash: str
    target: str = ""
    error: str = ""
    error_code: str = ""


class FieldStates(Protocol):
    """Safe to use from several threads; each call is one transaction."""

    def store(self, run: Run, wanted: Sequence[WantedFields], watermarks: Mapping[str, str] | None = None) -> int:
        """What fields are to be from now on, and how far the source is read (not by a preview run); returns how many differ.

        What was read earlier than that which is stored changes nothing.
        """
        ...

    def due(self, integration: str, flow: str) -> Sequence[FieldState]:
        """In the order of keys, what differs from what was last written and what failed last, and is in no open collection."""
        ...

    def take(self, run: Run, collection: str, hashes: Mapping[str, str]) -> frozenset[str]:
        """Keys that the collection may write: those in no other open one which are to be as these hashes say.

        Nobody else writes them before the collection's document is closed. Again, it gives the same answer.
        """
        ...

    def ended(self, run: Run, collection: str, outcomes: Sequence[RowOutcome], *, released: bool = False) -> None:
        """What became of rows that the collection took; of others it changes nothing. collection: empty for rows in no open one.

        released: others may write them although the collection's document stays open.
        """
        ...

    def try_again(self, run: Run, keys: Sequence[str]) -> None:
        """Forget that these failed."""
        ...

    def write_again(self, run: Run, keys: Sequence[str]) -> None:
        """Forget what was last written of these: the target holds something else by now."""
        ...

    def standing(self, integration: str, flow: str, shown: int = 0) -> RowsStanding:
        """How the flow stands, and so many of its rows."""
        ...

    def states(self, integration: str, flow: str, keys: Sequence[str] | None = None) -> Sequence[FieldState]:
        """All of the flow in the order of keys, or those of these keys."""
        ...
