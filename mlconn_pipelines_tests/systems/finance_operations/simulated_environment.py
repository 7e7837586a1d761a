"""A simulated Finance & Operations environment with one of our connectors before it, for tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.finance_operations.api.connector import open_connector
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_simulators.entra.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraSandbox
from mlconn_simulators.finance_operations.sandbox import FinanceOperationsSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world
from mlconn_simulators.world.model import World

QUICK = RetryPolicy(attempts=5, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


@dataclass
class SimulatedEnvironment:
    """url: where it listens, which tokens may be for. authority: of its token endpoint."""

    sandbox: FinanceOperationsSandbox
    entra: EntraSandbox
    url: str
    authority: str
    sessions: MemorySessions = field(default_factory=MemorySessions)
    limiter: MemoryLimiter = field(default_factory=MemoryLimiter)

    def described(self) -> dict[str, Any]:
        """The `erp` part of a configuration, without its credential."""
        return {
            "kind": "finance_operations",
            "url": self.url,
            "company": "usmf",
            "tenant": TENANT_ID,
            "authority": self.authority,
        }

    def connector(self, secret: str = CLIENT_SECRET, **settings: Any) -> Connector:
        chosen = {**self.described(), "requests_per_second": 1000.0, "credential": "fo", **settings}
        credentials = MemoryCredentials(fo={"client_id": CLIENT_ID, "client_secret": secret})
        connection = FinanceOperationsConnection.model_validate(chosen)
        return open_connector(connection, credentials, self.sessions, self.limiter, retry=QUICK)

    def order(self) -> str:
        """The number of a new sound, confirmed order."""
        return self.sandbox.activity(1, sound=True)[0]["PurchaseOrderNumber"]

    def invoices(self) -> list[dict[str, Any]]:
        """Vendor invoices that came over the API, with their lines' numbers."""
        return list(self.sandbox.state(source=False)["vendor_invoices"])


@contextmanager
def simulated_environment(documents: int = 60, world: World | None = None, **switches: Any) -> Iterator[SimulatedEnvironment]:
    """An environment whose clock shows noon of 20 November 2026 unless a world of another day is given."""
    entra = EntraSandbox()
    start = {"start": NOON} if world is None else {}
    sandbox = FinanceOperationsSandbox(
        world or make_world(seed=3, documents=documents, today=NOON.date()), entra, **{**start, **switches}
    )
    with serve(entra.app()) as tokens, serve(sandbox.app()) as endpoint, closing(sandbox):
        entra.allow(endpoint.url)
        yield SimulatedEnvironment(sandbox, entra, endpoint.url, tokens.url)
