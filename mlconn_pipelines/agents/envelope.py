"""What an agent sends: one signed JSON object. Its form is looked at first, its signature next, and only then what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mlconn_pipelines.agents.canonical import Malformed, fields, parsed, text, whole
from mlconn_pipelines.agents.keys import KEY_ID, SIGNATURE, PublicKey, Signs, is_signed

BYTES_MAX = 1024 * 1024
"""Of an envelope, unpacked."""

PROTOCOL = 1
OLDEST_PROTOCOL = 1
"""This release speaks N and N-1; before the first there was none."""

MOMENT_MAX = 2**40
SEQ_MAX = 2**53 - 1
NAME = "[A-Za-z0-9_-]{1,40}"


class Kind(StrEnum):
    """What agents send. The names are those of the wire."""

    ENROLL = "enroll"
    HELLO = "hello"
    POLL = "poll"
    ACCEPTED = "accepted"
    PROGRESS = "progress"
    RESULT = "result"
    ROTATE_KEY = "rotate_key"
    LOG = "log"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Envelope:
    """boot_id: made anew whenever the agent starts. seq: rises with every envelope of one boot. ts, exp: in the platform's time.

    raw: all of it as it came, since the signature covers what is new to us too.
    """

    v: int
    kind: Kind
    agent_id: str
    key_id: str
    boot_id: str
    seq: int
    ts: int
    exp: int
    body: Mapping[str, Any]
    raw: Mapping[str, Any]

    def is_signed_by(self, public: bytes) -> bool:
        return is_signed(Signs.ENVELOPE, self.raw, public)


def opened(content: bytes) -> Envelope:
    """The form alone: nothing of it is true before its signature was checked. Errors: Malformed."""
    if len(content) > BYTES_MAX:
        raise Malformed(f"expected at most {BYTES_MAX} bytes")
    raw = parsed(content)
    text(raw, "sig", 128, SIGNATURE)
    kind = text(raw, "type", 20)
    if kind not in set(Kind):
        raise Malformed("expected a type of message that agents send")
    return Envelope(
        v=whole(raw, "v", OLDEST_PROTOCOL, PROTOCOL),
        kind=Kind(kind),
        agent_id=text(raw, "agent_id", 40, "" if kind == Kind.ENROLL else NAME),
        key_id=text(raw, "key_id", 16, KEY_ID),
        boot_id=text(raw, "boot_id", 40, NAME),
        seq=whole(raw, "seq", 1, SEQ_MAX),
        ts=whole(raw, "ts", 0, MOMENT_MAX),
        exp=whole(raw, "exp", 0, MOMENT_MAX),
        body=fields(raw, "body"),
        raw=raw,
    )


def signed_by_one_of(envelope: Envelope, keys: Iterable[PublicKey], now: int) -> bool:
    """Whether a key of the agent that holds now has signed it."""
    return any(key.holds(now) and envelope.is_signed_by(key.public) for key in keys if key.id == envelope.key_id)


def chosen_protocol(least: int, most: int, ours: tuple[int, int] = (OLDEST_PROTOCOL, PROTOCOL)) -> int | None:
    """The newest that both speak, None where there is none."""
    common = min(most, ours[1])
    return common if common >= max(least, ours[0]) else None
