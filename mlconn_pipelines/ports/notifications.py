"""Notifications: somebody outside says that there is something to look at. They only make polling faster; losing one costs time.

Pure; nothing of a payload gets into a hint but what is known here beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any


@dataclass(frozen=True, slots=True)
class ChangeNotification:
    """Where to look. source: who said so. place: an entity or a folder, for people; never business data.

    key: tells one hint of the flow from the others. once: the key names one event for good, so that a repetition is never news;
    without it a repetition counts again once a run has begun after the first one.
    """

    integration: str
    flow: str
    source: str
    place: str
    key: str
    once: bool = True


@dataclass(frozen=True, slots=True)
class WaitingNotifications:
    """Hints of one flow that no run has begun after. places: the first few, each once."""

    flow: str
    count: int
    places: Sequence[str]

    def words(self) -> str:
        """As a reason to start a run."""
        return (
            f"{self.count} {'hint says' if self.count == 1 else 'hints say'} that something changed: {', '.join(self.places)}."
        )


class Malformed(Exception):
    """No such call is made by that system; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One integration as a sender's calls concern it. flows: by entity of the ERP, or all of the sender under "".

    company: legal entity of F&O, lower case; company database of SAP. more: further flows that an entity concerns.
    """

    integration: str
    source: str
    flows: Mapping[str, str]
    company: str = ""
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def concerned(self, entity: str) -> Sequence[str]:
        """Flows that a change of the entity concerns."""
        return (*filter(None, (self.flows.get(entity),)), *self.more.get(entity, ()))

    def hint(self, flow: str, place: str, key: Sequence[Any], once: bool = True) -> ChangeNotification:
        return ChangeNotification(self.integration, flow, self.source, place, _digest(key), once)

    def everything(self, key: Sequence[Any], named: str = "", once: bool = False) -> list[ChangeNotification]:
        """A hint for every flow of the sender, or for the one that its address names."""
        wanted: dict[str, str] = {}  # by flow the entity that it begins at, which is named first
        for place in (*self.flows, *self.more):
            for flow in self.concerned(place):
                if named in ("", flow):
                    wanted.setdefault(flow, place)
        return [self.hint(flow, place, key, once) for flow, place in wanted.items()]


@dataclass(frozen=True, slots=True)
class ParsedNotification:
    """hints: what is worth a look. forged: entries that bear another secret. ignored: entries that concern no flow."""

    hints: Sequence[ChangeNotification]
    forged: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class SecretInEntries:
    """A system whose every entry bears the secret, and which ends a subscription at an answer that refuses one.

    parse: is given what compares a secret in constant time. first: the secret of the first entry, out of a body that is too long to
    be read whole.
    """

    parse: Callable[[Listener, bytes, Callable[[str], bool]], ParsedNotification]
    first: Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class BodySignature:
    """A system that signs what it sends. header: of the HMAC-SHA256 of the body. rewritten: the body as it may have been signed else."""

    header: str
    rewritten: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Handshake:
    """A GET before the first call. header: bears a token. answer: the member of our JSON that gives it back."""

    header: str
    answer: str


@dataclass(frozen=True, slots=True)
class Notifications:
    """What a system's calls say. parse: of a genuine call, with the flow that its address names.

    summary, words, schema: of the gateway's description. in_address: its secret may stand in the address. names_flow: the query
    may name a flow. company: of a connection, what tells its calls from those about another company there. body_max: bytes that a
    call may have.
    """

    parse: Callable[[Listener, bytes, str], ParsedNotification] | SecretInEntries
    summary: str
    words: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    in_address: bool = False
    names_flow: bool = False
    company: Callable[[Any], str] = lambda connection: ""
    signature: BodySignature | None = None
    handshake: Handshake | None = None
    body_max: int = 256 * 1024

    @property
    def secret_in_entries(self) -> bool:
        return isinstance(self.parse, SecretInEntries)


def object_in(body: bytes) -> dict[str, Any]:
    """Errors: Malformed."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("expected JSON") from None
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    return value


def text_of(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _digest(key: Sequence[Any]) -> str:
    """Whatever a sender wrote becomes a hash, so that it can neither fill the table nor be read in it."""
    return sha256(json.dumps(list(key)).encode()).hexdigest()
