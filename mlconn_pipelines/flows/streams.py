"""A stream is never trusted by its silence: what a poll reads and no event has announced within ten minutes shows that it is mute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.ports.streams import Mark, Stream, alert_of

ANNOUNCED_WITHIN = dt.timedelta(minutes=10)


def oldest_unannounced(stream: Stream, stamps: Iterable[dt.datetime]) -> dt.datetime | None:
    """The first change after all that the stream has told, of those that a poll has read now or earlier; None where there is none.

    Any later event counts as its announcement: a stream that has lost its permission tells nothing at all.
    """
    if stream.since is None:
        return None
    told = max(moment for moment in (stream.since, stream.heard, stream.received) if moment is not None)
    known = [] if stream.unannounced is None else [stream.unannounced]
    return min((stamp for stamp in (*stamps, *known) if stamp > told), default=None)


def note_poll(engine: Engine, entity: str, stamps: Iterable[dt.datetime]) -> bool:
    """After a poll has read records that changed at these moments; true where it has found the stream mute.

    The listener then subscribes again, and the alert is closed by the next event that comes.
    """
    stream = engine.intake.streams(engine.name).get(entity)
    if stream is None or stream.since is None:
        return False
    oldest = oldest_unannounced(stream, stamps)
    late = oldest is not None and engine.queue.now() - oldest >= ANNOUNCED_WITHIN
    pending = "" if oldest is None or late else oldest.isoformat()
    if pending != (stream.unannounced.isoformat() if stream.unannounced else ""):
        engine.intake.record_notifications((), {(engine.name, Mark.UNANNOUNCED.of(entity)): pending})
    if not late or oldest is None:
        return False
    engine.intake.record_notifications((), {(engine.name, Mark.MUTE.of(entity)): oldest.isoformat()})
    engine.watch.raise_alert(
        engine.name,
        alert_of(engine.name, entity, mute=True),
        f"{entity}: a change of {oldest:%Y-%m-%d %H:%M} UTC was read by polling, and no change event has told of it. Changes are read by "
        "polling meanwhile. Look whether `mlconn listen` is running, and whether the integration user still has View All Records.",
    )
    return True
