"""A simulated org with its event bus on a port, and a client of ours that trusts it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlconn_pipelines.systems.salesforce.pubsub.client import PubSubClient, SignedIn
from mlconn_pipelines.systems.salesforce.pubsub.events import ChangeEvent
from mlconn_pipelines.systems.salesforce.pubsub.subscription import Received, Subscription
from mlconn_simulators.certificates import Authority
from mlconn_simulators.salesforce.bus_server import BusServer, serve_bus
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.world.making import make_world

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
OPPORTUNITIES, ACCOUNTS = "/data/OpportunityChangeEvent", "/data/AccountChangeEvent"


@dataclass
class Scene:
    org: SalesforceSandbox
    server: BusServer
    client: PubSubClient
    target: str
    roots: bytes

    def sign_in(self) -> SignedIn:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        granted = self.org.tokens.grant("https://meridian.my.salesforce.com", form, None)
        return SignedIn(granted["access_token"], granted["instance_url"], self.org.tokens.org_id)

    def account(self) -> str:
        return next(self.org.store.all("Account")).id

    def edit(self, record_id: str, entity: str = "Account", **values: Any) -> None:
        self.org.edit(entity, record_id, values)

    def write(self, origin: str, record_id: str, **values: Any) -> None:
        """An edit by a request of some client."""
        with self.org.lock, self.org.events.transaction(origin):
            self.org.store.write(self.org.store.get("Account", record_id), values)

    def events(self, count: int, topic: str = ACCOUNTS, replay_id: bytes = b"") -> list[ChangeEvent]:
        """So many events of a topic, at least."""
        return [event for received in self.responses(count, topic, replay_id) for event in received.events]

    def responses(self, count: int, topic: str = ACCOUNTS, replay_id: bytes = b"") -> list[Received]:
        """Responses until they hold so many events, readable or not."""
        found: list[Received] = []
        subscription = Subscription(self.client, topic, replay_id)
        for received in subscription:
            found.append(received)
            if sum(len(each.events) + len(each.unreadable) for each in found) >= count:
                subscription.close()
                break
        return found


@contextmanager
def bus_scene(folder: Path, keepalive_s: float = 270.0, idle_s: float = 70.0, **switches: Any) -> Iterator[Scene]:
    world = make_world(seed=3, documents=0, today=NOON.date(), items=8)
    org = SalesforceSandbox(world, **{"start": NOON, "opportunities": 1, **switches})
    authority = Authority(folder, "authority")
    pair = authority.pair("localhost")
    server = BusServer(org, keepalive_s, idle_s)
    with serve_bus(server, (pair.certificate, pair.key)) as port:
        target, roots = f"127.0.0.1:{port}", authority.certificate.read_bytes()
        scene = Scene(org, server, None, target, roots)  # type: ignore[arg-type]
        session = scene.sign_in()
        with PubSubClient(target, lambda: session, roots) as client:
            scene.client = client
            yield scene
