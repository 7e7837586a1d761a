"""A stream is never trusted by its silence: what a poll reads and no event has announced within ten minutes shows that it is mute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.ports.streams import ANNOUNCED_WITHIN, Mark, alert_of, mute_words, oldest_unannounced


def note_poll(engine: Engine, entity: str, stamps: Iterable[str]) -> bool:
    """After a poll has read records that bear these stamps; true where it has found the stream mute.

    What may still be announced is kept in mind, and looked at by the listener too. It subscribes again, and the next event that comes
    closes the alert.
    """
    stream = engine.intake.streams(engine.name).get(entity)
    if stream is None or stream.since is None:
        return False
    oldest = oldest_unannounced(stream, [moment for stamp in stamps if (moment := _moment(stamp)) is not None])
    late = oldest is not None and engine.queue.now() - oldest >= ANNOUNCED_WITHIN
    pending = "" if oldest is None or late else oldest.isoformat()
    if pending != (stream.unannounced.isoformat() if stream.unannounced else ""):
        engine.intake.record_notifications((), {(engine.name, Mark.UNANNOUNCED.of(entity)): pending})
    if not late or oldest is None:
        return False
    engine.intake.record_notifications((), {(engine.name, Mark.MUTE.of(entity)): oldest.isoformat()})
    engine.watch.raise_alert(engine.name, alert_of(engine.name, entity, mute=True), mute_words(entity, oldest))
    return True


def _moment(stamp: str) -> dt.datetime | None:
    """None of one that is no moment: the record is read all the same, and tells nothing of the stream."""
    try:
        moment = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
