"""Records of a system: the contracts of what reads and writes them. A part that a system does not have is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from mlconn_pipelines.documents.storable import is_identity, is_storable, storable_identity, storable_text
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.journals import Journals
from mlconn_pipelines.ports.rows import CollectionTarget, RowSource, Targets
from mlconn_pipelines.ports.subscriptions import Subscriptions

Record = Mapping[str, Any]
"""A record as the system returned it, in the system's own field names; numbers parsed as Decimal."""


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
    """A record that the ERP holds. number: what people call it. draft: stored as a draft, awaiting approval there.

    unposted: why it was to be posted and is not, or is not surely, for people; it is there all the same.
    """

    key: str
    number: str
    entity: str
    draft: bool = False
    line_count: int | None = None
    total: Decimal | None = None
    unposted: str = ""


@dataclass(frozen=True, slots=True)
class OurRecord:
    """A record that carries a reference of ours. key: tells records apart. number: what people call it."""

    reference: str
    key: str
    number: str


@dataclass(frozen=True, slots=True)
class Header:
    """A record as lists of the ERP show it. number: what people call it. day: its document date. amount: in its own currency.

    correlation_reference: text of the reference field, empty where the record has none.
    """

    key: str
    stamp: str
    number: str
    day: dt.date
    amount: Decimal
    cancelled: bool = False
    correlation_reference: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What `mlconn check` shows of one system. detail: what was read, for people."""

    system: str
    ok: bool
    detail: str


def reports_of(system: str, looks: Iterable[Callable[[], ConnectionReport]]) -> list[ConnectionReport]:
    """One after the other; nothing is looked at after a failure."""
    reports: list[ConnectionReport] = []
    for look in looks:
        try:
            reports.append(look())
        except MlconnError as problem:
            reports.append(ConnectionReport(system, False, str(problem)))
        if not reports[-1].ok:
            break
    return reports


class Listing(Protocol):
    """What changed in a system. Every method may raise the errors of `errors.py`."""

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


class RecordSource(Listing, Protocol):
    """Records that go out. Every method may raise the errors of `errors.py`."""

    stamp_resolution_s: float
    """Two changes of one record within this time can carry the same stamp."""

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


class Totals(Protocol):
    """What there is of a day, for comparing."""

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """What there is with a document date in [first, last], page by page, cancelled records and our own too: for comparing."""
        ...


class DatedRows(Protocol):
    """Some fields of what there is of a day, for comparing two systems with each other."""

    def rows(self, entity: str, first: dt.date, last: dt.date, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Records with a document date in [first, last], page by page; fields that the system does not have are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Gone:
    """Records of ours that a system does not list any more. merged: loser to winner. deleted: in the bin. purged: gone for good."""

    merged: Mapping[str, str]
    deleted: frozenset[str]
    purged: frozenset[str]


class DeletedRecords(Protocol):
    """What no poll tells: records that were deleted for good have no stamp any more."""

    def gone(self, entity: str, known: Collection[str], has_winners: bool = False) -> Gone:
        """Which of these keys are not among the living any more. has_winners: records of the entity can be merged."""
        ...


class ReferenceSource(Protocol):
    """Partners, items and the like, raw, by the names of the mapping's `reference_sets`."""

    def items(self, name: str, since: str | None) -> Iterator[Sequence[Record]]:
        """Raw reference records changed since, or all where the system keeps no stamp."""
        ...

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        """The watermark of a reference set, None where the set is always read whole."""
        ...

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        """Single reference records by key, one batched live look-up before a document is refused over them."""
        ...


class RecordTarget(Protocol):
    """Records that documents become. Writes are never retried inside."""

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

    def create(self, entity: str, payload: Record) -> Stored:
        """One request. OutcomeUnknown when no answer came, DocumentRejected when refused, Retryable when surely not stored."""
        ...

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """Change fields of a record and return it as read back; what was written, of a system that refuses what it does not store.

        Safe to repeat.
        """
        ...

    def reserve(self) -> None:
        """Wait for limiter and session; raises TryLater when that takes over 60 s. Nothing is claimed while waiting."""
        ...


