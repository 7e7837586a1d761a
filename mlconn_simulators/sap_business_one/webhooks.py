"""Webhooks of 10.0 FP 2602: subscriptions by set and change, a handshake, signed arrays of events, and what becomes of failures."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlconn_simulators.callback import CallbackAnswer, request
from mlconn_simulators.sap_business_one.errors import ServiceLayerError, invalid, not_found, refused
from mlconn_simulators.sap_business_one.schema import DOCUMENT_KINDS
from mlconn_simulators.timetable import Timetable

SUBSCRIPTIONS_MAX = 16
BATCH_MAX = 1024
TRIES = 4
"""One call and three more, as the settings of the messenger say; another page of SAP's says five more."""
FAILED_CALLS_MAX = 2
"""Calls given up one after another before a subscription is inactive."""
CHANGES = {"A": "Created", "U": "Updated", "C": "Cancelled", "L": "Closed"}
_HASHES = {"HMACSha256": hashlib.sha256, "HMACSha384": hashlib.sha384, "HMACSha512": hashlib.sha512}
_PATH = re.compile(r"EventSubscriptions(?:\('(?P<id>[^']+)'\))?(?:/(?P<act>Pause|Resume|Handshake|Replay))?")
CATALOG, ADMIN, LOG = "EventSubscriptionsService_GetEventCatalog", "CompanyService_UpdateAdminInfo", "EventNotifications"


@dataclass
class Subscription:
    """told: as it was asked for. waiting: events that were not told yet. missed: those that were given up."""

    told: dict[str, Any]
    wanted: set[tuple[str, str]]
    credential: Mapping[str, str] = field(repr=False)
    status: str = "Active"
    failed: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    missed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.told["WebhookURL"])


