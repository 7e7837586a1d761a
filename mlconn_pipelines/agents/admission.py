"""Whether a message whose signature is right is taken: no replay, no other clock, no second machine under the agent's name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from mlconn_pipelines.agents.envelope import Envelope, Kind

WINDOW_S = 300
"""So far a message's time may be from ours, either way, and so long it may hold."""

BOOTS_KEPT = 8

SILENT_AFTER_S = 3 * 45 + 15
"""Three polls were missed: an agent asks anew as soon as its poll was answered, which takes 45 s at most."""


class Standing(StrEnum):
    """suspended: two machines spoke under one name; a person enrolls it again. revoked: a person ended it."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Refusal(StrEnum):
    """Told only to whom a signature has proved to be the agent; everybody else hears the same single answer."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"
    CLOCK = "clock"
    REPLAYED = "replayed"
    CLONED = "cloned"
    HELLO_FIRST = "hello_first"


@dataclass(frozen=True, slots=True)
class Boot:
    """A start of the agent. since: the time of its hello. until: the time of the next one's."""

    id: str
    since: int
    until: int = 0


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of an agent's messages. seq: the last of the present boot. retired: boots before it, newest first."""

    standing: Standing = Standing.ACTIVE
    fingerprint: str = ""
    boot: Boot | None = None
    seq: int = 0
    retired: tuple[Boot, ...] = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """presence: as it stands afterwards; it is stored whether the message was taken or not."""

    presence: Presence
    refusal: Refusal | None = None


def admitted(presence: Presence, envelope: Envelope, now: int) -> Admission:
    """envelope: signed by a key of this agent. now: seconds since 1970."""
    if presence.standing is not Standing.ACTIVE:
        refusal = Refusal.REVOKED if presence.standing is Standing.REVOKED else Refusal.SUSPENDED
        return Admission(presence, refusal)
    if abs(envelope.ts - now) > WINDOW_S or not now <= envelope.exp <= envelope.ts + WINDOW_S:
        return Admission(presence, Refusal.CLOCK)
    if presence.boot is not None and envelope.boot_id == presence.boot.id:
        if envelope.seq <= presence.seq:
            return Admission(presence, Refusal.REPLAYED)
        if envelope.kind is Kind.HELLO and _elsewhere(presence, envelope):
            return _cloned(presence)
        return Admission(replace(presence, seq=envelope.seq))
    if envelope.boot_id in {boot.id for boot in presence.retired}:
        return _of_an_earlier_boot(presence, envelope)
    if envelope.kind is not Kind.HELLO:
        return Admission(presence, Refusal.HELLO_FIRST)
    if _elsewhere(presence, envelope):
        return _cloned(presence)
    if presence.boot is not None and envelope.ts < presence.boot.since:
        return Admission(presence, Refusal.REPLAYED)  # a start before the present one, which we have forgotten
    retired = presence.retired
    if presence.boot is not None:
        retired = (replace(presence.boot, until=envelope.ts), *retired)[:BOOTS_KEPT]
    boot = Boot(envelope.boot_id, envelope.ts)
    return Admission(replace(presence, boot=boot, seq=envelope.seq, retired=retired))


def _of_an_earlier_boot(presence: Presence, envelope: Envelope) -> Admission:
    """What it sent before the next start may come late. What it sends afterwards comes from a second one that is running."""
    until = next(boot.until for boot in presence.retired if boot.id == envelope.boot_id)
    return _cloned(presence) if envelope.ts > until else Admission(presence, Refusal.REPLAYED)


def _elsewhere(presence: Presence, hello: Envelope) -> bool:
    return bool(presence.fingerprint) and hello.body.get("fingerprint") != presence.fingerprint


def _cloned(presence: Presence) -> Admission:
    return Admission(replace(presence, standing=Standing.SUSPENDED), Refusal.CLONED)
