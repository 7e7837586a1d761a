"""What subscribers are told: changes collected for a while, collapsed, posted, tried again, or ended by a bad answer."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mlconn_simulators.business_central.company import Company
from mlconn_simulators.business_central.schema import SETS, TYPES
from mlconn_simulators.business_central.subscriptions import Subscription, Subscriptions, moment
from mlconn_simulators.callback import CallbackAnswer, post
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.odata.json_text import dumps
from mlconn_simulators.timetable import Timetable

WAITS_S = (60.0, 60.0, 60.0, 600.0, 6_000.0, 60_000.0)
_FIRST_BACK = dt.timedelta(milliseconds=50)


@dataclass(eq=False)
class _Change:
    record_id: str
    kind: str
    at: dt.datetime


@dataclass(eq=False)
class _Gathered:
    """What changed for one subscription since the last delivery; first: the moment of its first change."""

    first: dt.datetime
    changes: list[_Change] = field(default_factory=list)


class Notifier:
    """Listens to a company and posts to subscribers, on a thread of its own.

    delay_s: from the first change to the post, 30 in life. waits_s: before each further try. collapse_above: so many records
    changed at once become one `collection`.
    """

    def __init__(
        self,
        company: Company,
        subscriptions: Subscriptions,
        faults: FaultMenu,
        *,
        delay_s: float,
        waits_s: Sequence[float] = WAITS_S,
        collapse_above: int = 1000,
    ) -> None:
        self.delay_s, self.waits_s, self.collapse_above = delay_s, tuple(waits_s), collapse_above
        self.sent: list[dict[str, Any]] = []
        self.work = Timetable("business-central-notifications")
        self._company, self._subscriptions, self._faults = company, subscriptions, faults
        self._gathered: dict[str, _Gathered] = {}
        self._lock = threading.RLock()
        company.listeners.append(self._changed)

    def close(self) -> None:
        self.work.close()

    def _changed(self, set_name: str, record_id: str, kind: str) -> None:
        now = self._company.clock.now()
        for subscription in self._subscriptions.live():
            if subscription.set_name != set_name:
                continue
            with self._lock:
                gathered = self._gathered.get(subscription.id)
                if gathered is None:
                    gathered = self._gathered[subscription.id] = _Gathered(now)
                    self.work.after(self.delay_s, self._deliver)
                known = kind == "updated" and any(
                    change.record_id == record_id and change.kind in ("created", "updated") for change in gathered.changes
                )
                if not known:
                    gathered.changes.append(_Change(record_id, kind, now))

    def _deliver(self) -> None:
        with self._lock:
            gathered, self._gathered = self._gathered, {}
        by_url: dict[str, list[dict[str, Any]]] = {}
        for subscription in self._subscriptions.live():
            if subscription.id in gathered:
                values = self._values(subscription, gathered[subscription.id])
                by_url.setdefault(subscription.url, []).extend(values)
        for url, values in by_url.items():
            self._post_with_faults(url, values)

    def _values(self, subscription: Subscription, gathered: _Gathered) -> list[dict[str, Any]]:
        state = subscription.state
        if self._faults.take("notification_foreign", subscription.resource):
            state = "somebody else's state"
        told = {"subscriptionId": subscription.id, "clientState": state, "expirationDateTime": moment(subscription.ends)}
        changes = gathered.changes
        forced = self._faults.take("notification_collection", subscription.resource)
        if forced or len({change.record_id for change in changes}) > self.collapse_above:
            resource = subscription.resource
            kind = TYPES[SETS[subscription.set_name]] if subscription.set_name in SETS else None
            if kind and "lastModifiedDateTime" in kind.kinds and not any(change.kind == "deleted" for change in changes):
                resource += f"?$filter=lastModifiedDateTime%20gt%20{moment(gathered.first - _FIRST_BACK)}"
            return [told | {"resource": resource, "changeType": "collection", "lastModifiedDateTime": moment(changes[-1].at)}]
        return [
            told
            | {
                "resource": f"{subscription.resource}({change.record_id})",
                "changeType": change.kind,
                "lastModifiedDateTime": moment(change.at),
            }
            for change in changes
        ]

    def _post_with_faults(self, url: str, values: list[dict[str, Any]]) -> None:
        about = f"{url} {' '.join(value['resource'] for value in values)}"
        if self._faults.take("notification_reordered", about):
            values = values[::-1]
        if self._faults.take("notification_lost", about):
            self._note(url, values, CallbackAnswer(0, "lost by fault"), 0)
            return
        if late := self._faults.take("notification_late", about):
            self.work.after(float(late.options.get("seconds", 5.0)), lambda: self._post(url, values, 0))
            return
        self._post(url, values, 0)
        if self._faults.take("notification_twice", about):
            self._post(url, values, 0)

    def _post(self, url: str, values: list[dict[str, Any]], tried: int) -> None:
        live = {subscription.id for subscription in self._subscriptions.live()}
        values = [value for value in values if value["subscriptionId"] in live]
        if not values:
            return
        headers = {
            "Content-Type": "application/json",
            "clientRequestId": str(uuid.uuid4()),
            "x-ms-correlation-id": str(uuid.uuid4()),
        }
        answer = post(url, dumps({"value": values}).encode(), headers)
        self._note(url, values, answer, tried)
        if answer.accepted:
            return
        if answer.status in (0, 408, 429) or answer.status >= 500:
            if tried < len(self.waits_s):
                self.work.after(self.waits_s[tried], lambda: self._post(url, values, tried + 1))
                return
            why = f"no answer worth the name after {tried + 1} tries"
        else:
            why = f"answered {answer.status}"
        for subscription in self._subscriptions.live():
            if subscription.url == url:
                self._subscriptions.end(subscription, why)

    def _note(self, url: str, values: list[dict[str, Any]], answer: CallbackAnswer, tried: int) -> None:
        self.sent.append({"url": url, "status": answer.status, "tried": tried, "value": values})
