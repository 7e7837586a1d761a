"""What an ERP must offer: a connector that reads and writes records, and a pure mapping between records and documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.storable import is_identity, is_storable, storable_amount, storable_identity, storable_text
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.partner import Partner

Record = Mapping[str, Any]
"""A record as the system returned it, in the system's own field names; numbers parsed as Decimal."""

Severity = Literal["reject", "accept_with_error", "ignore"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found out. code: a `Reason`, or a code of x12/findings.py. message: a sentence a clerk can act on.

    place: where, in words (`line 3`, `IT104`). severity `reject` keeps the document from going on.
    """

    code: str
    message: str
    severity: Severity = "reject"
    place: str = ""


@dataclass(frozen=True, slots=True)
class KeyStamp:
    """A record's key and whatever of it changes with every change (date and time, version); opaque text to everyone else.

    unusable: why the record cannot be asked for under this key, which then is not the source's own; empty where it can.
    """

    key: str
    stamp: str
    unusable: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not is_identity(self.key):
            object.__setattr__(self, "key", storable_identity(self.key))
            object.__setattr__(self, "unusable", "its key is too long, or holds characters that cannot be kept")
        if not is_storable(self.stamp):
            object.__setattr__(self, "stamp", storable_text(self.stamp))


@dataclass(frozen=True, slots=True)
class Stored:
    """A record that the ERP holds. number: what people call it. draft: stored as a draft, awaiting approval there."""

    key: str
    number: str
    entity: str
    draft: bool = False
    line_count: int | None = None
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OurRecord:
    """A record that carries a reference of ours. key: tells records apart. number: what people call it."""

    reference: str
    key: str
    number: str


@dataclass(frozen=True, slots=True)
class Header:
    """A record as lists of the ERP show it. number: what people call it. day: its document date. amount: in its own currency.

    our_reference: text of the reference field, empty where the record has none.
    """

    key: str
    stamp: str
    number: str
    day: dt.date
    amount: Decimal
    cancelled: bool = False
    our_reference: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What `mlconn check` shows of one system. detail: what was read, for people."""

    system: str
    ok: bool
    detail: str


class ErpConnector(Protocol):
    """Reads and writes records of one company. Every method may raise the errors of `errors.py`; writes are never retried inside."""

    stamp_resolution_s: float
    """Two changes of one record within this time can carry the same stamp."""

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """Keys and stamps changed at or after `since` less the overlap, page by page, one request a page, in key order.

        since: a watermark that `newest` gave, in the system's own clock, None on the first read. start: the flow's send_from.
        quiet_s: seconds from the first look under this watermark to the last one, both of which found nothing new; the clock
        whose stamps are still to come has gone on by as much, so the window begins that much later.
        """
        ...

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        """The latest of these stamps and of `since` as a watermark, None where there is none. Watermarks sort as text."""
        ...

    def watermark_at(self, moment: dt.datetime) -> str:
        """The watermark that the system's own clock shows at this moment, which is aware, in the integration's zone."""
        ...

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """Whole records, lines included, in any order; a key that is gone is left out."""
        ...

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        """Keys and stamps of records with a document date in [first, last], page by page."""
        ...

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """Some records that were changed last and some that were made last, of those stamped no later than the day of `until`.

        until: a watermark. start: the flow's send_from; what `changed` would not read at first is left out. A question of its
        own, in the orders that the system itself has, so that its answer does not hang on how far anybody has read.
        """
        ...

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """What there is with a document date in [first, last], page by page, cancelled records and our own too: for comparing."""
        ...

    def reference_items(self, kind: str, since: str | None) -> Iterator[Sequence[Record]]:
        """Raw reference records of a `mapping.reference_sets` name, changed since, or all where the system keeps no stamp."""
        ...

    def reference_newest(self, kind: str, records: Iterable[Record], since: str | None) -> str | None:
        """The watermark of a reference set, None where the set is always read whole."""
        ...

    def reference_records(self, kind: str, keys: Sequence[str]) -> Iterator[Record]:
        """Single reference records by key, one batched live look-up before a document is refused over them."""
        ...

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        """The record of that entity, drafts included, whose reference field names `reference`; None when there is surely none.

        payload: what was to be created, for systems that cannot be searched by the reference alone. older_than_s: how long ago;
        OutcomeUnknown when absence proves nothing any more, since people may have moved the record on.
        """
        ...

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        """Every record of that entity that carries this very reference, open drafts included, cancelled ones left out.

        More than one: a request that was given up for lost was carried out late. payload: as of `find`.
        """
        ...

    def our_records(self, entity: str, since: dt.date, ours: str) -> Iterator[OurRecord]:
        """Records of that entity, changed since, whose reference begins like `ours` (`INTEGRATION:ENTITY:`), none cancelled.

        None where the reference is the record's key, so that the system itself lets no second one in.
        """
        ...

    def create(self, entity: str, payload: Record) -> Stored:
        """One request. OutcomeUnknown when no answer came, DocumentRejected when refused, Retryable when surely not stored."""
        ...

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        """Complete a record that an interrupted act of several requests left, or remove it (None). Acts of one request never need it."""
        ...

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """Change fields of a record and return it as read back. Safe to repeat."""
        ...

    def reserve(self) -> None:
        """Wait for limiter and session; raises TryLater when that takes over 60 s. Nothing is claimed while waiting."""
        ...

    def check(self) -> Sequence[ConnectionReport]:
        """Sign in, read one record, prove that the reference field exists; one report each."""
        ...

    @property
    def calls(self) -> int:
        """Requests made so far by this object."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class OutboundSet:
    """One outbound flow of an ERP. asset: name of the extracted document set in Dagster (`invoices`). entity: the system's own.

    records_stay: a record stays in the ERP for good, so that counts and amounts can be compared; orders may vanish once invoiced.
    """

    flow: str
    set_id: str
    entity: str
    asset: str
    partner_kind: Literal["customer", "supplier"]
    description: str
    records_stay: bool = True


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """One set of reference records. kind: a key of documents.reference.KINDS. whole: read whole each time (no change stamp)."""

    name: str
    kind: str
    whole: bool
    description: str


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What the ledger must know of a record. content_hash: over the business fields of that set, never payment or status.

    our_reference: text of the reference field, empty where the record has none. amount: in `currency`, of the whole document.
    date: None where the record has none that can be read; a person then sees the reason that the mapping gives.
    changed_on: the day that the record as it is now is of, where the system tells it. projection: the version of content_hash, see
    ContentHashing.
    """

    key: str
    stamp: str
    business_number: str
    date: dt.date | None
    partner_code: str
    content_hash: str
    cancelled: bool
    our_reference: str
    line_count: int
    amount: Decimal | None
    currency: str
    changed_on: dt.date | None = None
    projection: str = ""

    def __post_init__(self) -> None:
        # What comes from the system is made storable here, whichever connector and mapping it came through.
        object.__setattr__(self, "key", storable_identity(self.key))
        object.__setattr__(self, "business_number", storable_identity(self.business_number))
        for name in ("stamp", "partner_code", "our_reference", "currency"):
            object.__setattr__(self, name, storable_text(getattr(self, name)))
        object.__setattr__(self, "amount", storable_amount(self.amount))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A document out of a record, or None with findings that say why not."""

    document: Document | None
    findings: tuple[Finding, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    """(reference kind, key) that were looked for and are not in the book; a live look-up may find them."""


@dataclass(frozen=True, slots=True)
class Creation:
    """A record to create. None as payload with findings says why not."""

    entity: str
    payload: Record | None
    findings: tuple[Finding, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    partner_code: str = ""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What an 855 does to our purchase order. changes: safe to repeat; empty where nothing is to be written.

    differences: other prices or quantities, which a person approves. approved_changes: what is written after approval.
    lines: per order line, for the ledger: {line, status, quantity, price, date}.
    expected: the order's record as `changes` will leave it, by which our own change is known even if its answer is lost;
    empty where that cannot be foretold.
    """

    changes: Record
    approved_changes: Record
    differences: tuple[Finding, ...]
    lines: tuple[Mapping[str, Any], ...]
    findings: tuple[Finding, ...] = ()
    expected: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InboundTargets:
    """Entities that inbound documents become or touch. Empty text: this ERP or its setting has none.

    order_asset: name in Dagster of what received documents become.
    """

    order: str
    order_partner_kind: Literal["customer", "supplier"]
    order_asset: str
    our_orders: str
    """The entity of purchase orders that we sent (what 855, 856 and 810 of suppliers refer to)."""
    receipt: str = ""
    supplier_invoice: str = ""
    alternatives: Mapping[str, str] = field(default_factory=dict)
    """Other order targets by the partner kind they take: {"customer": "Orders"}; `mlconn check` names them."""


class ErpMapping(Protocol):
    """Pure functions between one system's records and documents. No clock, no network, no database."""

    system: str
    outbound_sets: Mapping[str, OutboundSet]
    reference_sets: Sequence[ReferenceSet]
    inbound: InboundTargets

    def facts(self, flow: str, record: Record) -> RecordHeader: ...

    def hashing(self, entity: str) -> ContentHashing:
        """How the content of that entity's records is hashed."""
        ...

    def document(self, flow: str, record: Record, partner: Partner, book: ReferenceBook) -> Mapped:
        """Record to canonical document, checked against partners, items and cost assignments."""
        ...

    def reference_item(self, name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
        """Reference record to (key, value) pairs; some records give several (a partner's catalogue row, an item's units)."""
        ...

    def order(self, order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str) -> Creation:
        """An inbound 850 as a record to create, `reference` in the reference field."""
        ...

    def order_key(self, record: Record) -> str:
        """The key of a record of the entity `inbound.our_orders`, as `facts` gives it for the flow that sends that order."""
        ...

    def order_change(self, answer: OrderAcknowledgment, order: Record, partner: Partner, book: ReferenceBook) -> OrderChange:
        """An inbound 855 against our purchase order's record."""
        ...

    def ship_notice_findings(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook
    ) -> tuple[Finding, ...]:
        """An inbound 856 against our purchase orders, by order number: unknown lines, over-shipped quantities."""
        ...

    def receipt(
        self, notice: ShipNotice, orders: Mapping[str, Record], partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        """A draft receipt of an 856, None where the setting is off."""
        ...

    def invoice_findings(
        self, invoice: Invoice, order: Record | None, partner: Partner, book: ReferenceBook, before: Sequence[Invoice] = ()
    ) -> tuple[Finding, ...]:
        """A supplier's 810 against our purchase order: prices, quantities, total. before: what was invoiced of the order so far."""
        ...

    def supplier_invoice(
        self, invoice: Invoice, order: Record, partner: Partner, book: ReferenceBook, reference: str
    ) -> Creation | None:
        """The supplier invoice that a checked 810 becomes, a draft where the ERP has drafts; None where the setting is off."""
        ...
