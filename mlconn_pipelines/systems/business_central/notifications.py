"""What Business Central's calls say, as hints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from mlconn_pipelines.ports.notifications import (
    Listener,
    Malformed,
    Notifications,
    ParsedNotification,
    SecretInEntries,
    object_in,
    text_of,
)

_ENTITY = re.compile(r"companies\([0-9a-fA-F-]{36}\)/([A-Za-z]{1,50})(?=[(?]|$)")


def parse(listener: Listener, body: bytes, is_ours: Callable[[str], bool]) -> ParsedNotification:
    """Entries of a notification whose clientState is ours. is_ours: compares one in constant time."""
    values = object_in(body).get("value")
    if not isinstance(values, list) or not all(isinstance(entry, dict) for entry in values):
        raise Malformed('expected {"value": [{"subscriptionId": …, "clientState": …, "resource": …}]}')
    hints, forged, ignored = [], 0, 0
    for entry in values:
        if not is_ours(text_of(entry, "clientState")):
            forged += 1
            continue
        resource = text_of(entry, "resource")
        found = _ENTITY.search(resource)
        flow = listener.flows.get(found[1]) if found else None
        if flow is None or found is None:
            ignored += 1
            continue
        event = (
            text_of(entry, "subscriptionId"),
            resource,
            text_of(entry, "changeType"),
            text_of(entry, "lastModifiedDateTime"),
        )
        hints.append(listener.hint(flow, found[1], event))
    return ParsedNotification(hints, forged, ignored)


def first_client_state(beginning: bytes) -> str:
    """The clientState of a notification's first entry, out of a body that is too long to be read whole; empty without one."""
    found = re.search(rb'"clientState"\s*:\s*("(?:[^"\\]|\\.){0,2048}")', beginning)
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


NOTIFICATIONS = Notifications(
    SecretInEntries(parse, first_client_state),
    "Notification of Business Central",
    "The handshake (validationToken) is answered with the token. Entries whose clientState is not ours are left out and "
    "counted; the answer is 202 all the same, since Business Central deletes a subscription at any other answer.",
    {"type": "object", "properties": {"value": {"type": "array", "items": {"type": "object"}}}},
)
