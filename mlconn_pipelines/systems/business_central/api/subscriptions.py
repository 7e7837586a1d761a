"""Webhook subscriptions of one company, which last three days and end at the first answer that is no success."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from mlconn_pipelines.errors import ConnectorError, DocumentRejected
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.ports.subscriptions import Subscription
from mlconn_pipelines.systems.business_central.api.client import BusinessCentralApi
from mlconn_pipelines.systems.business_central.api.entities import SALES_INVOICES, SALES_ORDERS
from mlconn_pipelines.transport.odata import created_of

ENTITIES = frozenset({SALES_INVOICES, SALES_ORDERS})
"""Of what flows read, these can be subscribed to. Purchase orders and all sets of lines cannot."""

SUBSCRIPTIONS = "subscriptions"
_RESOURCE = re.compile(r"companies\((?P<company>[0-9a-fA-F-]{36})\)/(?P<entity>[A-Za-z]+)$")


class BusinessCentralSubscriptions:
    """Implements `ports.subscriptions.Subscriptions`."""

    def __init__(self, api: BusinessCentralApi) -> None:
        self._api = api

    @property
    def entities(self) -> Collection[str]:
        return ENTITIES

    def all(self) -> Sequence[Subscription]:
        """Of the company only; the service lists those of the whole environment."""
        rows = (row for page in self._api.pages_at(SUBSCRIPTIONS, SUBSCRIPTIONS) for row in page)
        company = self._api.company_id()
        found = []
        for row in rows:
            resource = _RESOURCE.search(str(row.get("resource") or ""))
            if resource is not None and resource["company"].lower() == company:
                found.append(_subscription(row, resource["entity"]))
        return found

    def create(self, entity: str, url: str, secret: str) -> Subscription:
        """After the service has called the address and got its token back. Errors: as any write."""
        wanted = {
            "notificationUrl": url,
            "resource": f"/api/v2.0/companies({self._api.company_id()})/{entity}",
            "clientState": secret,
        }
        self._api.reserve(SUBSCRIPTIONS)
        with _agreed(entity, url):
            made = created_of(self._api.create_at(SUBSCRIPTIONS, wanted), "subscriptionId", "expirationDateTime")
        return _subscription(made, entity)

    def renew(self, subscription: Subscription, secret: str) -> Subscription:
        """An empty request would be refused, so the address and the secret are said again. Errors: NotFound once it is over."""
        self._api.reserve(SUBSCRIPTIONS)
        said = {"notificationUrl": subscription.url, "clientState": secret}
        with _agreed(subscription.entity, subscription.url):
            changed = self._api.patch(_path(subscription), subscription.version or "*", said, "subscriptionId")
        return _subscription(changed, subscription.entity)

    def delete(self, subscription: Subscription) -> None:
        self._api.reserve(SUBSCRIPTIONS)
        self._api.delete(_path(subscription), subscription.version or "*")


@contextmanager
def _agreed(entity: str, url: str) -> Iterator[None]:
    """A refusal is about the address, and there is no document to correct."""
    try:
        yield
    except DocumentRejected as refusal:
        raise ConnectorError(
            f"the subscription to {entity} was refused: {refusal.what}",
            f"Business Central must reach {url} over the internet, and the gateway must run and answer there.",
        ) from refusal


def _path(subscription: Subscription) -> str:
    return f"{SUBSCRIPTIONS}('{subscription.id}')"


def _subscription(row: Record, entity: str) -> Subscription:
    try:
        expires_at = dt.datetime.fromisoformat(str(row["expirationDateTime"]))
        return Subscription(
            id=str(row["subscriptionId"]),
            entity=entity,
            url=str(row.get("notificationUrl") or ""),
            expires_at=expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=dt.UTC),
            secret=str(row.get("clientState") or ""),
            version=str(row.get("@odata.etag") or ""),
        )
    except (KeyError, ValueError):
        raise ConnectorError(
            "Business Central described a subscription without an id or an end",
            "Look at GET /subscriptions of the environment.",
        ) from None
