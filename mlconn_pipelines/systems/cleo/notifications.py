"""What Cleo's calls say, as hints."""

from __future__ import annotations

from hashlib import sha256

from mlconn_pipelines.ports.notifications import Listener, Notifications, ParsedNotification


def parse(listener: Listener, body: bytes, named: str) -> ParsedNotification:
    """A CIC flow says that a file landed; the watched folders are listed, whatever the body says."""
    return ParsedNotification(listener.everything(("file", sha256(body).hexdigest())))


NOTIFICATIONS = Notifications(
    parse,
    "Call of a CIC Studio flow when a file lands",
    "The body may have any layout; the watched folders are listed.",
)
