"""What a system's mapping offers: pure functions between its records and documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from mlconn_pipelines.documents.customer import Customer, CustomerCode, CustomerContact
from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.documents.receiving_advice import ReceivingAdvice
from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.documents.sales_order import SalesOrder, SalesOrderStatus
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.storable import is_identity, storable_amount, storable_identity, storable_text
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
    """One outbound flow of a system. asset: name of the extracted document set in Dagster (`invoices`). entity: the system's own.

    records_stay: a record stays in the ERP for good, so that counts and amounts can be compared; orders may vanish once invoiced.
    kind: of documents that are no X12 sets, whose set_id is empty. leaves_cancelled: see `FetchRules`.
    is_master_data: records of no day, none of whom is the recipient: all go to the partner that takes them, again once changed.
    """

    flow: str
    set_id: str
    entity: str
    asset: str
    partner_kind: Literal["customer", "supplier"]
    description: str
    records_stay: bool = True
    kind: str = ""
    leaves_cancelled: bool = False
    is_master_data: bool = False


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
    cancelled_by: what made it cancelled, in words that go on after its name, where the system tells it. begins: whether it is a
    document where there is none of it yet; one that there is goes on in any case.
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
    cancelled_by: str = ""
    projection: str = ""
    begins: bool = True

    def __post_init__(self) -> None:
        # What comes from the system is made storable here, whichever connector and mapping it came through.
        object.__setattr__(self, "amount", storable_amount(self.amount))
        texts = self.key + self.business_number + self.stamp + self.partner_code + self.correlation_reference + self.currency
        if is_identity(texts):  # then each of them is one
            return
        object.__setattr__(self, "key", storable_identity(self.key))
        object.__setattr__(self, "business_number", storable_identity(self.business_number))
        for name in ("stamp", "partner_code", "correlation_reference", "currency"):
            object.__setattr__(self, name, storable_text(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A document out of a record, or None with findings that say why not."""

    document: Document | None
    findings: tuple[Finding, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    """(reference kind, key) that were looked for and are not in the book; a live look-up may find them."""


@dataclass(frozen=True, slots=True)
class Translated:
    """What a record of one system means to another, or None with findings that say why not. partner_code: the other's."""

    document: SalesOrder | SalesOrderStatus | Customer | CustomerCode | CustomerContact | Product | None
    findings: tuple[Finding, ...] = ()
    partner_code: str = ""


@dataclass(frozen=True, slots=True)
class Creation:
    """A record to create. None as payload with findings says why not.

    prices: of its item lines, where each stands in words and its price there, None where the ERP's own decides.
    """

    entity: str
    payload: Record | None
    findings: tuple[Finding, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    partner_code: str = ""
    prices: tuple[tuple[str, Decimal | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed of a record that is there. changes: empty where it is as it should be."""

    key: str
    changes: Record
    findings: tuple[Finding, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


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
class OutboundMapping:
    """What leaves. sets: by flow. header, document: of a flow's record. hashing: how the content of an entity's records is hashed.

    document: checked against partners, items, cost assignments and accounts; also where something is found about it, so that a preview
    can show both.
    """

    sets: Mapping[str, OutboundSet]
    header: Callable[[str, Record], RecordHeader]
    hashing: Callable[[str], ContentHashing]
    document: Callable[[str, Record, Partner, ReferenceBook], Mapped]


@dataclass(frozen=True, slots=True)
class ReferenceMapping:
    """item: a record of the set of that name to (key, value) pairs; some give several (a partner's catalogue row, an item's units)."""

    sets: Sequence[ReferenceSet]
    item: Callable[[str, Record], Sequence[tuple[str, ReferenceItem]]]


@dataclass(frozen=True, slots=True)
class OrderMapping:
    """What an inbound 850 becomes. order: the record to create, the text given last in its reference field."""

    entity: str
    order: Callable[[PurchaseOrder, Partner, ReferenceBook, str], Creation]


@dataclass(frozen=True, slots=True)
class SupplierMapping:
    """What suppliers say to orders of ours. entity: of these orders. key: of such a record, as the flow that sends it has it.

    effect: of an 855 on the order's record. ship_notice_findings: an 856 against our orders, by order number, given what was
    announced of them so far: unknown lines, over-shipped quantities. invoice_findings: an 810 against our order, given what was
    invoiced of it so far: prices, quantities, total. receiving_advice_findings: an 861 against our orders, by order number, given
    what was reported of them so far: received other than shipped or ordered.
    """

    entity: str
    key: Callable[[Record], str]
    effect: Callable[[OrderAcknowledgment, Record, Partner, ReferenceBook], AcknowledgmentEffect]
    ship_notice_findings: Callable[
        [ShipNotice, Mapping[str, Record], Partner, ReferenceBook, Sequence[ShipNotice]], tuple[Finding, ...]
    ]
    invoice_findings: Callable[[Invoice, Record | None, Partner, ReferenceBook, Sequence[Invoice]], tuple[Finding, ...]]
    receiving_advice_findings: Callable[
        [ReceivingAdvice, Mapping[str, Record], Partner, ReferenceBook, Sequence[ReceivingAdvice]], tuple[Finding, ...]
    ]


@dataclass(frozen=True, slots=True)
class ReceiptMapping:
    """The draft receipt that an 856 becomes, given our orders by number; the text given last goes into its reference field."""

    entity: str
    receipt: Callable[[ShipNotice, Mapping[str, Record], Partner, ReferenceBook, str], Creation | None]


@dataclass(frozen=True, slots=True)
class SupplierInvoiceMapping:
    """The supplier invoice that a checked 810 becomes, a draft where the ERP has drafts; given the order's record.

    credit_entity: what a credit becomes by the same function; empty where a person enters credits.
    """

    entity: str
    invoice: Callable[[Invoice, Record, Partner, ReferenceBook, str], Creation | None]
    credit_entity: str = ""


@dataclass(frozen=True, slots=True)
class ErpMapping:
    """Pure functions between one system's records and documents, under its settings. No clock, no network, no database.

    What the system does not have, or its setting switches off, is None. title: what sentences call the system. received_asset:
    name in Dagster of what received documents become.
    """

    system: str
    title: str
    received_asset: str
    outbound: OutboundMapping
    reference: ReferenceMapping
    suppliers: SupplierMapping
    orders: OrderMapping | None = None
    receipts: ReceiptMapping | None = None
    supplier_invoices: SupplierInvoiceMapping | None = None

    @property
    def created(self) -> tuple[str, ...]:
        """The entities of which received documents become records: orders first, then receipts and invoices."""
        entities = [part.entity for part in (self.orders, self.receipts, self.supplier_invoices) if part is not None]
        credits = self.supplier_invoices.credit_entity if self.supplier_invoices else ""
        return (*entities, *([credits] if credits else []))
