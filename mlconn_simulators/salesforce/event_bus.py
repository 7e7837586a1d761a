"""The org's event bus: change events of selected objects, kept for 72 hours, read from any replay id that was ever given out."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mlconn_simulators.salesforce.change_events import Change, Transaction, changes_of, payload, schema_of, schema_text
from mlconn_simulators.salesforce.profiles import Access
from mlconn_simulators.salesforce.schema import Values
from mlconn_simulators.salesforce.store import Record, Store

RETENTION = dt.timedelta(hours=72)
ENTITIES_MAX = 5
UNUSABLE_ID = "000000000000000AAA"
"""What stands in place of record ids in an overflow event."""


@dataclass(frozen=True)
class Event:
    """One event on the bus. id: the same in a duplicate, whose replay id is another. unseen: the user never gets it."""

    entity: str
    id: str
    replay_id: bytes
    schema_id: str
    payload: bytes
    at: dt.datetime
    unseen: bool = False


class NotOnTheBus(Exception):
    """No such topic, or of an object that is not selected."""


class ReplayIdUnknown(Exception):
    """Too old, of before a reset, or never given out: all the same to the caller."""


class EventBus:
    """selected: objects that change events are made of, five at most without an add-on. muted: those of which the user has lost View
    All Records: subscriptions stay open, their events never come. id_prefix: put before the eight bytes of replay ids.
    """

    def __init__(self, store: Store, access: Access, seed: object) -> None:
        self._store, self._access = store, access
        self.selected: list[str] = ["Account", "Contact", "Opportunity", "Order", "Invoice"][:ENTITIES_MAX]
        self.muted: set[str] = set()
        self.id_prefix = b""
        self.changed = threading.Condition()
        """Notified whenever there may be something to send."""
        self.epoch = 0
        """How often the stream was reset: subscriptions of before have ended."""
        self.events: list[Event] = []
        self._forgotten = 0
        """How many events stood before the first of the list."""
        self._waiting: list[tuple[dt.datetime, Change, Transaction, int]] = []
        """Of transactions that commit later, in the order of their commits."""
        self._given: dict[bytes, tuple[int, dt.datetime]] = {}
        """By replay id: how many events of the whole stream lie before what follows it, and when it was given out."""
        self._added: dict[str, dict[str, int]] = {}
        self._current: dict[str, tuple[str, dict[str, Any]]] = {}
        self._schemas: dict[str, str] = {}
        self._dice = random.Random(f"events-{seed}")
        self._last_id, self._number, self._transactions = 5_000_000, 11_000_000_000_000_000, 0
        self._before: dict[Record, tuple[Values, dt.datetime | None] | None] = {}
        store.watch = self._note

    # Transactions.

    def _note(self, record: Record, held: tuple[Values, dt.datetime | None] | None) -> None:
        self._before.setdefault(record, held)

    @contextmanager
    def transaction(self, origin: str = "") -> Iterator[None]:
        """All that is written in the block is one transaction; held under the org's lock."""
        try:
            yield
        finally:
            before, self._before = self._before, {}
            before = {record: held for record, held in before.items() if record.id in self._store.records[record.entity]}
            changes = [each for each in changes_of(before, self._access) if each.entity in self.selected]
            if changes:
                at = max(record.seen_from for record in before)
                self.publish(changes, origin, max(at, self._store.clock.now()))

    def publish(self, changes: list[Change], origin: str = "", at: dt.datetime | None = None) -> None:
        """One transaction's events, seen when it commits."""
        self._transactions += 1
        self._number += self._dice.randint(1, 9_000)
        key = hashlib.sha256(f"transaction {self._transactions}".encode()).hexdigest()
        by = Transaction(
            f"{key[:8]}-{key[8:12]}-{key[12:16]}", origin, self._store.user_id, self._number, at or self._store.clock.now()
        )
        with self.changed:
            for sequence, change in enumerate(changes, start=1):
                self._waiting.append((by.at, change, by, 1 if change.change_type.startswith("GAP_") else sequence))
            self._waiting.sort(key=lambda each: each[0])
            self._settle()
            self.changed.notify_all()

    def gap(self, entity: str, change_type: str, record_ids: tuple[str, ...] = (UNUSABLE_ID,)) -> None:
        """An event that has a header only; GAP_OVERFLOW comes without usable ids."""
        self.publish([Change(entity, record_ids, change_type)])

    # Switches.

    def repeat(self, back: int = 1) -> None:
        """Deliver an event once more: its own id, another replay id."""
        with self.changed:
            event = self.events[-back]
            self._put(event.entity, event.id, event.schema_id, event.payload, self._store.clock.now())
            self.changed.notify_all()

    def spoil(self, back: int = 1) -> None:
        """Make an event's payload unreadable."""
        self.events[-back] = replace(self.events[-back], payload=b"\xff" * 7)

    def add_field(self, entity: str, name: str, place: int) -> None:
        """An administrator adds a field: later events have another schema, all positions from `place` on move."""
        self._added.setdefault(entity, {})[name] = place
        self._current.pop(entity, None)

    def reset(self) -> None:
        """The org moves to another instance: no replay id of before is known, nor any event."""
        with self.changed:
            self._forgotten += len(self.events)
            self.events.clear()
            self._given.clear()
            self.epoch += 1
            self.changed.notify_all()

    # Reading.

    def entity_of(self, topic: str) -> str:
        """ "" for all selected ones. Errors: NotOnTheBus."""
        if topic == "/data/ChangeEvents" or (topic.startswith("/data/") and topic.endswith("__chn")):
            return ""
        name = topic.removeprefix("/data/").removesuffix("ChangeEvent")
        if topic != f"/data/{name}ChangeEvent" or name not in self.selected or name in self._access.hidden_objects:
            raise NotOnTheBus(topic)
        return name

    def schema_of(self, entity: str) -> tuple[str, dict[str, Any]]:
        """Its id, and the schema itself."""
        if entity not in self._current:
            made = schema_of(entity, self._added.get(entity, {}))
            schema_id, text = schema_text(made)
            self._schemas[schema_id] = text
            self._current[entity] = schema_id, made
        return self._current[entity]

    def schema(self, schema_id: str) -> str | None:
        return self._schemas.get(schema_id)

    def end(self) -> int:
        """The place after the newest event."""
        with self.changed:
            self._settle()
            return self._forgotten + len(self.events)

    def begin(self) -> int:
        """The place of the oldest event that is kept."""
        with self.changed:
            self._settle()
            return self._forgotten

    def after(self, replay_id: bytes) -> int:
        """The place strictly after it. Errors: ReplayIdUnknown."""
        with self.changed:
            self._settle()
            place, at = self._given.get(replay_id, (0, None))
            if at is None or at < self._store.clock.now() - RETENTION:
                raise ReplayIdUnknown
            return max(place, self._forgotten)

    def read(self, entity: str, place: int, most: int) -> tuple[list[Event], int]:
        """So many events of the object ("" for all) from a place on that the user may see, and the place after them."""
        with self.changed:
            self._settle()
            found: list[Event] = []
            place = max(place, self._forgotten)
            while place - self._forgotten < len(self.events) and len(found) < most:
                event = self.events[place - self._forgotten]
                if entity in ("", event.entity) and not event.unseen:
                    found.append(event)
                place += 1
            return found, place

    def fresh_id(self, place: int) -> bytes:
        """A new replay id of this place in the stream, as an empty response bears it."""
        with self.changed:
            return self._new_id(place)

    def latest_id(self) -> bytes:
        with self.changed:
            return self.events[-1].replay_id if self.events else self._new_id(self._forgotten)

    def next_commit(self) -> dt.datetime | None:
        return self._waiting[0][0] if self._waiting else None

    def _settle(self) -> None:
        """Put what has been committed by now on the stream, and forget what is too old."""
        now = self._store.clock.now()
        while self._waiting and self._waiting[0][0] <= now:
            at, change, by, sequence = self._waiting.pop(0)
            schema_id, schema = self.schema_of(change.entity)
            data = payload(schema, change, by, sequence)
            digest = hashlib.sha256(f"{by.key} {sequence} {change.entity}".encode()).hexdigest()
            event_id = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
            self._put(change.entity, event_id, schema_id, data, at)
        old = now - RETENTION
        gone = next((place for place, event in enumerate(self.events) if event.at >= old), len(self.events))
        if gone:
            del self.events[:gone]
            self._forgotten += gone

    def _put(self, entity: str, event_id: str, schema_id: str, data: bytes, at: dt.datetime) -> None:
        replay_id = self._new_id(self._forgotten + len(self.events) + 1)
        self.events.append(Event(entity, event_id, replay_id, schema_id, data, at, entity in self.muted))

    def _new_id(self, place: int) -> bytes:
        self._last_id += self._dice.randint(1, 9)
        replay_id = self.id_prefix + self._last_id.to_bytes(8, "big")
        self._given[replay_id] = (place, self._store.clock.now())
        return replay_id


def origin_of(path: str, options: Mapping[str, str]) -> str:
    """What a request's events say about where they come from."""
    version = path.partition("/services/data/v")[2].partition("/")[0]
    client = options.get("client", "")
    return f"com/salesforce/api/rest/{version}" + (f";client={client}" if client else "")