class OwnPrices(Protocol):
    """The ERP's own prices."""

    def __call__(self, entity: str, payload: Record) -> Sequence[Decimal | None]:
        """What it would charge for each item line of a record that is not created; None where it does not tell. Stores nothing."""
        ...


class StepwiseTarget(Protocol):
    """A target whose create may take several requests, and break off between them."""

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        """Complete a record that an interrupted act of several requests left, or remove it (None)."""
        ...


class OurRecords(Protocol):
    """Records of ours, found whatever we know of them. Left out where our reference is the record's key: no second one gets in."""

    def our_records(self, entity: str, since: dt.date, ours: str) -> Iterator[OurRecord]:
        """Records of that entity, changed since, whose reference begins like `ours` (`INTEGRATION:ENTITY:`), none cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Condition:
    """What a record may meet. Texts are compared as the system does it, often by case."""

    field: str
    operator: Literal["eq", "startswith", "endswith"]
    value: str


class MasterRecords(RecordTarget, Protocol):
    """Records of one kind that are kept for good, known by a code, and may be there before us (business partners).

    Their writes are compared with what was kept: DocumentRejected (`value_not_taken`) where a field was passed over.
    """

    def ours(self, entity: str, begins: str = "") -> RecordSource:
        """Records of an entity by what changed. begins: only those whose reference field begins so."""
        ...

    def search(self, entity: str, conditions: Sequence[Condition], fields: Sequence[str] = ()) -> Iterator[Sequence[Record]]:
        """Pages of those that meet any of the conditions; of all where there is none. fields: whole records where left out."""
        ...

    def check(self, fields: Sequence[str]) -> Sequence[ConnectionReport]:
        """Whether they have these fields, which the company adds by itself."""
        ...


class OrderChainSource(RecordSource, Protocol):
    """See `OrderChains`."""

    def day(self) -> KeyStamp:
        """Listed like a record, with another stamp each day."""
        ...

    def check(self) -> Sequence[ConnectionReport]:
        """Asks each of the sets that it reads for a record, and for documents by their lines."""
        ...


OrderChains = Callable[[str, bool, Callable[[], dt.date]], OrderChainSource]
"""Sales orders, those whose reference begins like the text with the documents that were made of them, by the names of their sets.

Whether payments are looked at too; today, for what is overdue. What changes in such a document is listed as a record of its own,
and read as the orders that it goes back to.
"""


@dataclass(frozen=True, slots=True)
class Connector:
    """One company of a system. Safe to use from several threads.

    stepwise: where a create takes several requests. ours: where our records can be found by the beginning of their reference.
    check: signs in, reads one record, proves that the reference field exists; one report each. count: requests made so far.
    journals: where what was posted can be read. key_when_posted: where posting takes a record of ours out of its set, its key for
    `journals` from then on, by entity and what was created; empty for none. masters: business partners, where they can be made.
    order_chains: where orders lead to what was made of them. receivables: where what customers owe can be read, given the day since
    when last payments are looked for, if they are wanted. targets, collections: where records can be found by a code that another
    system gave them, and written many at a time. dated: where records of days are compared with those of another system.
    deletions: where keys can be compared with what there still is. price_lists: whether the lists of these numbers can be read.
    own_prices: where it tells what it would charge for an order.
    """

    source: RecordSource
    totals: Totals
    reference: ReferenceSource
    target: RecordTarget
    check: Callable[[], Sequence[ConnectionReport]]
    count: Callable[[], int]
    close: Callable[[], None]
    stepwise: StepwiseTarget | None = None
    ours: OurRecords | None = None
    subscriptions: Subscriptions | None = None
    journals: Journals | None = None
    key_when_posted: Callable[[str, Record], str] | None = None
    masters: MasterRecords | None = None
    order_chains: OrderChains | None = None
    receivables: Callable[[Callable[[], dt.date] | None], RowSource] | None = None
    targets: Targets | None = None
    collections: CollectionTarget | None = None
    dated: DatedRows | None = None
    deletions: DeletedRecords | None = None
    price_lists: Callable[[Collection[int]], Sequence[ConnectionReport]] | None = None
    own_prices: OwnPrices | None = None

    @property
    def calls(self) -> int:
        """Requests made so far by this object."""
        return self.count()
