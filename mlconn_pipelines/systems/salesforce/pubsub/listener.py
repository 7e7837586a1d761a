"""One org's listener: a stream for each kind of record, each event stored as a place to look at before the next are asked for."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.ports.notifications import ChangeNotification, Listener
from mlconn_pipelines.ports.streams import (
    ANNOUNCED_WITHIN,
    Mark,
    Stream,
    StreamLedger,
    mute_words,
    oldest_unannounced,
    text_of_position,
)
from mlconn_pipelines.systems.salesforce.pubsub.client import PubSubClient, Refusal, Refused
from mlconn_pipelines.systems.salesforce.pubsub.events import ChangeEvent
from mlconn_pipelines.systems.salesforce.pubsub.subscription import Received, Subscription

log = logging.getLogger("mlconn.listen")


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds. look_s: between two looks at streams and marks. ended_s: before a stream that ended in order is begun anew.

    silence_s: without any response a stream is dead; the bus sends an empty one within 270. again_s, again_max_s: before a stream is
    begun anew after a failure, doubled each time. told_after_s: of failures in a row before people are told. not_enabled_s,
    allowance_s: before an object that is not on, or a used-up allowance, is tried again.
    """

    look_s: float = 5.0
    ended_s: float = 1.0
    silence_s: float = 300.0
    again_s: float = 5.0
    again_max_s: float = 300.0
    told_after_s: float = 600.0
    not_enabled_s: float = 600.0
    allowance_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Org:
    """An org as it is listened to. listeners: the integrations that it concerns, with their flows by entity. client: under which name
    we write there. renew: makes the next call sign in anew.
    """

    bus: PubSubClient
    listeners: Sequence[Listener]
    client: str
    renew: Callable[[], object]
    ledger: StreamLedger

    @property
    def entities(self) -> list[str]:
        return sorted({entity for listener in self.listeners for entity in listener.flows})


def listen(org: Org, ended: threading.Event, still_alone: Callable[[], object], waits: Waits | None = None) -> None:
    """Until `ended`. still_alone: raises when another listener may have begun; then this one ends with that error."""
    waits = waits or Waits()
    own_end = threading.Event()
    streams = [EntityStream(org, entity, own_end, waits) for entity in org.entities]
    threads = [threading.Thread(target=stream.run, name=stream.entity, daemon=True) for stream in streams]
    for thread in threads:
        thread.start()
    try:
        while not ended.wait(waits.look_s):
            still_alone()
            known, now = org.ledger.streams(), org.ledger.now()
            for stream in streams:
                stream.look_after(known.get(stream.entity, Stream()), now)
    finally:
        own_end.set()
        for stream in streams:
            stream.begin_anew()
        for thread in threads:
            thread.join(10)


