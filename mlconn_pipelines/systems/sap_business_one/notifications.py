"""What SAP Business One's webhooks say, as hints: events in arrays, signed, after a handshake (10.0 FP 2602)."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

from mlconn_pipelines.ports.notifications import (
    BodySignature,
    Handshake,
    Listener,
    Malformed,
    Notifications,
    ParsedNotification,
    text_of,
)

_TYPE = re.compile(r"sap\.b1\.(?P<entity>\w{1,60})\.(?P<change>\w{1,20})\.v\d+")
_SOURCE = re.compile(r"/[^/]*/sap\.b1/(?P<company>.+)")


def parse(listener: Listener, body: bytes, named: str) -> ParsedNotification:
    """Events about sets that concern a flow. named: the flow in the address, for whatever sends another layout."""
    if named and not listener.everything((), named):
        raise Malformed(
            f"expected a flow of this integration in the address: {', '.join(sorted(set(listener.flows.values())))}"
        )
    events = _events(body)
    if events is None:
        return ParsedNotification(listener.everything((named, sha256(body).hexdigest()), named))
    hints, ignored = [], 0
    for event in events:
        kind, source = _TYPE.fullmatch(text_of(event, "type")), _SOURCE.fullmatch(text_of(event, "source"))
        flows = listener.concerned(kind["entity"]) if kind else ()
        ours = source is None or not listener.company or source["company"].casefold() == listener.company.casefold()
        if kind is not None and flows and ours:
            key = [text_of(event, "id") or json.dumps(event, sort_keys=True)]
            hints += [listener.hint(flow, kind["entity"], key) for flow in flows]
        else:
            ignored += 1
    return ParsedNotification(hints, ignored=ignored)


def _events(body: bytes) -> list[dict[str, Any]] | None:
    """An array of events, or a single one as the guide shows, too; None for another layout."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    events = value if isinstance(value, list) else [value]
    return events if all(isinstance(event, dict) and _TYPE.fullmatch(text_of(event, "type")) for event in events) else None


def compact(body: bytes) -> bytes:
    """The JSON as SAP's own sample of a receiver writes it anew before it compares signatures; the body where it is none."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body


NOTIFICATIONS = Notifications(
    parse,
    "Webhook of SAP Business One",
    "Events in an array, or one alone: each says which set changed. Of another layout `flow` in the address says what the "
    "call is about, and without it every flow looks. The handshake (GET with a token) is answered with the token.",
    {"oneOf": [{"type": "array", "items": {"type": "object"}}, {"type": "object"}]},
    in_address=True,
    names_flow=True,
    company=lambda connection: connection.company_db,
    signature=BodySignature("X-B1-Webhook-Signature", compact),
    handshake=Handshake("X-B1-Webhook-Token", "Challenge"),
    body_max=1024 * 1024,
)
"""A call holds up to 1,024 events of some 300 bytes each."""
