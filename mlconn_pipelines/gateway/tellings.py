"""What each system's call says, as hints. Pure; nothing of a payload gets into a hint but what is known here beforehand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from mlconn_pipelines.flows.ports.hints import Hint

CONFIRMED = "PurchaseOrderConfirmedBusinessEvent"
EVENT_FLOWS: Mapping[str, str] = {CONFIRMED: "x12_850"}
"""F&O's business events that start a flow; any other, the test message among them, is accepted and does nothing."""

_ENTITY = re.compile(r"companies\([0-9a-fA-F-]{36}\)/([A-Za-z]{1,50})(?=[(?]|$)")


class Malformed(Exception):
    """No such call is made by that system; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One integration as a sender's calls concern it. flows: by entity of the ERP, or all of the sender under "".

    company: legal entity of F&O, lower case.
    """

    integration: str
    source: str
    flows: Mapping[str, str]
    company: str = ""

    def hint(self, flow: str, place: str, key: Sequence[Any], once: bool = True) -> Hint:
        return Hint(self.integration, flow, self.source, place, _digest(key), once)

    def everything(self, key: Sequence[Any], named: str = "", once: bool = False) -> list[Hint]:
        """A hint for every flow of the sender, or for the one that its address names."""
        wanted = {flow: place for place, flow in self.flows.items() if named in ("", flow)}
        return [self.hint(flow, place, key, once) for flow, place in wanted.items()]


@dataclass(frozen=True, slots=True)
class Told:
    """hints: what is worth a look. forged: entries that bear another secret. ignored: entries that concern no flow."""

    hints: Sequence[Hint]
    forged: int = 0
    ignored: int = 0


def from_business_central(listener: Listener, body: bytes, is_ours: Callable[[str], bool]) -> Told:
    """Entries of a notification whose clientState is ours. is_ours: compares one in constant time."""
    values = _object(body).get("value")
    if not isinstance(values, list) or not all(isinstance(entry, dict) for entry in values):
        raise Malformed('expected {"value": [{"subscriptionId": …, "clientState": …, "resource": …}]}')
    hints, forged, ignored = [], 0, 0
    for entry in values:
        if not is_ours(_text(entry, "clientState")):
            forged += 1
            continue
        resource = _text(entry, "resource")
        found = _ENTITY.search(resource)
        flow = listener.flows.get(found[1]) if found else None
        if flow is None or found is None:
            ignored += 1
            continue
        event = (_text(entry, "subscriptionId"), resource, _text(entry, "changeType"), _text(entry, "lastModifiedDateTime"))
        hints.append(listener.hint(flow, found[1], event))
    return Told(hints, forged, ignored)


def from_finance_operations(listener: Listener, body: bytes) -> Told:
    """One business event a message, known by its ControlNumber. Another legal entity's events concern another integration."""
    event = _object(body)
    kind = _text(event, "BusinessEventId")
    if not kind:
        raise Malformed('expected a business event: {"BusinessEventId": …, "ControlNumber": …, "LegalEntity": …}')
    flow = EVENT_FLOWS.get(kind)
    place = next((entity for entity, read_by in listener.flows.items() if read_by == flow), None)
    if flow is None or place is None or _text(event, "LegalEntity").lower() != listener.company:
        return Told((), ignored=1)
    number = event.get("ControlNumber")
    known = isinstance(number, int) and not isinstance(number, bool)
    named = (kind, listener.company, number) if known else (kind, _text(event, "EventId"), sha256(body).hexdigest())
    return Told([listener.hint(flow, place, named)])


def from_sap_business_one(listener: Listener, body: bytes, named: str) -> Told:
    """A delivery of any layout: what it is about is said by the address that its webhook was given. named: the flow in it."""
    if named and named not in listener.flows.values():
        raise Malformed(f"expected a flow of this integration in the address: {', '.join(sorted(listener.flows.values()))}")
    return Told(listener.everything((named, sha256(body).hexdigest()), named))


def from_cleo(listener: Listener, body: bytes) -> Told:
    """A CIC flow says that a file landed; the watched folders are listed, whatever the body says."""
    return Told(listener.everything(("file", sha256(body).hexdigest())))


def first_client_state(beginning: bytes) -> str:
    """The clientState of a notification's first entry, out of a body that is too long to be read whole; empty without one."""
    found = re.search(rb'"clientState"\s*:\s*("(?:[^"\\]|\\.){0,2048}")', beginning)
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("expected JSON") from None
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    return value


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _digest(key: Sequence[Any]) -> str:
    """Whatever a sender wrote becomes a hash, so that it can neither fill the table nor be read in it."""
    return sha256(json.dumps(list(key)).encode()).hexdigest()
