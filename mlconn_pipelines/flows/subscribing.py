"""Keeping subscriptions alive: those that flows need are made, renewed every day, and made again when they have lapsed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlconn_pipelines.errors import ConnectorError, NotFound, OutcomeUnknown
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.route import Route
from mlconn_pipelines.ports.notifications import ChangeNotification
from mlconn_pipelines.ports.subscriptions import Subscriber, Subscription

RENEWED_WHEN_LEFT = dt.timedelta(hours=48)
"""Of the three days that a subscription lasts: each is renewed once a day, and a weekend without us loses none."""

SOURCE = "subscriptions"


@dataclass(slots=True)
class Repair:
    """Entities, by what was done with their subscription. problems: what went wrong, in words.

    waiting: a request that got no answer may still make it.
    """

    made: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def words(self) -> str:
        named = {
            "made": self.made,
            "renewed": self.renewed,
            "removed": self.removed,
            "kept": self.kept,
            "waiting": self.waiting,
        }
        return "; ".join(f"{what}: {', '.join(entities)}" for what, entities in named.items() if entities) or "nothing to do"


def wanted_entities(subscriber: Subscriber, routes: Iterable[Route]) -> Mapping[str, str]:
    """Flows that are on, by the entity that they read, as far as it can be subscribed to."""
    can = subscriber.subscriptions.entities
    return {route.declared.entity: route.flow for route in routes if route.declared.entity in can}


def our_subscriptions(subscriber: Subscriber) -> Sequence[Subscription]:
    """Those that call our address."""
    return [one for one in subscriber.subscriptions.all() if one.url == subscriber.url]


def repair_subscriptions(
    engine: Engine, subscriber: Subscriber, routes: Iterable[Route], now: dt.datetime | None = None
) -> Repair:
    """Bring subscriptions to what flows need. A flow whose subscription was missing gets a hint, so that it catches up at once.

    now: aware, the database's clock where left out. A live integration's only: a preview leaves nothing behind in an ERP. One that
    fails leaves the others alone.
    """
    repair = Repair()
    wanted = wanted_entities(subscriber, routes)
    if engine.preview:
        return repair
    keeper = _Keeper(engine, subscriber, repair, subscriber.secret(), now or engine.queue.now())
    there: dict[str, Subscription] = {}
    for one in our_subscriptions(subscriber):
        if one.entity in wanted and one.entity not in there:
            there[one.entity] = one
            continue
        with _apart(repair, one.entity):
            subscriber.subscriptions.delete(one)
            repair.removed.append(one.entity)
    for entity, flow in wanted.items():
        with _apart(repair, entity):
            keeper.keep(there.get(entity), entity, flow)
    return repair


@dataclass(frozen=True, slots=True)
class _Keeper:
    """secret: what notifications are to bear."""

    engine: Engine
    subscriber: Subscriber
    repair: Repair
    secret: str = field(repr=False)
    now: dt.datetime

    def keep(self, there: Subscription | None, entity: str, flow: str) -> None:
        if there is not None and there.secret == self.secret and there.expires_at - self.now > RENEWED_WHEN_LEFT:
            self.repair.kept.append(entity)
            return
        if there is not None:
            try:
                self.subscriber.subscriptions.renew(there, self.secret)
            except NotFound:  # it lapsed between listing and renewing
                there = None
            else:
                self.repair.renewed.append(entity)
                return
        if self.engine.claims.attempt_is_open(self.engine.name, attempt := f"subscription to {entity}"):
            self.repair.waiting.append(entity)
            return
        try:
            made = self.subscriber.subscriptions.create(entity, self.subscriber.url, self.secret)
        except OutcomeUnknown:  # it may yet come into being, and a second one would tell of everything twice
            self.engine.claims.attempt_left_open(self.engine.name, attempt, self.engine.absence_proves_after_s)
            raise
        self.repair.made.append(entity)
        # Whatever changed while nobody told us: the flow reads from its watermark, and does so now instead of at its next poll.
        self.engine.intake.record_notifications(
            [ChangeNotification(self.engine.name, flow, SOURCE, entity, f"subscribed {made.id}")]
        )


@contextmanager
def _apart(repair: Repair, entity: str) -> Iterator[None]:
    """What goes wrong in the block is noted, and the next one follows."""
    try:
        yield
    except ConnectorError as trouble:
        repair.problems.append(f"{entity}: {trouble}")
