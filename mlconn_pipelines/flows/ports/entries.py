"""The values that pass between flows and the ledger: documents as it holds them, what was fetched, received, decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.storable import storable_identity
from mlconn_pipelines.flows.ports.parts import Part
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import Finding, RecordHeader
from mlconn_pipelines.ports.records import Record

Direction = Literal["outbound", "inbound"]
AfterSending = Literal["ignore", "on_hold", "change_set", "again"]
"""What a later revision of a sent document does; `again`: it goes out like the first one."""


@dataclass(frozen=True, slots=True)
class Run:
    """Who acts. run_id: the Dagster run, or a made-up id of the command line. partition: the day that new documents are filed under.

    source, target: systems that the flow reads and writes, as `sap_business_one`.
    """

    integration: str
    flow: str
    run_id: str
    partition: dt.date
    preview: bool = False
    config_hash: str = ""
    source: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document as the ledger holds it. id: ours, stable, printed as the document's name in every table (a ULID-like text).

    raw: the vendor record (outbound) or {"segments": [...], "envelope": {...}} (inbound), numbers read back as Decimal or int,
    never float. canonical: JSON of documents.serialization.
    partner: the trading partner's short name, empty while unknown. partner_code: the ERP's code. set_id: `810`.
    responds_to: id of the document that this one answers (our 997 or 824), empty otherwise.
    approved: a person approved it with its findings. attempts, next_attempt_at: of acting.
    change: of a change set {"of": id of the document that it changes, "number": 1 for the first change, "had": canonical form as
    the partner has it, "has": as it is once this change is sent}, None of others. kind: what it is in the trade; of one that is no
    X12 set, whose set_id is empty, its only name.
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
    responds_to: str
    first_seen_at: dt.datetime
    changed_at: dt.datetime
    change: Any = None
    kind: str = ""

    @property
    def called(self) -> str:
        """What people call it: `810 4711`, `vendor 00-V100`."""
        return f"{self.set_id or self.kind} {self.business_number}".strip()


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """A record just read, with what the mapping says about it. ours: created by us and named by its own reference (no echo).

    problem: why it is held as it comes, None of one that was read; raw may then be None, where nothing could be read at all.
    """

    facts: RecordHeader
    raw: Record | None
    ours: bool
    problem: Finding | None = None


@dataclass(frozen=True, slots=True)
class FetchRules:
    """send_from: documents dated earlier are `before_go_live`. after_sending: what a later revision of a sent document does.

    kind: of documents that are no X12 sets; they have no set_id.
    leaves_cancelled: a record that is cancelled when it is first seen is no document; it is known by its stamp only.

    change_set: the set that it goes out as where it goes out. note: for the trail, how the records were come by. hashing: how the
    records' hashes are made, for stored ones of another version; None where every hash is of one.
    """

    set_id: str
    send_from: dt.date
    after_sending: AfterSending = "ignore"
    change_set: str = ""
    note: str = ""
    hashing: ContentHashing | None = None
    kind: str = ""
    leaves_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class FetchCounts:
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    ours: int = 0
    before_go_live: int = 0
    cancelled: int = 0
    changed_after_sending: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A document of our own that answers a received one (our 824). canonical: JSON of documents.serialization.

    source_key: by which it is queued once, however often the received one is checked.
    """

    set_id: str
    canonical: Any
    source_key: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check decided of a `seen` document. outcome: the state it goes to; None keeps it `seen` with canonical form stored.

    links: what was found on the way, for display and later matching ({"order": ..., "lines": [...]}).
    changed_to: of a change set, the canonical form of the whole document once the change is sent. answer: queued with it. part: of its
    business number (`documents.kinds.part_of`). parts: what it was divided into, to be checked.
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
    changed_to: Any = None
    answer: Answer | None = None
    part: str = ""
    parts: tuple[Part, ...] = ()


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


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim that a dead owner left in `sending`, or an unknown outcome. target: `erp`, `folder` or `api_provider`.

    age_s: since the last attempt began. absence_proves_at: from when on what is not there was surely not stored, None for never.
    absence_proves: that moment had passed, by the database's clock, when this was read.
    """

    claim_id: str
    document: DocumentRow
    target: Literal["erp", "folder", "api_provider"]
    entity: str
    correlation_reference: str
    file_name: str
    destination: str
    content: bytes
    age_s: float
    absence_proves_at: dt.datetime | None = None
    absence_proves: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether it is simply made again: a repeatable act leaves no reference of ours to be looked for."""
        return self.target == "erp" and not self.correlation_reference


@dataclass(frozen=True, slots=True)
class FailedAct:
    """An act that the other side answered with an error. alone: nothing else was tried meanwhile, and the system itself said so.

    looked_for: its outcome is unknown, so that it is judged once a look has shown that nothing was stored.
    """

    claim_id: str
    alone: bool
    looked_for: bool


@dataclass(frozen=True, slots=True)
class TwinLook:
    """A record to be looked for once more, since its outcome had been unknown. name: the document, as people call it.

    number: of the claim, as the ledger counts them. content: of the request, as JSON.
    """

    claim_id: str
    document_id: str
    name: str
    state: State
    entity: str
    correlation_reference: str
    content: bytes
    number: int


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

    def __post_init__(self) -> None:
        for name in ("source_key", "set_id", "business_number"):
            object.__setattr__(self, name, storable_identity(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class ReceivedGroup:
    """One functional group with our answer to it (None: it is itself an acknowledgment, or answering is off).

    The TA1s of an interchange are held like the sets of one more group, and our TA1 to it is the answer of a group without sets.
    group_key: ISA05-08, ISA13, ISA15, GS06 joined by `|`; the source key of our 997. answer_set: `997`, `999` or `TA1`.
    envelope: GS02, GS03 and GS08 as received ({"sender", "receiver", "version"}); stored as `raw` of our 997's document,
    written in the group's own version with its ids swapped. reuse_after_days: as old, a control number may stand for another content.
    """

    group_key: str
    sets: tuple[ReceivedSet, ...]
    answer: FunctionalAcknowledgment | InterchangeAcknowledgment | None
    partner: str
    envelope: Mapping[str, str] = field(default_factory=dict)
    answer_set: str = "997"
    reuse_after_days: int = 365

    def __post_init__(self) -> None:
        object.__setattr__(self, "group_key", storable_identity(self.group_key))


@dataclass(frozen=True, slots=True)
class ReceivedInterchange:
    """One interchange of a file. key: ISA05-08, ISA13, ISA15 joined by `|`. sha256: of its bytes."""

    key: str
    sha256: str
    content: bytes
    envelope: Mapping[str, str]
    groups: tuple[ReceivedGroup, ...]
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", storable_identity(self.key))


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that a folder listed. state: `seen` (look again), `stored`, `removed`, `on_hold`. check_count: how often seen alike.

    config_hash: the configuration under which it was put on hold. unread: by what was listed of it; its bytes lie in its folder alone.
    """

    row_id: str
    file: RemoteFile
    state: str
    check_count: int
    reason: str = ""
    reason_code: str = ""
    config_hash: str = ""
    unread: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file as it was downloaded and read. content: its bytes. interchanges: everything that it holds, in order."""

    file: FileRow
    content: bytes
    interchanges: Sequence[ReceivedInterchange]


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
class WatermarkNow:
    """value: None before the first read. moved_at: when it was last written. now, moved_at: by the database's clock, aware."""

    value: str | None
    moved_at: dt.datetime | None
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person must know; one per cause. resolved: the cause is gone, which is said once too."""

    id: str
    cause: str
    text: str
    opened_at: dt.datetime
    resolved: bool = False
