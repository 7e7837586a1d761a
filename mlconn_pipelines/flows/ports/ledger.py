"""What flows need of the ledger: a queue of documents, the right to act once, and a memory of everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.errors import DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.flows.ports.erp import Finding, KeyStamp, Record, RecordFacts, Stored

Direction = Literal["outbound", "inbound"]


@dataclass(frozen=True, slots=True)
class Run:
    """Who acts. run_id: the Dagster run, or a made-up id of the command line. partition: the day that new documents are filed under."""

    integration: str
    flow: str
    run_id: str
    partition: dt.date
    preview: bool = False
    config_hash: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document as the ledger holds it. id: ours, stable, printed as the document's name in every table (a ULID-like text).

    raw: the vendor record (outbound) or {"segments": [...], "envelope": {...}} (inbound), numbers read back as Decimal or int,
    never float. canonical: JSON of documents.serialization.
    partner: the trading partner's short name, empty while unknown. partner_code: the ERP's code. set_id: `810`.
    answers: id of the document that this one answers (our 997 or 824), empty otherwise.
    approved: a person approved it with its findings. attempts, next_attempt_at: of acting.
    """

    id: str
    integration: str
    flow: str
    direction: Direction
    set_id: str
    source_key: str
    revision: int
    state: State
    partition: dt.date
    business_number: str
    document_date: dt.date | None
    partner: str
    partner_code: str
    line_count: int
    amount: Decimal | None
    currency: str
    raw: Any
    canonical: Any
    findings: tuple[Finding, ...]
    reason: str
    reason_code: str
    approved: bool
    preview: bool
    attempts: int
    next_attempt_at: dt.datetime | None
    reference_version: int | None
    answers: str
    first_seen_at: dt.datetime
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """A record just read, with what the mapping says about it. ours: created by us and named by its own reference (no echo)."""

    facts: RecordFacts
    raw: Record
    ours: bool


@dataclass(frozen=True, slots=True)
class FetchRules:
    """send_from: documents dated earlier are `before_start`. after_sending: what a later revision of a sent document does."""

    set_id: str
    send_from: dt.date
    after_sending: Literal["ignore", "set_aside"] = "ignore"


@dataclass(frozen=True, slots=True)
class FetchCounts:
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    ours: int = 0
    before_start: int = 0
    cancelled: int = 0
    changed_after_sending: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check decided of a `seen` document. outcome: the state it goes to; None keeps it `seen` with canonical form stored.

    links: what was found on the way, for display and later matching ({"order": ..., "lines": [...]}).
    """

    document_id: str
    outcome: State | None
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    reason_code: str = ""
    canonical: Any = None
    partner: str = ""
    partner_code: str = ""
    business_number: str = ""
    document_date: dt.date | None = None
    line_count: int | None = None
    amount: Decimal | None = None
    currency: str = ""
    reference_version: int | None = None
    links: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ControlNumbers:
    """interchange: ISA13. group: GS06. transaction_set: ST02, as a number; all from the same counter row, never reused."""

    interchange: int
    group: int
    transaction_set: int


@dataclass(frozen=True, slots=True)
class Channel:
    """What control numbers are counted by: interchange ids with qualifiers (`ZZ:ACME`) and `P` or `T`."""

    ours: str
    theirs: str
    usage: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """Bytes to deliver and their name. The name is the same on every attempt of the claim and unlike any other claim's.

    awaits_acknowledgment_h: hours until the 997 is overdue, None where none is expected.
    envelope: what an incoming 997 is matched by: {"sender", "receiver", "usage", "functional_id", "group", "set_id", "set"}.
    """

    content: bytes
    file_name: str
    destination: str
    envelope: Mapping[str, str] = field(default_factory=dict)
    awaits_acknowledgment_h: float | None = None


Render = Callable[[ControlNumbers, dt.datetime], Rendered]
"""Pure; called inside the claim's transaction with fresh numbers and the time. DocumentRejected rolls the claim back."""


