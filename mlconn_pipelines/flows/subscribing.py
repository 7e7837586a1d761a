"""Keeping subscriptions alive: those that flows need are made, renewed every day, and made again when they have lapsed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlconn_pipelines.errors import ConfigurationError, ConnectorError, NotFound, OutcomeUnknown
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.ports.notifications import Hint
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


def subscriber_of(pipeline: Pipeline) -> Subscriber:
    """ConfigurationError where the integration subscribes to nothing."""
    if pipeline.subscriber is None:
        raise ConfigurationError(
            f"{pipeline.name} has no subscriptions",
            "They are made for Business Central where the integration has events.erp; other systems are told by a person.",
        )
    return pipeline.subscriber


def wanted_entities(pipeline: Pipeline) -> Mapping[str, str]:
    """Flows that are on, by the entity that they read, as far as it can be subscribed to."""
    can = subscriber_of(pipeline).subscriptions.entities
    declared = pipeline.mapping.outbound.sets
    return {declared[flow].entity: flow for flow in pipeline.settings.flows.outbound() if declared[flow].entity in can}


def our_subscriptions(pipeline: Pipeline) -> Sequence[Subscription]:
    """Those that call our address."""
    subscriber = subscriber_of(pipeline)
    return [one for one in subscriber.subscriptions.all() if one.url == subscriber.url]


def repair_subscriptions(pipeline: Pipeline, now: dt.datetime | None = None) -> Repair:
    """Bring subscriptions to what flows need. A flow whose subscription was missing gets a hint, so that it catches up at once.

    now: aware, the database's clock where left out. A live integration's only: a preview leaves nothing behind in an ERP. One that
    fails leaves the others alone.
    """
    repair = Repair()
    subscriber, wanted = subscriber_of(pipeline), wanted_entities(pipeline)
    if pipeline.engine.preview:
        return repair
    secret, now = subscriber.secret(), now or pipeline.engine.queue.now()
    there: dict[str, Subscription] = {}
    for one in our_subscriptions(pipeline):
        if one.entity in wanted and one.entity not in there:
            there[one.entity] = one
            continue
        with _apart(repair, one.entity):
            subscriber.subscriptions.delete(one)
            repair.removed.append(one.entity)
    for entity, flow in wanted.items():
        with _apart(repair, entity):
            _keep(pipeline, repair, there.get(entity), entity, flow, secret, now)
    return repair


def _keep(
    pipeline: Pipeline, repair: Repair, there: Subscription | None, entity: str, flow: str, secret: str, now: dt.datetime
) -> None:
    subscriber = subscriber_of(pipeline)
    if there is not None and there.secret == secret and there.expires_at - now > RENEWED_WHEN_LEFT:
        repair.kept.append(entity)
        return
    if there is not None:
        try:
            subscriber.subscriptions.renew(there, secret)
        except NotFound:  # it lapsed between listing and renewing
            there = None
        else:
            repair.renewed.append(entity)
            return
    if pipeline.engine.claims.attempt_is_open(pipeline.name, attempt := f"subscription to {entity}"):
        repair.waiting.append(entity)
        return
    try:
        made = subscriber.subscriptions.create(entity, subscriber.url, secret)
    except OutcomeUnknown:  # it may yet come into being, and a second one would tell of everything twice
        pipeline.engine.claims.attempt_left_open(pipeline.name, attempt, pipeline.engine.absence_proves_after_s)
        raise
    repair.made.append(entity)
    # Whatever changed while nobody told us: the flow reads from its watermark, and does so now instead of at its next poll.
    pipeline.engine.intake.note_hints([Hint(pipeline.name, flow, SOURCE, entity, f"subscribed {made.id}")])


@contextmanager
def _apart(repair: Repair, entity: str) -> Iterator[None]:
    """What goes wrong in the block is noted, and the next one follows."""
    try:
        yield
    except ConnectorError as trouble:
        repair.problems.append(f"{entity}: {trouble}")
