"""What a system's mapping offers: pure functions between its records and documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.storable import storable_amount, storable_identity, storable_text
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record

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

    correlation_reference: text of the reference field, empty where the record has none. amount: in `currency`, of the whole document.
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
    correlation_reference: str
    line_count: int
    amount: Decimal | None
    currency: str
    changed_on: dt.date | None = None
    projection: str = ""

    def __post_init__(self) -> None:
        # What comes from the system is made storable here, whichever connector and mapping it came through.
        object.__setattr__(self, "key", storable_identity(self.key))
        object.__setattr__(self, "business_number", storable_identity(self.business_number))
        for name in ("stamp", "partner_code", "correlation_reference", "currency"):
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
class AcknowledgmentEffect:
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

    def order_change(
        self, answer: OrderAcknowledgment, order: Record, partner: Partner, book: ReferenceBook
    ) -> AcknowledgmentEffect:
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
