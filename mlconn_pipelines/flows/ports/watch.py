"""The ledger as those look at it who look after it: alerts, what is overdue, the seal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mlconn_pipelines.flows.ports.entries import Alert


class Watch(Protocol):
    """No document changes by any of it."""

    def raise_alert(self, integration: str, cause: str, text: str) -> bool:
        """Open an alert unless one of that cause is open; true when it is new. cause: names the integration too."""
        ...

    def renew_alert(self, integration: str, cause: str, text: str) -> bool:
        """As `raise_alert`, and where one of that cause says something else, people are told the new words; true when it is news."""
        ...

    def resolve_alert(self, cause: str) -> bool:
        """The cause is gone; true when an alert of it was open."""
        ...

    def open_alerts(self) -> Sequence[Alert]:
        """What is open now of all integrations, oldest first."""
        ...

    def alerts_to_deliver(self, integration: str) -> Sequence[Alert]:
        """Alerts opened or resolved that nobody was told of yet."""
        ...

    def alert_delivered(self, alert_id: str) -> None: ...

    def mark_overdue(self, integration: str) -> int:
        """Acknowledgments whose time is up; returns how many became overdue now."""
        ...

    def mark_silent_agents(self, integration: str) -> int:
        """An alert for each agent that may dial in and has missed three polls, closed when it asks again; returns how many are new."""
        ...

    def seal_audit(self) -> int:
        """Chain closed blocks of audit events; returns how many were sealed. Another sealer at work: 0."""
        ...
