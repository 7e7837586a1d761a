"""Webhook subscriptions: made after a handshake, over after three days, and the properties that the API shows of them."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.business_central.company import Company
from mlconn_simulators.business_central.errors import ApiError, bad, not_found, refused
from mlconn_simulators.business_central.schema import WEBHOOK_SETS, Values
from mlconn_simulators.callback import post

LASTS = dt.timedelta(days=3)
STATE_LENGTH_MAX = 2048
PER_ENVIRONMENT_MAX = 200
_RESOURCE = re.compile(r"/?(api/v2\.0/companies\((?P<company>[0-9a-fA-F-]{36})\)/(?P<set>[A-Za-z]+))")


@dataclass(eq=False)
class Subscription:
    """resource: without a leading slash. version: for its etag. ends: when it is over."""

    id: str
    url: str
    resource: str
    set_name: str
    state: str
    made: dt.datetime
    changed: dt.datetime
    ends: dt.datetime
    version: int = 1

    @property
    def etag(self) -> str:
        return f'W/"JzQ0O{self.id[:8]}{self.version:04}Jw=="'

    def as_values(self) -> Values:
        user = "00000000-0000-0000-0000-000000000001"
        return {
            "@odata.etag": self.etag,
            "subscriptionId": self.id,
            "notificationUrl": self.url,
            "resource": f"/{self.resource}",
            "timestamp": self.version,
            "userId": user,
            "lastModifiedDateTime": moment(self.changed),
            "clientState": self.state,
            "expirationDateTime": moment(self.ends),
            "systemCreatedAt": moment(self.made),
            "systemCreatedBy": user,
            "systemModifiedAt": moment(self.changed),
            "systemModifiedBy": user,
        }


def moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3].rstrip("0").rstrip(".") + "Z"


class Subscriptions:
    """All subscriptions of the environment. ended: ids with what ended them, for whoever wonders."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._live: dict[str, Subscription] = {}
        self.ended: list[dict[str, str]] = []
        self.handshakes: list[dict[str, Any]] = []

    def live(self) -> list[Subscription]:
        """Those not over yet; the others are removed without a word."""
        now = self._company.clock.now()
        for subscription in [each for each in list(self._live.values()) if each.ends <= now]:
            self.end(subscription, "expired")
        return list(self._live.values())

    def get(self, subscription_id: str) -> Subscription:
        """Errors: 404."""
        self.live()
        found = self._live.get(subscription_id)
        if found is None:
            raise not_found("The subscription")
        return found

    def end(self, subscription: Subscription, why: str) -> None:
        if self._live.pop(subscription.id, None) is not None:
            self.ended.append({"subscriptionId": subscription.id, "resource": subscription.resource, "why": why})

    def create(self, body: Values) -> Subscription:
        """Errors: 400, also where the handshake fails."""
        resource, set_name = self._resource(body.get("resource"))
        url, state = self._url(body), _state(body)
        if any(each.url == url and each.resource == resource for each in self.live()):
            raise ApiError(400, "Internal_EntityWithSameKeyExists", "The entity already exists.")
        if len(self._live) >= PER_ENVIRONMENT_MAX:
            raise refused(f"The maximum number of subscriptions ({PER_ENVIRONMENT_MAX}) is reached.")
        self._shake_hands(url)
        now = self._company.clock.now()
        made = Subscription(uuid.uuid4().hex, url, resource, set_name, state, now, now, now + LASTS)
        self._live[made.id] = made
        return made

    def renew(self, subscription: Subscription, body: Values) -> None:
        """Three more days, after another handshake. Errors: 400 for an empty body too."""
        if not body:
            raise bad("The request body must contain a JSON object. An empty request is not allowed.")
        url = self._url(body) if "notificationUrl" in body else subscription.url
        if "resource" in body and self._resource(body["resource"])[0] != subscription.resource:
            raise bad("Control 'resource' is read-only.", "BadRequest_InvalidOperation")
        self._shake_hands(url)
        now = self._company.clock.now()
        subscription.url = url
        subscription.state = _state(body) if "clientState" in body else subscription.state
        subscription.changed, subscription.ends = now, now + LASTS
        subscription.version += 1

    def _resource(self, resource: Any) -> tuple[str, str]:
        match = _RESOURCE.fullmatch(str(resource or ""))
        if match is None or match["company"].lower() != self._company.id:
            raise bad(f"The resource '{resource}' cannot be subscribed to.")
        if match["set"] not in WEBHOOK_SETS:
            raise bad(f"The entity set '{match['set']}' does not support webhooks.")
        return match[1], match["set"]

    def _url(self, body: Values) -> str:
        url = body.get("notificationUrl")
        if not isinstance(url, str) or not url:
            raise bad("The notificationUrl must be provided.", "BadRequest_RequiredParamNotProvided")
        return url

    def _shake_hands(self, url: str) -> None:
        token = uuid.uuid4().hex
        try:
            answer = post(f"{url}{'&' if '?' in url else '?'}validationToken={token}", b"", {"Content-Type": "text/plain"})
        except ValueError as elsewhere:
            raise bad(f"The notificationUrl cannot be used: {elsewhere}") from None
        agreed = answer.status == 200 and answer.text == token
        self.handshakes.append({"url": url, "status": answer.status, "agreed": agreed})
        if not agreed:
            raise bad(
                f"Validation of the notificationUrl failed: status {answer.status}; 200 with the token as its body is wanted."
            )


def _state(body: Values) -> str:
    state = body.get("clientState") or ""
    if not isinstance(state, str) or len(state) > STATE_LENGTH_MAX:
        raise refused(f"The length of the string is {len(state)}, but it must be less than or equal to {STATE_LENGTH_MAX} characters.",
                      "Application_StringExceededLength")  # fmt: skip
    return state
