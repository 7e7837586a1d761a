"""What SAP Business One's calls say, as hints."""

from __future__ import annotations

from hashlib import sha256

from mlconn_pipelines.ports.notifications import Listener, Malformed, Notifications, ParsedNotification


def parse(listener: Listener, body: bytes, named: str) -> ParsedNotification:
    """A delivery of any layout: what it is about is said by the address that its webhook was given. named: the flow in it."""
    if named and named not in listener.flows.values():
        raise Malformed(f"expected a flow of this integration in the address: {', '.join(sorted(listener.flows.values()))}")
    return ParsedNotification(listener.everything((named, sha256(body).hexdigest()), named))


NOTIFICATIONS = Notifications(
    parse,
    "Webhook of SAP Business One",
    "The body may have any layout. `flow` in the address says what the webhook is about; without it every flow looks.",
    in_address=True,
    names_flow=True,
)
