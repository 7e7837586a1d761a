"""What came in: files, notifications, reference data; and which documents came before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, Protocol

from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.flows.ports.entries import (
    DocumentRow,
    FileRow,
    ReceiveCounts,
    ReceivedFile,
    Run,
)
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.notifications import ChangeNotification, WaitingNotifications
from mlconn_pipelines.ports.streams import Stream


class Intake(Protocol):
    """Safe to use from several threads."""

    def note_files(self, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
        """Remember a listing and return the rows still to act on: not yet stored, or stored and still listed (remove them)."""
        ...

    def files_to_take(self, integration: str, folder: str, listing: Sequence[RemoteFile], preview: bool = False) -> int:
        """How many of these a run would have to act on; for sensors, changes nothing. A preview looks at each file once."""
        ...

    def store_files(self, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
        """Files, interchanges, documents and our answers in one transaction; duplicates and conflicts decided here.

        Counts are of all together. NotStorable: none of them was stored.
        """
        ...

    def set_file_aside(self, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
        """content: None of a file that is held unread, as `FileRow.unread` then says."""
        ...

    def files_on_hold(self, integration: str) -> Sequence[FileRow]:
        """Files whose bytes are kept and of which nothing became a document; state `on_hold`."""
        ...

    def file_content(self, file: FileRow) -> bytes | None:
        """The bytes of a file that was put on hold, None where none could be downloaded."""
        ...

    def dismiss_file(self, run: Run, row_id: str, reason: str) -> None:
        """Leave a held file for good."""
        ...

    def files_removed(self, gone: Sequence[FileRow]) -> None: ...

    def business_duplicates(self, rows: Sequence[DocumentRow], tolerance: dt.timedelta) -> Mapping[str, DocumentRow]:
        """By document id another ready, outcome-unknown, posted or processed inbound document of its set, partner and business number.

        Without payloads. tolerance: so much older than the document it may be at most; numbers come again after years. Those of
        shipments (856) never do: of them everything before counts, what is on hold too.
        """
        ...

    def orders_received(self, integration: str, partner: str, number: str) -> Sequence[DocumentRow]:
        """The partner's orders of that number that are or may be in the ERP, without what was received of them; the newest first."""
        ...

    def invoices_before(self, rows: Sequence[DocumentRow]) -> Mapping[str, Sequence[tuple[str, Any]]]:
        """By document id, the ids and canonical forms of the other 810s that were taken for the same order of the same partner."""
        ...

    def record_notifications(
        self, told: Sequence[ChangeNotification], marks: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> Set[tuple[str, str, str]]:
        """Store notifications durably, each once by its key; returns (integration, flow, key) of those that were news.

        marks: of streams, by integration and name (`Mark.of`), stored in the same transaction.
        """
        ...

    def streams(self, integration: str) -> Mapping[str, Stream]:
        """By entity what is stored of the stream that it is told by."""
        ...

    def waiting_hints(self, integration: str, flow: str = "") -> Sequence[WaitingNotifications]:
        """Flows (the one, where it is named) with hints that no run has begun after."""
        ...

    def mark_consumed(self, run: Run) -> int:
        """The run begins to look: hints given so far are done with, those given from here on wait for the next run.

        Returns how many, those left out that the system told which the flow writes to: they say nothing of what it reads.
        """
        ...

    def reference_book(self, integration: str, version: int | None = None) -> ReferenceBook: ...

    def reference_keys(self, integration: str, name: str) -> Set[str]:
        """Keys that a reference set has now."""
        ...

    def store_reference(
        self,
        run: Run,
        name: str,
        kind: str,
        items: Mapping[str, ReferenceItem],
        whole: bool,
        watermark: str | None,
    ) -> int:
        """Compare by value, store what differs (whole: what is missing is gone), return the integration's newest version.

        A new version turns documents on hold whose reason was reference data back to `seen` (circumstances changed).
        """
        ...
