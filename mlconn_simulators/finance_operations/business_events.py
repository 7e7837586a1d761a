"""Business events: one message each to every endpoint, quick retries, then an error log until somebody presses Resend."""

from __future__ import annotations

import itertools
import random
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.callback import post
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.odata.json_text import dumps
from mlconn_simulators.timetable import Timetable
from mlconn_simulators.utc_clock import UtcClock

CONFIRMED = "PurchaseOrderConfirmedBusinessEvent"
TEST = "BusinessEventsTestEndpointContract"
RETRIES = 3
_FIRST_CONTROL_NUMBER = 5_637_144_576


@dataclass(frozen=True)
class Endpoint:
    """companies: legal entities for which events are sent there, empty for all of them."""

    url: str
    companies: frozenset[str]


def milliseconds(clock: UtcClock) -> str:
    return f"/Date({int(clock.now().timestamp() * 1000)})/"


class BusinessEvents:
    """Sends on a thread of its own, so that what was committed does not wait. retry_s: between tries, 1 in life.

    Faults `event_lost`, `event_twice`, `event_late` (option seconds), `event_reordered` (waits for the next one and comes after it):
    their path matches the URL and the event's id.
    """

    def __init__(self, clock: UtcClock, faults: FaultMenu, *, retry_s: float, seed: int) -> None:
        self.retry_s = retry_s
        self.endpoints: list[Endpoint] = []
        self.sent: list[dict[str, Any]] = []
        self.error_log: list[dict[str, Any]] = []
        self.work = Timetable("business-events")
        self._clock, self._faults = clock, faults
        self._dice = random.Random(f"events-{seed}")
        self._control_number = _FIRST_CONTROL_NUMBER
        self._errors = itertools.count(1)
        self._held: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.RLock()

    def close(self) -> None:
        self.work.close()

    def add_endpoint(self, url: str, companies: tuple[str, ...] = ()) -> Endpoint:
        """A new endpoint, after a test message. Errors: ValueError where that is not accepted, or for an address elsewhere."""
        message = {"BusinessEventId": TEST, "ControlNumber": 0, "EventId": str(uuid.uuid4()).upper(),
                   "EventTime": milliseconds(self._clock), "MajorVersion": 0, "MinorVersion": 0}  # fmt: skip
        answer = post(url, dumps(message).encode(), {"Content-Type": "application/json"})
        self.sent.append({"url": url, "status": answer.status, "tried": 0, "message": message})
        if not answer.accepted:
            raise ValueError(f"The endpoint {url} did not accept the test message: {answer.status} {answer.text[:100]}")
        endpoint = Endpoint(url, frozenset(company.lower() for company in companies))
        self.endpoints.append(endpoint)
        return endpoint

    def raise_event(self, event_id: str, company: str, fields: dict[str, Any]) -> None:
        """Called once the transaction is committed. Without an endpoint for the company nothing is sent and nothing kept."""
        with self._lock:
            urls = [each.url for each in self.endpoints if not each.companies or company in each.companies]
            if not urls:
                return
            self._control_number += self._dice.choice((1, 1, 1, 2, 5))  # it grows, and has gaps
            message = {
                "BusinessEventId": event_id,
                "ControlNumber": self._control_number,
                "EventId": str(uuid.UUID(int=self._dice.getrandbits(128), version=4)).upper(),
                "EventTime": milliseconds(self._clock),
                "LegalEntity": company,
                "MajorVersion": 0,
                "MinorVersion": 0,
                **fields,
            }
            for url in urls:
                self._send(url, message)

    def resend(self) -> int:
        """Press Resend for everything in the error log; gives how many events that were."""
        with self._lock:
            again, self.error_log = self.error_log, []
        for entry in again:
            self.work.after(0.0, lambda entry=entry: self._post(entry["url"], entry["message"], 0))  # type: ignore[misc]
        return len(again)

    def _send(self, url: str, message: dict[str, Any]) -> None:
        about = f"{url} {message['BusinessEventId']} {message['LegalEntity']}"
        if self._faults.take("event_lost", about):
            self.sent.append({"url": url, "status": 0, "tried": 0, "message": message, "lost": True})
            return
        if self._faults.take("event_reordered", about):
            self._held.append((url, message))
            return
        late = self._faults.take("event_late", about)
        self.work.after(float(late.options.get("seconds", 5.0)) if late else 0.0, lambda: self._post(url, message, 0))
        if self._faults.take("event_twice", about):
            self.work.after(0.0, lambda: self._post(url, message, 0))
        held, self._held = self._held, []
        for held_url, held_message in held:
            self.work.after(0.0, lambda to=held_url, what=held_message: self._post(to, what, 0))  # type: ignore[misc]

    def _post(self, url: str, message: dict[str, Any], tried: int) -> None:
        answer = post(url, dumps(message).encode(), {"Content-Type": "application/json"})
        self.sent.append({"url": url, "status": answer.status, "tried": tried, "message": message})
        if answer.accepted:
            return
        if tried < RETRIES:
            self.work.after(self.retry_s, lambda: self._post(url, message, tried + 1))
            return
        with self._lock:
            reason = f"{answer.status} {answer.text[:100]}"
            self.error_log.append({"number": next(self._errors), "url": url, "reason": reason, "message": message})
