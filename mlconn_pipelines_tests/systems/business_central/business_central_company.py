"""A simulated Business Central company with one of our connectors before it, for tests."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.business_central.api.connector import open_connector
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import small_world
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_simulators.business_central.sandbox import COMPANY, ENVIRONMENT, BusinessCentralSandbox
from mlconn_simulators.entra.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraSandbox
from mlconn_simulators.server import serve

QUICK = RetryPolicy(attempts=5, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)
NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
START = dt.date(2026, 10, 1)


@dataclass
class Company:
    sandbox: BusinessCentralSandbox
    entra: EntraSandbox
    url: str
    authority: str
    credentials: MemoryCredentials
    sessions: MemorySessions
    limiter: MemoryLimiter

    def connector(self, **settings: Any) -> Connector:
        chosen = {"environment": ENVIRONMENT, "company": COMPANY, "page_size": 7, "requests_per_second": None, **settings}
        connection = BusinessCentralConnection.model_validate(
            {
                "kind": "business_central",
                "url": self.url,
                "authority": self.authority,
                "tenant": TENANT_ID,
                "credential": "bc",
                **chosen,
            }
        )
        return open_connector(connection, self.credentials, self.sessions, self.limiter, retry=QUICK)

    def ids(self, set_name: str, **wanted: Any) -> list[str]:
        """Of the records of a set whose source entry says so: posted=True, status="Open"."""
        entries = self.sandbox.state()["source"][set_name]
        return [entry["id"] for entry in entries if all(entry.get(name) == value for name, value in wanted.items())]

    def customer(self) -> str:
        return next(partner.customer_code for partner in self.sandbox.world.partners if partner.customer_code)

    def customer_id(self) -> str:
        found = self.sandbox.company.sets["customers"].find("number", self.customer())
        assert found is not None
        return str(found.id)

    def vendor(self) -> str:
        return next(partner.supplier_code for partner in self.sandbox.world.partners if partner.supplier_code)

    def item_codes(self) -> list[str]:
        return [item.code for item in self.sandbox.world.items if item.active][:2]

    def payload(self, reference: str, **fields: Any) -> Mapping[str, Any]:
        """What a mapping would give for an order of two lines."""
        lines: list[dict[str, Any]] = [
            {"lineType": "Item", "lineObjectNumber": code, "quantity": 2, "unitPrice": 3.5} for code in self.item_codes()
        ]
        return {
            "customerNumber": self.customer(),
            "externalDocumentNumber": "PO-4711",
            "orderDate": "2026-11-20",
            "requestedDeliveryDate": "2026-12-01",
            "salesOrderLines": [*lines, {"description": reference}],
            **fields,
        }

    def draft_invoice(self) -> str:
        lines = [{"lineType": "Item", "lineObjectNumber": code, "quantity": 3} for code in self.item_codes()]
        return self.sandbox.add_document("salesInvoices", customerNumber=self.customer(), salesInvoiceLines=lines)

    def purchase_order(self) -> str:
        lines = [{"lineType": "Item", "lineObjectNumber": code, "quantity": 3} for code in self.item_codes()]
        made = self.sandbox.add_document("purchaseOrders", vendorNumber=self.vendor(), purchaseOrderLines=lines)
        self.sandbox.act("purchaseOrders", made, "release")
        return made


@contextmanager
def business_central_company(secret: str = CLIENT_SECRET, **switches: Any) -> Iterator[Company]:
    """A company of 60 documents whose clock shows noon of 20 November 2026."""
    entra = EntraSandbox()
    sandbox = BusinessCentralSandbox(small_world(), entra, **{"start": NOON, "window_requests": None, **switches})
    credentials = MemoryCredentials(bc={"client_id": CLIENT_ID, "client_secret": secret})
    with serve(entra.app()) as tokens, serve(sandbox.app()) as endpoint, contextlib.closing(sandbox):
        yield Company(sandbox, entra, endpoint.url, tokens.url, credentials, MemorySessions(), MemoryLimiter())
