"""`Watch` of flows/ports/watch.py in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from mlconn_pipelines.agents.admission import SILENT_AFTER_S, Standing
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.ledger.alerts import silent_agent, silent_words
from mlconn_pipelines_tests.fake_ledger.shelves import Row, Shelves


class FakeWatch:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def raise_alert(self, integration: str, cause: str, text: str) -> bool:
        return self._shelves.raise_alert(integration, cause, text)

    def renew_alert(self, integration: str, cause: str, text: str) -> bool:
        for one in self._shelves.alerts:
            if one["cause"] == cause and one["resolved_at"] is None:
                is_news = one["text"] != text
                one |= {"text": text, "delivered_at": None} if is_news else {}
                return is_news
        return self._shelves.raise_alert(integration, cause, text)

    def resolve_alert(self, cause: str) -> bool:
        return self._shelves.resolve_alert(cause)

    def open_alerts(self) -> Sequence[Alert]:
        return [_alert(one) for one in self._shelves.alerts if one["resolved_at"] is None]

    def alerts_to_deliver(self, integration: str) -> Sequence[Alert]:
        return [
            _alert(one)
            for one in self._shelves.alerts
            if one["integration"] == integration
            and (one["delivered_at"] is None) == (one["resolved_at"] is None)
            and one["resolution_delivered_at"] is None
        ]

    def alert_delivered(self, alert_id: str) -> None:
        name = "resolution_delivered_at" if alert_id.endswith("r") else "delivered_at"
        self._shelves.alerts[int(alert_id.removesuffix("r")) - 1][name] = self._shelves.now()

    def mark_overdue(self, integration: str) -> int:
        here = [one for one in self._shelves.acknowledgments if one["integration"] == integration]
        late = [one for one in here if one["state"] == "awaited" and one["within_h"] is not None and self._is_late(one)]
        for one in late:
            one["state"] = "overdue"
        count = sum(one["state"] == "overdue" for one in here)
        if count:
            words = f"{count} acknowledgment{'s are' if count > 1 else ' is'} overdue; `documents list` shows them as sent"
            self._shelves.raise_alert(integration, f"overdue:{integration}", words)
        else:
            self._shelves.resolve_alert(f"overdue:{integration}")
        return len(late)

    def _is_late(self, one: Row) -> bool:
        claim = self._shelves.claims[one["claim_id"]]
        sent_at = claim["sending_at"] or claim["settled_at"]
        return bool(claim["state"] == "done" and sent_at + dt.timedelta(hours=one["within_h"]) < self._shelves.now())

    def mark_silent_agents(self, integration: str) -> int:
        late = self._shelves.later(-SILENT_AFTER_S)
        since = {
            row["id"]: row["seen_at"] or row["enrolled_at"]
            for row in self._shelves.agents.values()
            if row["integration"] == integration and row["standing"] is Standing.ACTIVE
        }
        silent = {silent_agent(name): silent_words(name, at) for name, at in sorted(since.items()) if at < late}
        for one in self._shelves.alerts:
            is_over = one["cause"].startswith(silent_agent("")) and one["cause"] not in silent
            if one["integration"] == integration and is_over:
                self._shelves.resolve_alert(one["cause"])
        return sum(self._shelves.raise_alert(integration, cause, words) for cause, words in silent.items())

    def seal_audit(self) -> int:
        return 0


def _alert(one: Row) -> Alert:
    resolved = one["resolved_at"] is not None
    return Alert(f"{one['id']}r" if resolved else str(one["id"]), one["cause"], one["text"], one["opened_at"], resolved)
