"""What looking back needs of the ledger: documents that were delivered, with the very bytes and what they were rendered with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.entries import ControlNumbers, DocumentRow


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A delivered document with its last delivery. document.raw and document.canonical are what was delivered.

    content: the bytes as delivered. at: the time they were rendered with, aware. config_hash: of the check before that.
    """

    document: DocumentRow
    content: bytes
    file_name: str
    destination: str
    numbers: ControlNumbers
    at: dt.datetime
    config_hash: str


class History(Protocol):
    """Reads only. For one thread, in the order that `sent_ids` gives: an older reference version costs more than the next one."""

    def sent_ids(
        self, integration: str, first: dt.date, last: dt.date | None, flows: Collection[str] = (), partner: str = ""
    ) -> Sequence[str]:
        """Ids of documents delivered and dated in [first, last], those of one reference version together, the oldest first.

        Of a document that was delivered again after a change only the newest revision. One without a date of its own counts by
        the day it was filed under. flows: all where empty.
        """
        ...

    def sent(self, ids: Collection[str]) -> Sequence[SentDocument]:
        """Those of these documents that stand as delivered, in the order of ids."""
        ...

    def reference_book(self, integration: str, version: int | None) -> ReferenceBook:
        """Reference data as known then; the newest for None."""
        ...
