"""A simulated SAP Business One company with one of our connectors before it, for tests."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.sap_business_one.api.connector import open_connector
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world
from mlconn_simulators.world.model import World

QUICK = RetryPolicy(attempts=5, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)
NOON = dt.datetime(2026, 11, 20, 12, 0)
PASSWORD = "Planted-Sap-Secret-1"


@functools.cache
def small_world() -> World:
    return make_world(seed=3, documents=60, today=NOON.date(), items=60)


@dataclass
class Company:
    sandbox: SapBusinessOneSandbox
    url: str
    credentials: MemoryCredentials
    sessions: MemorySessions
    limiter: MemoryLimiter

    def connector(self, **settings: Any) -> Connector:
        chosen = {"company_db": "SBODEMOUS", "page_size": 10, **settings}
        connection = SapBusinessOneConnection(kind="sap_business_one", url=self.url, credential="sap", **chosen)
        return open_connector(connection, self.credentials, self.sessions, self.limiter, retry=QUICK)

    def requests(self, kind: str) -> int:
        return self.sandbox.faults.requests[kind]

    def keys(self, entity: str) -> list[str]:
        return [str(record.values["DocEntry"]) for record in self.sandbox.company.sets[entity]]

    def payload(self, reference: str, entity: str = "PurchaseOrders", **fields: Any) -> Mapping[str, Any]:
        """What a mapping would give for a document of two lines."""
        sales = entity in ("Orders", "Invoices", "DeliveryNotes")
        partner = self.sandbox.world.partners[0]
        codes = [item.code for item in self.sandbox.world.items if item.active][:2]
        return {
            "CardCode": next(
                code for each in self.sandbox.world.partners if (code := each.customer_code if sales else each.supplier_code)
            ),
            "DocDueDate": "2026-12-01",
            "NumAtCard": f"PO {partner.name}",
            "U_MLConnRef": reference,
            "DocumentLines": [{"ItemCode": code, "Quantity": 2, "UnitPrice": 3.5} for code in codes],
            **fields,
        }


@contextmanager
def sap_company(password: str = PASSWORD, world: World | None = None, **switches: Any) -> Iterator[Company]:
    """A company of 60 documents whose clock shows noon of 20 November 2026, where nothing else is asked for."""
    sandbox = SapBusinessOneSandbox(
        world or small_world(),
        user="manager",
        password=PASSWORD,
        company_db="SBODEMOUS",
        **{"zone_clock": lambda: NOON, "login_s": 0.0, **switches},
    )
    credentials = MemoryCredentials(
        sap={"username": "manager", "password": password, "client_id": "us", "client_secret": "Planted-OAuth-Secret"}
    )
    with serve(sandbox.app()) as endpoint:
        yield Company(sandbox, f"{endpoint.url}/b1s/v2/", credentials, MemorySessions(), MemoryLimiter())
