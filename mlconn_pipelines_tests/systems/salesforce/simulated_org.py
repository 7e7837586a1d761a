"""A simulated org with one of our clients before it, for tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.salesforce.api.connector import Org, open_org
from mlconn_pipelines.systems.salesforce.api.objects import Mapped, MappedObject
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.salesforce.schema import OBJECTS
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

QUICK = RetryPolicy(attempts=5, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
MAPPED: Mapped = {
    "Account": MappedObject(("ERP_Code__c",), ("ERP_Balance__c", "ERP_Credit_Limit__c"), "ERP_Code__c"),
    "Opportunity": MappedObject(("ERP_Order_Number__c",), ("ERP_Order_Number__c",), "ERP_Order_Number__c"),
}


@dataclass
class SimulatedOrg:
    sandbox: SalesforceSandbox
    url: str
    sessions: MemorySessions = field(default_factory=MemorySessions)
    limiter: MemoryLimiter = field(default_factory=MemoryLimiter)
    opened: list[Org] = field(default_factory=list)

    def client(self, secret: str = CLIENT_SECRET, mapped: Mapped = MAPPED, **settings: Any) -> Org:
        chosen = {"kind": "salesforce", "url": self.url, "credential": "sf", "requests_per_second": 1000.0, **settings}
        credentials = MemoryCredentials(sf={"client_id": CLIENT_ID, "client_secret": secret})
        connection = SalesforceConnection.model_validate(chosen)
        org = open_org(connection, credentials, self.sessions, self.limiter, mapped=mapped, retry=QUICK)
        self.opened.append(org)
        return org

    def add_accounts(self, count: int, **values: Any) -> list[str]:
        """Accounts out of nowhere, one a second, so that each has a stamp of its own."""
        with self.sandbox.lock:
            made = []
            self.sandbox.clock.running = False
            for number in range(count):
                self.sandbox.clock.move(dt.timedelta(seconds=1))
                made.append(self.sandbox.store.add("Account", {"Name": f"Account {number}", **values}).id)
            self.sandbox.clock.running = True
            self.sandbox.clock.move(dt.timedelta(seconds=1))
            return made

    def value(self, entity: str, record_id: str, name: str) -> Any:
        """A field of a record as the org holds it."""
        with self.sandbox.lock:
            return self.sandbox.store.records[entity][record_id].values[name]

    def ids(self, entity: str) -> set[str]:
        assert entity in OBJECTS
        return {key for key, record in self.sandbox.store.records[entity].items() if record.deleted_at is None}


@contextmanager
def simulated_org(**switches: Any) -> Iterator[SimulatedOrg]:
    """An org whose clock shows noon of 20 November 2026."""
    world = make_world(seed=3, documents=0, today=NOON.date(), items=8)
    sandbox = SalesforceSandbox(world, **{"start": NOON, "opportunities": 3, **switches})
    with serve(sandbox.app()) as endpoint:
        org = SimulatedOrg(sandbox, endpoint.url)
        try:
            yield org
        finally:
            for client in org.opened:
                client.connector.close()


def changed(org: Org, entity: str, since: str | None = None, start: dt.date = dt.date.min) -> list[KeyStamp]:
    return [stamp for page in org.reader.changed(entity, since, start) for stamp in page]