class EntityStream:
    """The stream of one entity, begun again for as long as it takes."""

    def __init__(self, org: Org, entity: str, ended: threading.Event, waits: Waits) -> None:
        self._org, self.entity, self._ended, self._waits = org, entity, ended, waits
        self.topic = f"/data/{entity.removesuffix('__c')}{'__' if entity.endswith('__c') else ''}ChangeEvent"
        self._subscription: Subscription | None = None
        self._failures = 0
        self._failing_since: float | None = None
        self._alerts = {False, True}
        """Which kinds of alert may be open: of a mute stream or not."""

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                pause = self._once()
            except Exception as trouble:  # of the database, mostly: what was not recorded is told again by the bus
                log.warning("%s: %s", self.entity, trouble)
                words = str(trouble) if isinstance(trouble, MlconnError) else f"unexpected error ({type(trouble).__name__})"
                pause = self._failed(f"{self.entity}: {words}")
            self._ended.wait(pause)

    def _once(self) -> float:
        """One subscription; gives the seconds to wait before the next."""
        try:
            self._listen()
        except Refused as refusal:
            return self._after(refusal)
        return self._waits.ended_s

    def look_after(self, known: Stream, now: dt.datetime) -> None:
        """From the listener's own thread: begin anew what has fallen silent, or is mute by what a poll has read."""
        subscription = self._subscription
        if subscription is not None and time.monotonic() - subscription.heard_at > self._waits.silence_s:
            log.warning("%s: no response for %.0f s; subscribing again", self.entity, self._waits.silence_s)
            self.begin_anew()
            return
        change = known.mute
        if change is None and (oldest := oldest_unannounced(known)) is not None and now - oldest >= ANNOUNCED_WITHIN:
            change = oldest
        if change is not None:
            log.warning("%s: a poll read what no event had told of; subscribing again", self.entity)
            self._alerts.add(True)
            self._org.ledger.raise_alert(self.entity, mute_words(self.entity, change), mute=True)
            self._org.ledger.record((), self.entity, {Mark.MUTE: "", Mark.UNANNOUNCED: "", Mark.SINCE: now.isoformat()})
            self.begin_anew()

    def begin_anew(self) -> None:
        if (subscription := self._subscription) is not None:
            subscription.close()

    def _listen(self) -> None:
        """One subscription, from where the last one was recorded to its end."""
        known = self._org.ledger.streams().get(self.entity)
        self._org.bus.check_topic(self.topic)
        self._subscription = Subscription(self._org.bus, self.topic, known.position if known else b"")
        if self._ended.is_set():
            self._subscription.close()
        if known is None or known.since is None:
            self._org.ledger.record((), self.entity, {Mark.SINCE: self._org.ledger.now().isoformat()})
        try:
            for received in self._subscription:
                self._take(received)
                self._failures, self._failing_since = 0, None
        finally:
            self._subscription = None

    def _take(self, received: Received) -> None:
        """Record where to look and how far was read, in one transaction; only then is more asked for."""
        foreign = [event for event in received.events if not event.made_by(self._org.client)]
        told = [hint for event in foreign for hint in self._hints(["event", event.id], _words(event))]
        told += [
            hint for each in received.unreadable for hint in self._hints(["event", each], f"{self.entity} (unreadable event)")
        ]
        marks = {Mark.POSITION: text_of_position(received.replay_id)}
        if received.events:
            newest = max(event.committed_at for event in received.events)
            marks[Mark.HEARD] = newest.isoformat()
        for each in received.unreadable:
            log.warning(
                "%s: event %s does not fit the schema that it names; the records are read all the same", self.entity, each
            )
        self._org.ledger.record(told, self.entity, marks)
        for mute in [mute for mute in self._alerts if received.events or not mute]:  # only an event shows that it is not mute
            self._org.ledger.resolve_alert(self.entity, mute)
            self._alerts.discard(mute)

    def _hints(self, key: Sequence[str], place: str, once: bool = True) -> list[ChangeNotification]:
        """For every integration that reads the entity."""
        return [
            listener.hint(flow, place, [self.entity, *key], once)
            for listener in self._org.listeners
            if (flow := listener.flows.get(self.entity)) is not None
        ]

    def _after(self, refusal: Refused) -> float:
        """What a refusal calls for; gives the seconds to wait."""
        log.warning("%s: %s (%s)", self.entity, refusal.kind.value, refusal.code or refusal)
        match refusal.kind:
            case Refusal.REPLAY_ID:
                return self._gap()
            case Refusal.SESSION:
                self._org.renew()
                pause = self._failed(f"{self.entity}: Salesforce refuses our session at its event bus.")
                return 0.0 if self._failures == 1 else pause
            case Refusal.ALLOWANCE:
                self._tell(
                    f"{self.entity}: {refusal.kind.value}. Changes are read by polling; the stream is tried again within the hour."
                )
                return self._waits.allowance_s
            case Refusal.NOT_ENABLED:
                self._org.ledger.record((), self.entity, {Mark.SINCE: ""})
                self._tell(
                    f"{self.entity}: {refusal.kind.value}. Changes are read by polling. Select the object in Setup, Change Data "
                    "Capture, and give the integration user View All Records on it."
                )
                return self._waits.not_enabled_s
        return self._failed(f"{self.entity}: the event bus of Salesforce does not answer.")

    def _gap(self) -> float:
        """The bus no longer knows where we were: everything that it keeps is read again, and the flows read from their watermarks."""
        known = self._org.ledger.streams().get(self.entity)
        if known is None or not known.position:
            return self._failed(f"{self.entity}: the event bus of Salesforce refuses every position.")
        since = f" since {known.heard:%Y-%m-%d %H:%M} UTC" if known.heard else ""
        told = self._hints(["gap", text_of_position(known.position)], f"{self.entity} (events lost{since})")
        self._org.ledger.record(told, self.entity, {Mark.POSITION: "", Mark.SINCE: self._org.ledger.now().isoformat()})
        self._tell(
            f"{self.entity}: change events{since} may be lost, for Salesforce no longer knows how far they were read. What it keeps is "
            "read again, and the records that changed are read from the watermark. Nothing has to be done."
        )
        return 0.0

    def _failed(self, text: str) -> float:
        """Try again later; whoever looks after the integration is told when it goes on."""
        now = time.monotonic()
        self._failing_since = now if self._failing_since is None else self._failing_since
        if now - self._failing_since >= self._waits.told_after_s:
            self._tell(f"{text} Changes are read by polling meanwhile.")
        self._failures += 1
        return float(min(self._waits.again_max_s, self._waits.again_s * 2 ** (self._failures - 1)))

    def _tell(self, text: str) -> None:
        self._alerts.add(False)
        try:
            self._org.ledger.raise_alert(self.entity, text)
        except Exception as trouble:  # the database is away: told at the next failure
            log.warning("%s: %s", self.entity, trouble)


def _words(event: ChangeEvent) -> str:
    """Where to look, for people."""
    return f"{event.entity} (details lost)" if event.is_gap else event.entity
