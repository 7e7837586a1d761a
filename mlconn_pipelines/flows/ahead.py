"""Records that their source stamped ahead of the clock: kept in mind by key, told, and forgotten once the clock is there."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.flows.horizon import Horizon, horizon
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.remembered import KeyToRemember
from mlconn_pipelines.flows.route import RecordRoute
from mlconn_pipelines.ports.records import KeyStamp

NAMED_MAX = 10
"""Records that an alert names."""


def reached(route: RecordRoute, look: Horizon) -> dict[str, str]:
    """Stamps by key of what was kept in mind and is not ahead any more: the clock is there, or it was saved anew since."""
    kept = route.engine.queue.remembered_keys(route.name, route.flow, "ahead")
    return {one.key: one.stamp for one in kept if not look.is_ahead(KeyStamp(one.key, one.stamp))}


def not_read_under(route: RecordRoute, run: Run, stamps: Mapping[str, str]) -> list[str]:
    """Which of these records the ledger does not hold as they were stamped, in case no look showed them since."""
    return route.engine.queue.unseen(route.name, run.flow, [KeyStamp(*one) for one in stamps.items()], run.preview)


def keep_in_mind(route: RecordRoute, run: Run, look: Horizon, numbers: Mapping[str, str]) -> None:
    """After everything that the look listed was stored. numbers: business numbers by key, of what was read just now.

    Whatever of it is not ahead any more is forgotten; an alert stands while there is any.
    """
    kept = {one.key: one.stamp for one in route.engine.queue.remembered_keys(route.name, run.flow, "ahead")}
    news = {key: stamp for key, stamp in look.ahead.items() if kept.get(key) != stamp}
    if news:
        notes = f"read at {look.now}"
        found = [KeyToRemember(key, stamp, f"{numbers.get(key, key)}, {notes}") for key, stamp in news.items()]
        route.engine.queue.remember_keys(run, "ahead", found)
    if over := kept.keys() - look.ahead.keys():
        route.engine.queue.forget_keys(route.name, run.flow, "ahead", sorted(over))
    if look.ahead:
        route.watch.raise_alert(route.name, _cause(route), f"{run.flow}: {_words(route, look)}")
    elif kept:
        route.watch.resolve_alert(_cause(route))


def forget_reached(route: RecordRoute) -> None:
    """For flows in which nothing happens: the alert does not outlast the clock's getting there."""
    look = horizon(route.engine, route.source, route.flow)
    kept = route.engine.queue.remembered_keys(route.name, route.flow, "ahead")
    stamps = [KeyStamp(one.key, one.stamp) for one in kept]
    if stamps and not any(map(look.is_ahead, stamps)):
        unread = route.engine.queue.unseen(route.name, route.flow, stamps)
        route.engine.queue.forget_keys(route.name, route.flow, "ahead", [one.key for one in stamps if one.key not in unread])
        route.watch.resolve_alert(_cause(route))


def _words(route: RecordRoute, look: Horizon) -> str:
    declared = route.declared
    kept = {one.key: one.note.partition(",")[0] for one in route.engine.queue.remembered_keys(route.name, route.flow, "ahead")}
    named = [kept.get(key, key) for key in look.ahead]
    more = f" and {len(named) - NAMED_MAX} more" if len(named) > NAMED_MAX else ""
    latest = route.source.newest([KeyStamp("", stamp) for stamp in look.ahead.values()], None)
    return (
        f"{len(named)} of {declared.entity} stamped ahead of the clock, at {latest} while it is {look.now} there: "
        f"{', '.join(named[:NAMED_MAX])}{more}. What is stamped so is read and goes on like any other, and so does what is newer. "
        "Look at these documents and at the clock of the server; where that is right, write its zone as erp.time_zone."
    )


def _cause(route: RecordRoute) -> str:
    return f"ahead_of_the_clock:{route.name}/{route.flow}"
