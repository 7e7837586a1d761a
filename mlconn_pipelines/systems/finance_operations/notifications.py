"""What Finance & Operations' calls say, as hints."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from mlconn_pipelines.ports.notifications import Listener, Malformed, Notifications, ParsedNotification, object_in, text_of

CONFIRMED = "PurchaseOrderConfirmedBusinessEvent"
EVENT_FLOWS: Mapping[str, str] = {CONFIRMED: "x12_850"}
"""F&O's business events that start a flow; any other, the test message among them, is accepted and does nothing."""


def parse(listener: Listener, body: bytes, named: str) -> ParsedNotification:
    """One business event a message, known by its ControlNumber. Another legal entity's events concern another integration."""
    event = object_in(body)
    kind = text_of(event, "BusinessEventId")
    if not kind:
        raise Malformed('expected a business event: {"BusinessEventId": …, "ControlNumber": …, "LegalEntity": …}')
    flow = EVENT_FLOWS.get(kind)
    place = next((entity for entity, read_by in listener.flows.items() if read_by == flow), None)
    if flow is None or place is None or text_of(event, "LegalEntity").lower() != listener.company:
        return ParsedNotification((), ignored=1)
    number = event.get("ControlNumber")
    known = isinstance(number, int) and not isinstance(number, bool)
    event_of = (kind, listener.company, number) if known else (kind, text_of(event, "EventId"), sha256(body).hexdigest())
    return ParsedNotification([listener.hint(flow, place, event_of)])


NOTIFICATIONS = Notifications(
    parse,
    "Business event of Finance & Operations",
    "Known by its ControlNumber. Test messages and events that start no flow are accepted.",
    {"type": "object", "properties": {"BusinessEventId": {"type": "string"}, "ControlNumber": {"type": "integer"}}},
    in_address=True,
    company=lambda connection: str(connection.company).lower(),
)
