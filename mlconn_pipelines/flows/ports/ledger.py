"""What flows need of the ledger: a queue of documents, the right to act once, and a memory of everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any, Protocol

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.flows.ports.claims import Owner
from mlconn_pipelines.flows.ports.entries import (
    AcknowledgmentOutcome,
    Checked,
    Direction,
    DocumentRow,
    FetchCounts,
    FetchedRecord,
    FetchRules,
    FileRow,
    OpenClaim,
    ReceiveCounts,
    ReceivedFile,
    ReceivedGroup,
    ReceivedInterchange,
    Run,
    TwinLook,
    WatermarkNow,
)
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, Reason, RememberedKey
from mlconn_pipelines.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.notifications import Hint, WaitingHints
from mlconn_pipelines.ports.records import KeyStamp, Stored


class Ledger(Protocol):
    """Safe to use from several threads; each call takes a connection from a pool."""

    # -- what is new ------------------------------------------------------------------------------------------------
    def watermark(self, integration: str, name: str) -> str | None: ...

    def watermark_now(self, integration: str, name: str) -> WatermarkNow:
        """The watermark beside the database's clock, which all processes share."""
        ...

    def now(self) -> dt.datetime:
        """The database's clock, aware: what decisions hang on, since those of the machines that run us may be wrong."""
        ...

    def note_hints(self, hints_given: Sequence[Hint]) -> int:
        """Store hints durably, each once by its key; returns how many were news."""
        ...

    def waiting_hints(self, integration: str, flow: str = "") -> Sequence[WaitingHints]:
        """Flows (the one, where it is named) with hints that no run has begun after."""
        ...

    def take_hints(self, run: Run) -> int:
        """The run begins to look: hints given so far are done with, those given from here on wait for the next run."""
        ...

    def unseen(self, integration: str, flow: str, stamps: Sequence[KeyStamp], preview: bool = False) -> list[str]:
        """Keys whose stamp differs from what was stored last, or that were never stored.

        preview: for a preview run, which need not read again what an earlier preview read; to a live run that is unseen.
        """
        ...

    def store_fetched(
        self, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
    ) -> FetchCounts:
        """Documents, revisions and the new watermark (name, value) in one transaction."""
        ...

    def remember_keys(
        self, run: Run, reason: Reason, found: Sequence[KeyToRemember], gone_after_s: float = 60.0
    ) -> Sequence[RememberedKey]:
        """Keep keys of the run's flow in mind, each once, and return them as they are remembered now.

        A key under another stamp than before starts anew. gone_after_s: how far apart two answers that the record is absent
        must lie to prove that it is gone.
        """
        ...

    def remembered_keys(self, integration: str, flow: str, reason: Reason) -> Sequence[RememberedKey]:
        """Keys that the flow keeps in mind for that reason, oldest first, those that are gone among them."""
        ...

    def forget_keys(self, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
        """They need no remembering any more; returns how many were remembered."""
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

    # -- the queue --------------------------------------------------------------------------------------------------
    def documents(
        self,
        integration: str,
        flow: str,
        states: Collection[State],
        *,
        ids: Collection[str] = (),
        partner: str = "",
        partitions: Collection[dt.date] = (),
        set_ids: Collection[str] = (),
        direction: Direction | None = None,
        due_only: bool = True,
        preview: bool = False,
        limit: int = 100_000,
        after: str = "",
        with_raw: bool = True,
    ) -> list[DocumentRow]:
        """Documents in any of the states, oldest first; due_only leaves out those with a later next_attempt_at.

        after: only those whose id sorts behind this one, to read on where the last answer ended. with_raw: without it, `raw` is
        None, which spares reading large records where only the canonical form is needed.
        """
        ...

    def document(self, document_id: str) -> DocumentRow | None: ...

    def ready(self, integration: str, flow: str, **selection: Any) -> list[DocumentRow]:
        """`documents` in READY that no live owner holds. Same keyword selection."""
        ...

    def store_checked(self, run: Run, results: Sequence[Checked]) -> Mapping[State, int]:
        """Transitions of `seen` documents, each only if it still is the newest revision; returns how many went where.

        NotStorable: none of them was changed.
        """
        ...

    def owner(self, run: Run, time_out_s: float, absence_proves_after_s: float | None = None) -> AbstractContextManager[Owner]:
        """time_out_s: the request time-out plus a margin, after which a dead owner's claims may be taken over.

        absence_proves_after_s: so long after an attempt what is not there was surely not stored; None where that is never sure.
        """
        ...

    # -- receiving --------------------------------------------------------------------------------------------------
    def note_files(self, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
        """Remember a listing and return the rows still to act on: not yet stored, or stored and still listed (remove them)."""
        ...

    def files_to_take(self, integration: str, folder: str, listing: Sequence[RemoteFile], preview: bool = False) -> int:
        """How many of these a run would have to act on; for sensors, changes nothing. A preview looks at each file once."""
        ...

    def store_received(
        self, run: Run, file: FileRow, content: bytes, interchanges: Sequence[ReceivedInterchange], send_from: dt.date
    ) -> ReceiveCounts:
        """File, interchanges, documents and our answers in one transaction; duplicates and conflicts decided here."""
        ...

    def store_files(self, run: Run, received: Sequence[ReceivedFile], send_from: dt.date) -> ReceiveCounts:
        """`store_received` for several files in one transaction; counts of all together. NotStorable: none of them was stored."""
        ...

    def set_file_aside(self, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None:
        """content: None of a file that is held unread, as `FileRow.unread` then says."""
        ...

    def files_set_aside(self, integration: str) -> Sequence[FileRow]:
        """Files whose bytes are kept and of which nothing became a document; state `on_hold`."""
        ...

    def file_content(self, file: FileRow) -> bytes | None:
        """The bytes of a file that was put on hold, None where none could be downloaded."""
        ...

    def dismiss_file(self, run: Run, row_id: str, reason: str) -> None:
        """Leave a held file for good."""
        ...

    def file_removed(self, file: FileRow) -> None: ...

    def files_removed(self, gone: Sequence[FileRow]) -> None: ...

    def acknowledge(
        self, run: Run, acknowledgment: FunctionalAcknowledgment, envelope: Mapping[str, str], document_id: str
    ) -> AcknowledgmentOutcome:
        """Match a received 997 or 999 (its envelope's ids are swapped against ours) and move what it names."""
        ...

    def acknowledge_interchange(
        self,
        run: Run,
        acknowledgment: InterchangeAcknowledgment,
        words: str,
        envelope: Mapping[str, str],
        document_id: str,
    ) -> AcknowledgmentOutcome:
        """Match a received TA1 by the control number of our interchange. R rejects its document, A and E prove its arrival.

        words: what it says, for findings and alerts.
        """
        ...

    def sent_by_number(self, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
        """The delivered outbound document that an 855, 856, 810 or 824 names by its number, without its payloads."""
        ...

    def sent_by_numbers(
        self, integration: str, set_id: str, named: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], DocumentRow]:
        """The same for many (partner, business number) pairs, without their payloads; pairs that name none are left out."""
        ...

    def sent_under(self, integration: str, envelope: Mapping[str, str], group: str, set_number: str) -> DocumentRow | None:
        """The outbound document that went out with these GS06 and ST02, without its payloads; the newest after a wrap.

        envelope: of the interchange that names them, whose receiver we are.
        """
        ...

    def business_duplicates(self, documents: Sequence[DocumentRow], tolerance: dt.timedelta) -> Mapping[str, DocumentRow]:
        """By document id another ready, outcome-unknown, posted or processed inbound document of its set, partner and business number.

        Without payloads. tolerance: so much older than the document it may be at most; numbers come again after years. Those of
        shipments (856) never do: of them everything before counts, what is on hold too.
        """
        ...

    def invoices_before(self, documents: Sequence[DocumentRow]) -> Mapping[str, Sequence[tuple[str, Any]]]:
        """By document id, the ids and canonical forms of the other 810s that were taken for the same order of the same partner."""
        ...

    def advise(self, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
        """Put an 824's findings on the document it names; a rejection raises an alert."""
        ...

    def answer_interchange(self, run: Run, refusal: ReceivedGroup) -> bool:
        """Queue our TA1 to an interchange of which nothing was taken in; false where that was done before."""
        ...

    def note_our_update(self, integration: str, flow: str, key: str, content_hash: str, projection: str = "") -> None:
        """A revision with this hash of this version is our own doing and is recorded without action."""
        ...

    # -- unknown outcomes -------------------------------------------------------------------------------------------
    def open_claims(self, integration: str, flow: str = "") -> list[OpenClaim]:
        """Claims of dead owners left in `sending` after the time-out, and documents in `unknown`."""
        ...

    def settle(
        self, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str, hold_after: int | None = None
    ) -> State:
        """outcome given: delivered. None: surely not stored, the claim acts again (`ready`), after waits that grow from the
        second time on, or is on hold after so many error answers about this document. evidence: in words.

        ClaimLost when the claim went on since `open_claims` named it, or when it is too early for absence to prove anything.
        """
        ...

    def leave_unknown(
        self, run: Run, claim_id: str, evidence: str, *, tried_again: bool = False, absence_proves_after_s: float | None = None
    ) -> State:
        """Nothing conclusive; the next look comes later than this one, or when absence begins to prove something.

        tried_again: the look itself wrote something whose outcome is open, so that absence counts anew from now.
        """
        ...

    def twin_looks(self, integration: str, flow: str = "") -> Sequence[TwinLook]:
        """Settled claims whose outcome had been unknown and whose time has come to be looked for once more."""
        ...

    def twin_looked(self, look: TwinLook) -> None: ...

    def twin_look_later(self, look: TwinLook) -> None: ...

    def stored_twice(self, run: Run, document_id: str, words: str) -> bool:
        """An alert, and an exception on the document until somebody dismisses it; true when it is news."""
        ...

    def attempt_left_open(self, integration: str, what: str, absence_proves_after_s: float) -> None:
        """Something beside documents was to be made, and nobody knows whether it was: for so long its absence proves nothing."""
        ...

    def attempt_is_open(self, integration: str, what: str) -> bool: ...

    def configuration_changed(self, integration: str, config_hash: str) -> int:
        """Documents on hold that another configuration refused go back to `seen`; returns how many. Held files are due."""
        ...

    # -- looking ----------------------------------------------------------------------------------------------------
    def work(self, integration: str, flow: str, preview: bool = False) -> int:
        """Documents that a run would act on now: seen, ready and due, or with an open claim of a dead owner."""
        ...
