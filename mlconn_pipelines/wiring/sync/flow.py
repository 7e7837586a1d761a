"""What a flow of a sync integration states of itself: which ends it reads and writes, what it needs of an org, how its route is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.ownership import Side
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import AfterSending
from mlconn_pipelines.flows.ports.field_states import FieldStates
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.sync.both_sides import Compares
from mlconn_pipelines.flows.sync.route import SyncRoute
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import OutboundMapping, OutboundSet, RecordHeader
from mlconn_pipelines.ports.records import Connector, Record
from mlconn_pipelines.systems.salesforce.api.edits import Edits
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.wiring.systems import system_of

TO_ERP, TO_SALESFORCE = ("salesforce", "erp"), ("erp", "salesforce")
"""Ends that a flow reads and writes, by their names in the file."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What routes are made of. system: the ERP. org: the connector to Salesforce. reader: of its objects. edits: of
    them by people. states: of rows that are kept in step."""

    integration: SyncIntegration
    engine: Engine
    system: System
    org: Connector
    reader: RecordReader
    edits: Edits
    states: FieldStates


@dataclass(frozen=True, slots=True)
class SyncFlow:
    """A flow that an integration can have, by the name that it has in the file.

    made: last part of the key of the asset that shows what its documents became. mapped: what it reads and writes of objects
    of the org beside their standard fields. route: asked only where the flow is on. of_rows: its act is `Collects`. comparison: of
    both sides, given the routes of all flows that are on; None where there is none. told_by: entities whose changes concern it
    beside the one that it begins at. written: objects of the org that nothing else is read of, whose edits by people concern it.
    """

    declared: OutboundSet
    between: tuple[str, str]
    made: str
    mapped: Callable[[SyncIntegration], Mapping[str, MappedObject]]
    route: Callable[[Parts], SyncRoute]
    of_rows: bool = False
    comparison: Callable[[Parts, Mapping[str, SyncRoute]], Compares] | None = None
    told_by: Callable[[SyncIntegration], Sequence[str]] = lambda _: ()
    written: Callable[[SyncIntegration], Sequence[str]] = lambda _: ()

    @property
    def name(self) -> str:
        return self.declared.flow

    def heard(self, integration: SyncIntegration) -> Sequence[str]:
        """Objects of the org whose change events start it."""
        return (self.declared.entity,) if self.between == TO_ERP else self.written(integration)


def titles_of(integration: SyncIntegration, between: tuple[str, str]) -> tuple[str, str]:
    """What people call the two ends."""
    titles = {"erp": system_of(integration.erp).title, "salesforce": integration.salesforce.title}
    first, second = between
    return titles[first], titles[second]


def kept_fields(integration: SyncIntegration, kind: str, side: Side, fields: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Fields that one side owns of a kind of record, and that are not written over. fields: their names at the other side."""
    return frozenset(field for name in integration.field_ownership.held(kind, side) for field in fields[name])


@dataclass(frozen=True, slots=True)
class Reading:
    """`ReadingSettings` of a flow that sends by itself what changed again."""

    send_from: dt.date
    missing_hold_h: float
    after_sending: AfterSending = "again"


def outbound(declared: OutboundSet, header: Callable[[Record], RecordHeader], hashing: ContentHashing) -> OutboundMapping:
    """What leaves a system by a sync flow. Its documents are made by the route, from one system for another."""

    def none(flow: str, *_: object) -> NoReturn:
        raise ValueError(f"{flow} has no document for a trading partner")

    return OutboundMapping({declared.flow: declared}, lambda _, record: header(record), lambda _: hashing, none)
