"""A listener of ours on a simulated org's bus, over a ledger in memory or a real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.ports.notifications import Listener
from mlconn_pipelines.systems.salesforce.pubsub.client import PubSubClient, SignedIn
from mlconn_pipelines.systems.salesforce.pubsub.listener import Org, Waits, listen
from mlconn_pipelines.wiring.streams import LedgerStreams
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger
from mlconn_pipelines_tests.systems.salesforce.pubsub.scene import Scene

FLOWS = {"Account": "accounts", "Opportunity": "opportunities"}
QUICK = Waits(look_s=0.05, ended_s=0.01, again_s=0.02, again_max_s=0.1, told_after_s=0.0, not_enabled_s=0.1, allowance_s=0.1)


@dataclass
class Listening:
    ledger: Any
    renewed: list[SignedIn] = field(default_factory=list)

    def waiting(self, integration: str = "acme_sf") -> dict[str, int]:
        """Notifications by flow that no run has begun after."""
        return {one.flow: one.count for one in self.ledger.intake.waiting_hints(integration)}

    def places(self, flow: str = "accounts") -> list[str]:
        return [place for one in self.ledger.intake.waiting_hints("acme_sf", flow) for place in one.places]

    def alerts(self) -> list[str]:
        return [alert.text for alert in self.ledger.watch.open_alerts()]

    def stream(self, entity: str = "Account") -> Any:
        return self.ledger.intake.streams("acme_sf").get(entity)


@contextmanager
def listening(
    scene: Scene, ledger: Any = None, waits: Waits = QUICK, integrations: tuple[str, ...] = ("acme_sf",)
) -> Iterator[Listening]:
    listening = Listening(ledger or FakeLedger())
    session = [scene.sign_in()]

    def renew() -> None:
        session[0] = scene.sign_in()
        listening.renewed.append(session[0])

    held = listening.ledger
    streams = LedgerStreams(held.intake, held.watch, held.queue, {name: list(FLOWS) for name in integrations})
    ended = threading.Event()
    with PubSubClient(scene.target, lambda: session[0], scene.roots) as bus:
        org = Org(bus, [Listener(name, "salesforce", FLOWS) for name in integrations], "mlconn", renew, streams)
        thread = threading.Thread(target=listen, args=(org, ended, lambda: None, waits))
        thread.start()
        try:
            yield listening
        finally:
            ended.set()
            thread.join(20)
            assert not thread.is_alive()


def until(true: Callable[[], object], within_s: float = 15.0) -> None:
    """Wait until something has come true, at most so long."""
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not come true in time"
        time.sleep(0.01)