class Webhooks:
    """All subscriptions of one company. sent: every call with its answer.

    retry_s, batch_s: between the tries of a call, and how long events gather to an array. Addresses are http on this machine,
    where SAP takes https only.
    """

    def __init__(self, company_db: str, retry_s: float = 2.0, batch_s: float = 0.02) -> None:
        self.retry_s, self.batch_s, self.enabled = retry_s, batch_s, False
        self.sent: list[dict[str, Any]] = []
        self.work = Timetable("sap-webhooks")
        self._source = f"/default/sap.b1/{company_db}"
        self._subscriptions: dict[str, Subscription] = {}
        self._events: list[dict[str, Any]] = []
        self._replaying = ""
        self._lock = threading.RLock()

    def close(self) -> None:
        self.work.close()

    def takes(self, path: str) -> bool:
        """Whether requests for that path are answered here."""
        return path in (CATALOG, ADMIN, LOG) or _PATH.fullmatch(path) is not None

    def answer(self, method: str, path: str, body: Mapping[str, Any], replace: bool) -> tuple[int, Any]:
        """Status and JSON, None for an answer without. replace: of B1S-ReplaceCollectionsOnPatch. Errors: ServiceLayerError."""
        if path == ADMIN and method == "POST":
            self.enabled = body.get("AdminInfo", {}).get("EnableWebhook") == "tYES"
            return 204, None
        if path == CATALOG and method == "GET":
            kinds = ",".join(CHANGES.values())
            return 200, {"value": [{"BusinessObject": name, "TransactionTypes": kinds} for name in DOCUMENT_KINDS]}
        if path == LOG and method == "GET":
            return 200, {"value": list(self._events)}
        match = _PATH.fullmatch(path)
        if match is None:
            raise invalid(f"{method} is not possible on {path}")
        with self._lock:
            return self._on_subscriptions(method, match["id"], match["act"], body, replace)

    def _on_subscriptions(
        self, method: str, name: str | None, act: str | None, body: Mapping[str, Any], replace: bool
    ) -> tuple[int, Any]:
        if name is None:
            match method:
                case "GET":
                    return 200, {"value": [self._shown(one) for one in self._subscriptions.values()]}
                case "POST":
                    return 201, self._shown(self._made(body))
        elif (subscription := self._subscriptions.get(name)) is None:
            raise not_found()
        else:
            match method, act:
                case "GET", None:
                    return 200, self._shown(subscription)
                case "PATCH", None:
                    wanted = _wanted(body)
                    subscription.wanted = wanted if replace else subscription.wanted | wanted
                    return 204, None
                case "DELETE", None:
                    del self._subscriptions[name]
                    return 204, None
                case "POST", str():
                    self._act(subscription, act)
                    return 204, None
        raise invalid(f"{method} is not possible on EventSubscriptions")

    def _made(self, body: Mapping[str, Any]) -> Subscription:
        if not self.enabled:
            raise refused("Webhook is not enabled for the company")
        told = {"AuthenticationType": "None", "Handshake": "tNO", "VerifyCertificate": "tYES", **body}
        if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise refused(f"No more than {SUBSCRIPTIONS_MAX} subscriptions are possible")
        if any(one.url == told.get("WebhookURL") for one in self._subscriptions.values()):
            raise refused("The WebhookURL must be unique in the company")
        credential = json.loads(told.pop("AuthenticationCred", "") or "{}")
        made = Subscription(told, _wanted(told), credential)
        if told["Handshake"] == "tYES":
            self._shake_hands(made)
        self._subscriptions[str(told["WebhookID"])] = made
        return made

    def _act(self, subscription: Subscription, act: str) -> None:
        if act == "Handshake":
            self._shake_hands(subscription)
        elif act == "Replay":
            if subscription.status != "Inactive" or subscription.told["Handshake"] != "tYES":
                raise refused("Replay is possible only for an inactive webhook with handshake")
            self._shake_hands(subscription)
            self._replaying = str(subscription.told["WebhookID"])
            subscription.waiting, subscription.missed = [*subscription.missed, *subscription.waiting], []
            subscription.status, subscription.failed = "Active", 0
            self.work.after(0.0, lambda: self._call(subscription))
        else:
            subscription.status = "Paused" if act == "Pause" else "Active"

    def _shake_hands(self, subscription: Subscription) -> None:
        token = str(uuid.uuid4())
        headers = {"X-B1-Webhook-Token": token, **_proof(subscription, token.encode())}
        answer = request("GET", subscription.url, b"", headers)
        try:
            given = json.loads(answer.text).get("Challenge") if answer.status == 200 else None
        except (ValueError, AttributeError):
            given = None
        if given != token:
            raise ServiceLayerError(400, -1, f"Handshake with {subscription.url} failed: {answer.status}")

    def tell(self, entity: str, key: Mapping[str, Any], change: str) -> None:
        """A document of that set was changed. change: see CHANGES. The caller does not wait for the calls."""
        kind = CHANGES[change]
        with self._lock:
            if not self.enabled:
                return
            event = {
                "id": str(uuid.uuid4()),
                "specversion": "1.0",
                "source": self._source,
                "type": f"sap.b1.{entity}.{kind}.v1",
                "subject": "\t".join(str(value) for value in key.values()),
                "time": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
                "datacontenttype": "application/json",
                "data": {name: str(value) for name, value in key.items()},
            }
            self._events.append(
                {"BusinessObject": entity, "Operation": kind, "CreateTime": event["time"], "Event": event["id"]}
            )
            for subscription in self._subscriptions.values():
                if (entity, kind) in subscription.wanted and subscription.status in ("Active", "Exceptional", "Inactive"):
                    (subscription.missed if subscription.status == "Inactive" else subscription.waiting).append(event)
                    self.work.after(self.batch_s, lambda to=subscription: self._call(to))  # type: ignore[misc]

    def _call(self, subscription: Subscription) -> None:
        with self._lock:
            other = self._replaying not in ("", str(subscription.told["WebhookID"]))
            if other or subscription.status not in ("Active", "Exceptional"):
                return
            batch, subscription.waiting = subscription.waiting[:BATCH_MAX], subscription.waiting[BATCH_MAX:]
        if batch:
            self._try(subscription, batch, json.dumps(batch).encode(), 1)

    def _try(self, subscription: Subscription, batch: list[dict[str, Any]], body: bytes, tried: int) -> None:
        answer = request("POST", subscription.url, body, {"Content-Type": "application/json", **_proof(subscription, body)})
        self.sent.append({"url": subscription.url, "status": answer.status, "tried": tried, "body": body.decode()})
        if _again(answer) and tried < TRIES:
            self.work.after(self.retry_s, lambda: self._try(subscription, batch, body, tried + 1))
            return
        with self._lock:
            if answer.accepted:
                subscription.status, subscription.failed = "Active", 0
            else:
                subscription.missed += batch
                subscription.failed += 1
                subscription.status = "Inactive" if subscription.failed >= FAILED_CALLS_MAX else "Exceptional"
            if subscription.waiting:
                self.work.after(0.0, lambda: self._call(subscription))
            elif self._replaying == str(subscription.told["WebhookID"]):
                self._replaying = ""
                for other in self._subscriptions.values():
                    self.work.after(0.0, lambda to=other: self._call(to))  # type: ignore[misc]

    def _shown(self, subscription: Subscription) -> dict[str, Any]:
        collection = [{"BusinessObject": name, "TransactionType": kind} for name, kind in sorted(subscription.wanted)]
        return {**subscription.told, "EventCollection": collection, "Status": subscription.status}


def _wanted(body: Mapping[str, Any]) -> set[tuple[str, str]]:
    wanted = {(one.get("BusinessObject", ""), one.get("TransactionType", "")) for one in body.get("EventCollection", ())}
    for name, kind in wanted:
        if name not in DOCUMENT_KINDS or kind not in CHANGES.values():
            raise refused(f"The event catalogue has no {name} {kind}")
    return wanted


def _proof(subscription: Subscription, message: bytes) -> dict[str, str]:
    """What a call or a handshake shows, by the subscription's way."""
    credential = subscription.credential
    match subscription.told["AuthenticationType"]:
        case "HMAC":
            made = hmac.new(credential["Key"].encode(), message, _HASHES[credential["Algorithm"]]).digest()
            return {"X-B1-Webhook-Signature": base64.b64encode(made).decode()}
        case "Basic":
            pair = f"{credential['UserName']}:{credential['Password']}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _again(answer: CallbackAnswer) -> bool:
    return answer.status in (0, 408, 429) or answer.status >= 500
