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
from mlconn_pipelines.flows.sync.overwriting import NotWrittenOver
from mlconn_pipelines.flows.sync.route import SyncRoute
from mlconn_pipelines.ports.hashing import ContentHashing
from mlconn_pipelines.ports.mapping import OutboundMapping, OutboundSet, RecordHeader
from mlconn_pipelines.ports.records import Connector, Record
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.wiring.systems import system_of

TO_ERP, TO_SALESFORCE = ("salesforce", "erp"), ("erp", "salesforce")
"""Ends that a flow reads and writes, by their names in the file."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What routes are made of. system: the ERP. org: the connector to Salesforce. reader: of its objects. states: of rows that are
    kept in step."""

    integration: SyncIntegration
    engine: Engine
    system: System
    org: Connector
    reader: RecordReader
    states: FieldStates


@dataclass(frozen=True, slots=True)
class SyncFlow:
    """A flow that an integration can have, by the name that it has in the file.

    made: last part of the key of the asset that shows what its documents became. mapped: what it reads and writes of objects
    of the org beside their standard fields. route: asked only where the flow is on. of_rows: its act is `Collects`. comparison: of
    both sides, given the routes of all flows that are on; None where there is none. told_by: entities whose changes concern it
    beside the one that it begins at.
    """

    declared: OutboundSet
    between: tuple[str, str]
    made: str
    mapped: Callable[[SyncIntegration], Mapping[str, MappedObject]]
    route: Callable[[Parts], SyncRoute]
    of_rows: bool = False
    comparison: Callable[[Parts, Mapping[str, SyncRoute]], Compares] | None = None
    told_by: Callable[[SyncIntegration], Sequence[str]] = lambda _: ()

    @property
    def name(self) -> str:
        return self.declared.flow


def titles_of(integration: SyncIntegration, between: tuple[str, str]) -> tuple[str, str]:
    """What people call the two ends."""
    titles = {"erp": system_of(integration.erp).title, "salesforce": integration.salesforce.title}
    first, second = between
    return titles[first], titles[second]


def not_written_over(
    integration: SyncIntegration, kind: str, between: tuple[str, str], fields: Mapping[str, Sequence[str]]
) -> NotWrittenOver | None:
    """Fields of a kind of record of which a person is asked before somebody else's change is written over.

    fields: of the record that is written to, by their names in `field_ownership`.
    """
    side: Side = "salesforce" if between == TO_ERP else "erp"
    held = integration.field_ownership.held(kind, side)
    owner, other = titles_of(integration, between)
    return NotWrittenOver(frozenset(field for name in held for field in fields[name]), owner, other) if held else None


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
