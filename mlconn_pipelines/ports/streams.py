"""Streams that a system tells changes by, one for each kind of record: how far they were read, and when they were last heard.

Pure; what is stored of a stream are few short texts by name.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mlconn_pipelines.ports.notifications import ChangeNotification


class Mark(StrEnum):
    """What is stored of a stream, each under a name of its own, "" for none.

    POSITION: the last event that was recorded. HEARD: when the newest one was committed there. SINCE: when listening began.
    UNANNOUNCED: a change that a poll read and no event has announced yet. MUTE: one that none announced in time.
    """

    POSITION = "stream_position"
    HEARD = "stream_heard"
    SINCE = "stream_since"
    UNANNOUNCED = "stream_unannounced"
    MUTE = "stream_mute"

    def of(self, entity: str) -> str:
        return f"{self}:{entity}"


@dataclass(frozen=True, slots=True)
class Stream:
    """position: opaque, b"" for none. since: None where nobody listens. heard, received: when its newest event was committed there,
    and when it came here. mute: the change that no event announced in time.
    """

    position: bytes = b""
    since: dt.datetime | None = None
    heard: dt.datetime | None = None
    received: dt.datetime | None = None
    unannounced: dt.datetime | None = None
    mute: dt.datetime | None = None


ANNOUNCED_WITHIN = dt.timedelta(minutes=10)
"""A change that is older and was not announced shows that a stream is mute."""


def oldest_unannounced(stream: Stream, stamps: Iterable[dt.datetime] = ()) -> dt.datetime | None:
    """The first change after all that the stream has told, of those that a poll has read now or earlier; None where there is none.

    Any later event counts as its announcement: a stream that has lost its permission tells nothing at all.
    """
    if stream.since is None:
        return None
    told = max(moment for moment in (stream.since, stream.heard, stream.received) if moment is not None)
    known = [] if stream.unannounced is None else [stream.unannounced]
    return min((stamp for stamp in (*stamps, *known) if stamp > told), default=None)


def mute_words(entity: str, change: dt.datetime) -> str:
    """What people are told of a mute stream."""
    return (
        f"{entity}: a change of {change:%Y-%m-%d %H:%M} UTC was read by polling, and no change event has told of it. Changes are read by "
        "polling meanwhile. Look whether `mlconn listen` is running, and whether the integration user still has View All Records."
    )


def streams_of(marks: Mapping[str, tuple[str, dt.datetime]]) -> dict[str, Stream]:
    """By entity. marks: by name their text, and when that was written."""
    entities = {name.partition(":")[2] for name in marks if name.partition(":")[0] in set(Mark)}

    def moment(mark: Mark, entity: str) -> dt.datetime | None:
        text, _ = marks.get(mark.of(entity), ("", None))
        return dt.datetime.fromisoformat(text) if text else None

    return {
        entity: Stream(
            base64.b64decode(marks.get(Mark.POSITION.of(entity), ("", None))[0]),
            moment(Mark.SINCE, entity),
            moment(Mark.HEARD, entity),
            marks.get(Mark.HEARD.of(entity), ("", None))[1],
            moment(Mark.UNANNOUNCED, entity),
            moment(Mark.MUTE, entity),
        )
        for entity in sorted(entities)
    }


def text_of_position(position: bytes) -> str:
    return base64.b64encode(position).decode()


def alert_of(integration: str, entity: str, mute: bool = False) -> str:
    """The cause of the alert that a stream is broken, or that it is open and mute."""
    return f"{Mark.MUTE if mute else 'stream'}:{integration}:{entity}"


class StreamLedger(Protocol):
    """What a listener stores, of one integration or of several that share the system. Safe to use from several threads."""

    def streams(self) -> Mapping[str, Stream]: ...

    def now(self) -> dt.datetime: ...

    def record(self, told: Sequence[ChangeNotification], entity: str, marks: Mapping[Mark, str]) -> None:
        """Notifications and marks in one transaction."""
        ...

    def raise_alert(self, entity: str, text: str, mute: bool = False) -> None: ...

    def resolve_alert(self, entity: str, mute: bool) -> None: ...