class Claim(Protocol):
    """The right to act once on one document. Every method is one short transaction and raises ClaimLost when fenced off."""

    @property
    def id(self) -> str: ...
    @property
    def document_id(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def file_name(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def our_reference(self) -> str:
        """`INTEGRATION:ENTITY:DOCUMENT-ID`, what a created record carries."""
        ...

    def sending(self) -> None:
        """Commit that the request is about to leave; the very next thing is the request."""
        ...

    def complete(self, receipt: Receipt | Stored) -> State: ...

    def refuse(self, refusal: DocumentRejected) -> State: ...

    def retry_later(self, busy: Retryable) -> State:
        """The server surely stored nothing: same claim, bytes and numbers next time, after a back-off that grows by attempts."""
        ...

    def unknown(self, lost: OutcomeUnknown) -> State: ...


class Owner(Protocol):
    """One process that acts. It holds a session advisory lock on a connection of its own while it lives."""

    def claim(self, document: DocumentRow, channel: Channel | None, render: Render, entity: str = "") -> Claim | None:
        """None when another live owner has it, it is not ready any more, or its newest revision is another.

        An open `claimed` claim of a dead owner, or one that a retry left, is taken over with a higher fencing number and its
        own bytes; `render` is then not called. channel: None for posts to an ERP, which have no control numbers.
        entity: ERP entity of a post, the middle of our reference.
        """
        ...


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim that a dead owner left in `sending`, or an unknown outcome. target: `erp`, `folder` or `api_provider`."""

    claim_id: str
    document: DocumentRow
    target: Literal["erp", "folder", "api_provider"]
    entity: str
    our_reference: str
    file_name: str
    destination: str
    content: bytes
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class ReceivedSet:
    """One transaction set out of a received file. source_key: ISA05-08, ISA13, ISA15, GS06, ST02 joined by `|`.

    refused: our 997 says R. canonical: None where it could not be read. duplicate_hash: sha256 of the set's own bytes.
    """

    source_key: str
    set_id: str
    raw: Any
    canonical: Any
    content_hash: str
    refused: bool
    findings: tuple[Finding, ...]
    partner: str
    business_number: str
    document_date: dt.date | None
    line_count: int
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class ReceivedGroup:
    """One functional group with our answer to it (None: it is itself an acknowledgment, or answering is off).

    group_key: ISA05-08, ISA13, ISA15, GS06 joined by `|`; the source key of our 997.
    envelope: GS02, GS03 and GS08 as received ({"sender", "receiver", "version"}); stored as `raw` of our 997's document,
    which is written in the group's own version with its ids swapped.
    """

    group_key: str
    sets: tuple[ReceivedSet, ...]
    answer: FunctionalAcknowledgment | None
    partner: str
    envelope: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReceivedInterchange:
    """One interchange of a file. key: ISA05-08, ISA13, ISA15 joined by `|`. sha256: of its bytes."""

    key: str
    sha256: str
    content: bytes
    envelope: Mapping[str, str]
    groups: tuple[ReceivedGroup, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that a folder listed. state: `seen` (look again), `stored`, `removed`, `set_aside`. looks: how often seen alike."""

    row_id: str
    file: RemoteFile
    state: str
    looks: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReceiveCounts:
    documents: int = 0
    refused: int = 0
    duplicates: int = 0
    conflicts: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class AcknowledgmentOutcome:
    """matched: documents whose state the 997 decided. unmatched: sets or groups it names that we never sent, in words."""

    matched: int
    unmatched: tuple[str, ...] = ()
    repeated: int = 0
    contrary: int = 0


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person must know; one per cause. resolved: the cause is gone, which is said once too."""

    id: str
    cause: str
    text: str
    opened_at: dt.datetime
    resolved: bool = False


class Ledger(Protocol):
    """Safe to use from several threads; each call takes a connection from a pool."""

    # -- what is new ------------------------------------------------------------------------------------------------
    def watermark(self, integration: str, name: str) -> str | None: ...

    def unseen(self, integration: str, flow: str, stamps: Sequence[KeyStamp]) -> list[str]:
        """Keys whose stamp differs from what was stored last, or that were never stored."""
        ...

    def store_fetched(
        self, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
    ) -> FetchCounts:
        """Documents, revisions and the new watermark (name, value) in one transaction."""
        ...

    def reference_book(self, integration: str, version: int | None = None) -> ReferenceBook: ...

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

        A new version turns set-aside documents whose reason was reference data back to `seen` (circumstances changed).
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
    ) -> list[DocumentRow]:
        """Documents in any of the states, oldest first; due_only leaves out those with a later next_attempt_at."""
        ...

    def document(self, document_id: str) -> DocumentRow | None: ...

    def ready(self, integration: str, flow: str, **selection: Any) -> list[DocumentRow]:
        """`documents` in READY that no live owner holds. Same keyword selection."""
        ...

    def store_checked(self, run: Run, results: Sequence[Checked]) -> Mapping[State, int]:
        """Transitions of `seen` documents, each only if it still is the newest revision; returns how many went where."""
        ...

    def owner(self, run: Run, time_out_s: float) -> AbstractContextManager[Owner]:
        """time_out_s: the request time-out plus a margin, after which a dead owner's claims may be taken over."""
        ...

    # -- receiving --------------------------------------------------------------------------------------------------
    def note_files(self, run: Run, folder: str, listing: Sequence[RemoteFile]) -> list[FileRow]:
        """Remember a listing and return the rows still to act on: not yet stored, or stored and still listed (remove them)."""
        ...

    def files_to_take(self, integration: str, folder: str, listing: Sequence[RemoteFile]) -> int:
        """How many of these a run would have to act on; for sensors, changes nothing."""
        ...

    def store_received(
        self, run: Run, file: FileRow, content: bytes, interchanges: Sequence[ReceivedInterchange], send_from: dt.date
    ) -> ReceiveCounts:
        """File, interchanges, documents and our answers in one transaction; duplicates and conflicts decided here."""
        ...

    def set_file_aside(self, run: Run, file: FileRow, content: bytes | None, finding: Finding) -> None: ...

    def file_removed(self, file: FileRow) -> None: ...

    def acknowledge(
        self, run: Run, acknowledgment: FunctionalAcknowledgment, envelope: Mapping[str, str], document_id: str
    ) -> AcknowledgmentOutcome:
        """Match a received 997 (its envelope's ids are swapped against ours) and move what it names."""
        ...

    def sent_by_number(self, integration: str, set_id: str, partner: str, business_number: str) -> DocumentRow | None:
        """The delivered outbound document that 855, 856, 810 and 824 name by its number."""
        ...

    def business_duplicate(self, document: DocumentRow, since: dt.date) -> DocumentRow | None:
        """Another ready, unknown, posted or recorded inbound document of that set, partner and business number."""
        ...

    def advise(self, run: Run, document_id: str, findings: Sequence[Finding], rejected: bool) -> None:
        """Put an 824's findings on the document it names; a rejection raises an alert."""
        ...

    def answer(self, run: Run, answered: DocumentRow, set_id: str, canonical: Any, source_key: str) -> str:
        """Queue a document of our own that answers another (our 824); idempotent by source key. Returns its id."""
        ...

    def note_our_update(self, integration: str, flow: str, key: str, content_hash: str) -> None:
        """A revision with this hash is our own doing and is recorded without action."""
        ...

    # -- unknown outcomes -------------------------------------------------------------------------------------------
    def open_claims(self, integration: str, flow: str = "") -> list[OpenClaim]:
        """Claims of dead owners left in `sending` after the time-out, and documents in `unknown`."""
        ...

    def settle(self, run: Run, claim_id: str, outcome: Receipt | Stored | None, evidence: str) -> State:
        """outcome given: delivered. None: surely not stored, the claim acts again (`ready`). evidence: in words."""
        ...

    def leave_unknown(self, run: Run, claim_id: str, evidence: str) -> State: ...

    # -- what people do ---------------------------------------------------------------------------------------------
    def replay(self, run: Run, document_id: str, reason: str, redeliver: bool = False) -> State: ...

    def approve(self, run: Run, document_id: str, reason: str) -> State: ...

    def dismiss(self, run: Run, document_id: str, reason: str) -> State: ...

    def release(self, run: Run, document_id: str, delivered: bool, reason: str) -> State: ...

    def resend(self, run: Run, document_id: str, reason: str) -> State:
        """The claim's bytes, name and numbers once more: back to `ready` with the claim kept."""
        ...

    def configuration_changed(self, integration: str, config_hash: str) -> int:
        """Set-aside documents that another configuration refused go back to `seen`; returns how many."""
        ...

    # -- looking ----------------------------------------------------------------------------------------------------
    def work(self, integration: str, flow: str) -> int:
        """Documents that a run would act on now: seen, ready and due, or with an open claim of a dead owner."""
        ...

    def mark_overdue(self, integration: str) -> int:
        """Acknowledgments whose time is up; returns how many became overdue now."""
        ...

    # -- looking after ----------------------------------------------------------------------------------------------
    def alerts_to_deliver(self, integration: str) -> Sequence[Alert]:
        """Alerts opened or resolved that nobody was told of yet."""
        ...

    def alert_delivered(self, alert_id: str) -> None: ...

    def seal_audit(self) -> int:
        """Chain closed blocks of audit events; returns how many were sealed. Another sealer at work: 0."""
        ...
