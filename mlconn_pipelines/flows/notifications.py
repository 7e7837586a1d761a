"""When notifications are done with: a run of the flow begins to look outside. And what it shows that none of them told of."""

from __future__ import annotations

from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.ports.telling import Telling, mark_of, telling_of


def mark_consumed(engine: Engine, run: Run) -> int:
    """Called before the first look outside, never after it; returns how many waited.

    A preview of a live integration leaves them to the live runs.
    """
    return engine.intake.mark_consumed(run) if run.preview == engine.preview else 0


def note_found(engine: Engine, run: Run, hints: int, found: int, entity: str = "") -> None:
    """After a look outside that began with so many notifications and found so many changes.

    One alert where the source of a flow used to tell, and has told nothing of what polls keep finding; the next notification closes it.
    entity: where the flow begins. A stream of its changes passes over our own and those of what it hangs on, which polls find all the
    same: whether that is mute `streams.note_poll` judges by moments, and here only its notifications are noted.
    """
    if run.preview != engine.preview or not (hints or found):
        return
    if not hints and entity and entity in engine.intake.streams(engine.name):
        return
    before, now = told_of(engine, run.flow), engine.queue.now()
    after = before.after_poll(now, hints, found)
    if after == before:
        return
    engine.intake.record_notifications((), {(engine.name, mark_of(run.flow)): after.text()})
    cause = f"silent:{engine.name}:{run.flow}"
    if after.is_silent(now):
        engine.watch.raise_alert(engine.name, cause, _words(run.flow, after))
    elif before.polls and hints:
        engine.watch.resolve_alert(cause)


def told_of(engine: Engine, flow: str) -> Telling:
    return telling_of(engine.queue.watermark(engine.name, mark_of(flow)))


def _words(flow: str, telling: Telling) -> str:
    assert telling.told is not None and telling.since is not None
    return (
        f"{flow}: since {telling.since:%Y-%m-%d %H:%M} UTC {telling.polls} polls in a row have found something that no notification "
        f"told of; the last one came {telling.told:%Y-%m-%d %H:%M} UTC. Nothing is lost, polling reads it, only later. Look whether the "
        "sender's webhook or subscription is still active and reaches the gateway (or `mlconn listen` runs)."
    )
