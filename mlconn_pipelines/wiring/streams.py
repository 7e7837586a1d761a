"""What a listener stores, over the ledger: of one integration, or of several that one system concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlconn_pipelines.flows.ports.intake import Intake
from mlconn_pipelines.flows.ports.queue import Queue
from mlconn_pipelines.flows.ports.watch import Watch
from mlconn_pipelines.ports.notifications import ChangeNotification
from mlconn_pipelines.ports.streams import Mark, Stream, alert_of


class LedgerStreams:
    """`StreamLedger`. integrations: by name, of which every entity is read."""

    def __init__(self, intake: Intake, watch: Watch, queue: Queue, integrations: Mapping[str, Sequence[str]]) -> None:
        self._intake, self._watch, self._queue, self._integrations = intake, watch, queue, integrations

    def streams(self) -> Mapping[str, Stream]:
        """Where integrations have been read to different places, one has joined since: all begin at the oldest event."""
        found: dict[str, Stream] = {}
        for name, entities in self._integrations.items():
            stored = self._intake.streams(name)
            for entity in entities:
                stream = stored.get(entity, Stream())
                other = found.setdefault(entity, stream)
                position = other.position if other.position == stream.position else b""
                unannounced = min(filter(None, (other.unannounced, stream.unannounced)), default=None)
                found[entity] = replace(other, position=position, unannounced=unannounced, mute=other.mute or stream.mute)
        return found

    def now(self) -> dt.datetime:
        return self._queue.now()

    def record(self, told: Sequence[ChangeNotification], entity: str, marks: Mapping[Mark, str]) -> None:
        named = {(name, mark.of(entity)): value for name in self._of(entity) for mark, value in marks.items()}
        self._intake.record_notifications(told, named)

    def raise_alert(self, entity: str, text: str, mute: bool = False) -> None:
        for name in self._of(entity):
            self._watch.renew_alert(name, alert_of(name, entity, mute), text)

    def resolve_alert(self, entity: str, mute: bool) -> None:
        for name in self._of(entity):
            self._watch.resolve_alert(alert_of(name, entity, mute))

    def _of(self, entity: str) -> list[str]:
        return [name for name, entities in self._integrations.items() if entity in entities]
