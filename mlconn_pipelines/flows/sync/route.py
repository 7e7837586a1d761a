"""The route of a sync flow: from an entity of one system to an entity of another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.config.schedules import EDITS_LOOK_EVERY_S
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.field_states import FieldStates, WantedFields
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.flows.route import IdleWindow, ReadingSettings, System
from mlconn_pipelines.flows.sync.waiting import Waits
from mlconn_pipelines.ports.mapping import Change, Creation, Finding, OutboundMapping, OutboundSet, Translated
from mlconn_pipelines.ports.records import (
    Condition,
    ConnectionReport,
    Connector,
    KeyStamp,
    Listing,
    MasterRecords,
    Record,
    RecordSource,
)
from mlconn_pipelines.ports.rows import CollectionTarget, RowSource, Target, Targets


@dataclass(frozen=True, slots=True)
class Creates:
    """Each document becomes a record of its own, once, found again by our reference.

    kind: of the documents. document: of a record of the source. creation: of a document, checked against the target's reference
    data; the text given last is our reference.
    """

    entity: str
    kind: type
    document: Callable[[Record], Translated]
    creation: Callable[[Any, ReferenceBook, str], Creation]


@dataclass(frozen=True, slots=True)
class Maintains:
    """Each document is one record that is kept up to date: found among those that are there, else created.

    kind, document: as of `Creates`. conditions: what a record may meet to be the document's, or to be mistaken for it, given the
    references that our documents of this source record bear. outcome: given the records that meet any of them; the text given
    last is our reference. fields: of the target's records, which its company has to add. kept: see `objection`.
    """

    entity: str
    kind: type
    document: Callable[[Record], Translated]
    conditions: Callable[[Any, Sequence[str]], Sequence[Condition]]
    outcome: Callable[[Any, Sequence[str], Sequence[Record], ReferenceBook, str], Creation | Change]
    fields: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Updates:
    """Each document sets named fields of the record that it is about, again and again with the same outcome.

    kind: of the documents, which say what they are `of` and by which `number`. origin: id of the document that the source's record
    was made for, whose source is the record to be updated. document: given that record's key. changes: the fields, at the time of
    writing. day: as the source lists it; with a new one, records of which something is still to come (`is_unfinished`) are read
    again, whether or not anything says that they changed.
    objection: asked right before the write, why a person has to approve it. told: numbers of further records that a document tells.
    shown: of these documents' records, what they and those further ones show of what is written, in the shape of `changes`.
    """

    entity: str
    kind: type
    origin: Callable[[Record], str]
    document: Callable[[Record, str, ReferenceBook], Translated]
    changes: Callable[[Any, dt.datetime], Record]
    day: Callable[[], KeyStamp] | None = None
    objection: Callable[[Any], Finding | None] = lambda document: None
    told: Callable[[Any], Sequence[str]] = lambda document: ()
    shown: Callable[[Sequence[Any]], Mapping[str, Record]] = lambda documents: {}


@dataclass(frozen=True, slots=True)
class Collects:
    """Rows that are no documents set named fields of records that are there, many at a time; see collecting.py.

    by: the field of the target that holds the code of a row, which its key is. key: of a row, even of one that cannot be read.
    wanted: what the fields of a row are to be, as of the moment that it was read. match: the record that a row belongs to, given
    those that have its code. record: a row as it is written. layout: of what is written; where another one is stored, all rows are
    read again.
    """

    entity: str
    by: str
    states: FieldStates
    rows: RowSource
    targets: Targets
    collections: CollectionTarget
    key: Callable[[Record], str]
    wanted: Callable[[Record, dt.datetime], WantedFields]
    match: Callable[[WantedFields, Sequence[Target]], Target | Finding]
    record: Callable[[str, Mapping[str, Any], dt.datetime], Record]
    layout: str


@dataclass(frozen=True, slots=True)
class Edited:
    """Records of the system that a flow writes to, which people may edit, too.

    source: lists those that others have changed. records: keys or numbers of what is written, by keys of these.
    """

    entity: str
    source: Listing
    records: Callable[[Sequence[str]], Collection[str]] = lambda keys: keys


class NoRecords:
    """The source of a flow whose records are no documents: it lists none. Implements RecordSource."""

    stamp_resolution_s = 1.0

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        return iter(())

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return since

    def watermark_at(self, moment: dt.datetime) -> str:
        return moment.isoformat(timespec="seconds")

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        return iter(())

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        return iter(())

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        return ()


@dataclass(frozen=True, slots=True)
class SyncRoute:
    """One sync flow; a `RecordRoute`.

    erp: whose reference data documents are checked against. target: where `act` writes. between: the ends that it reads
    and writes, by their names in the file. at_once: writes in flight. waits: what its documents on hold may wait for. check: what
    it asks of its source that no other flow does. edited: what it writes to, as people edit it, looked at every so many
    seconds. titles: what people call the systems that it reads and writes. quiet: see `Route`.
    """

    engine: Engine
    source: RecordSource
    outbound: OutboundMapping
    declared: OutboundSet
    settings: ReadingSettings
    erp: System
    target: Connector
    act: Creates | Maintains | Updates | Collects
    between: tuple[str, str]
    at_once: int = 1
    waits: Waits | None = None
    check: Callable[[], Sequence[ConnectionReport]] | None = None
    edited: Sequence[Edited] = ()
    edits_every_s: float = EDITS_LOOK_EVERY_S
    titles: tuple[str, str] = ("", "")
    quiet: dict[str, IdleWindow] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the integration."""
        return self.engine.name

    @property
    def watch(self) -> Watch:
        return self.engine.watch

    @property
    def flow(self) -> str:
        return self.declared.flow

    @property
    def masters(self) -> MasterRecords:
        """The records that `Maintains` finds."""
        assert self.target.masters is not None, "a system whose records are maintained says what there is of them"
        return self.target.masters

    @property
    def written(self) -> System:
        """The system that is written to, where what was left open is looked for."""
        return System(self.engine, self.target, self.erp.mapping)
