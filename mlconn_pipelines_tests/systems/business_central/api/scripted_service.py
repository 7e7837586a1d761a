"""Business Central as a script, for the connector: one request, one answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.business_central.api.connector import open_connector
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, Scripted, scripted_server

QUICK = RetryPolicy(attempts=4, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)
SECRET = "Planted~Client.Secret-2"
COMPANY = "f0a1b2c3-0000-4000-8000-000000000001"
BASE = "/v2.0/contoso.example/Sandbox%20EU/api/v2.0"
IN_COMPANY = f"{BASE}/companies({COMPANY})"
START = dt.date(2026, 3, 1)
COMPANIES = Answer(body={"value": [{"id": COMPANY, "name": "CRONUS US", "displayName": "Cronus"}]})


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def invoice(number: int, status: str, at: str = "2026-03-05T19:19:22.5Z", **more: Any) -> dict[str, Any]:
    return {
        "@odata.etag": f'W/"e{number}"',
        "id": guid(number),
        "number": f"PS-INV{number}",
        "status": status,
        "lastModifiedDateTime": at,
        **more,
    }


@dataclass
class Service:
    """A token endpoint and the service on one server."""

    server: Scripted
    sessions: MemorySessions = field(default_factory=MemorySessions)
    limiter: MemoryLimiter = field(default_factory=MemoryLimiter)

    def connector(self, **settings: Any) -> Connector:
        connection = BusinessCentralConnection(
            kind="business_central",
            url=self.server.url,  # type: ignore[arg-type]
            authority=self.server.url,  # type: ignore[arg-type]
            tenant="contoso.example",
            environment="Sandbox EU",
            credential="bc",
            **{"company": "cronus us", "page_size": 2, "requests_per_second": None, **settings},
        )
        credentials = MemoryCredentials(bc={"client_id": "app", "client_secret": SECRET})
        return open_connector(connection, credentials, self.sessions, self.limiter, retry=QUICK)

    def request_line(self, what: str) -> list[Asked]:
        return [asked for asked in self.server.asked if what in unquote(asked.path)]


@contextmanager
def service(**handlers: Any) -> Iterator[Service]:
    """handlers: `GET_salesInvoices` and the like, an Answer or a function of what was asked; by method and entity set."""
    by_key = {tuple(name.split("_", 1)): answer for name, answer in handlers.items()}

    def answer(asked: Asked) -> Any:
        if asked.path.endswith("/token"):
            return Answer(body={"access_token": "token-1", "expires_in": 3599})
        if asked.path == f"{BASE}/companies":
            return COMPANIES
        rest = asked.path.removeprefix(IN_COMPANY + "/")
        entity = rest.partition("?")[0].partition("(")[0]
        found = by_key.get((asked.method, entity))
        assert found is not None, f"nobody expected {asked.method} {asked.path}"
        return found(asked) if callable(found) else found

    with scripted_server(answer) as server:
        yield Service(server)


def rows(*records: dict[str, Any], link: str | None = None) -> Answer:
    return Answer(body={"value": list(records)} | ({"@odata.nextLink": link} if link else {}))


def keys(pages: Iterator[Any]) -> list[str]:
    return [stamp.key for page in pages for stamp in page]


def fault(status: int, code: str, message: str = "It went wrong.", **headers: str) -> Answer:
    said = f"{message}  CorrelationId:  9f1d7c8e-0000-0000-0000-000000000000."
    return Answer(status, {"error": {"code": code, "message": said}}, headers)


ORDER = {
    "customerNumber": "C10",
    "externalDocumentNumber": "PO 7",
    "salesOrderLines": [
        {"lineObjectNumber": "1000", "lineType": "Item", "quantity": Decimal("2.5"), "unitPrice": Decimal("35.49")},
        {"description": "acme:salesOrders:D0000001"},
    ],
}


def stored_order(*lines: dict[str, Any], number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "@odata.etag": f'W/"o{number}"',
        "id": guid(number),
        "number": f"S-ORD{number}",
        "status": "Draft",
        "totalAmountIncludingTax": 88.73,
        "salesOrderLines": list(lines),
        **more,
    }


ITEM_LINE = {"lineType": "Item", "lineObjectNumber": "1000", "sequence": 10000, "quantity": 2.5}
REFERENCE_LINE = {"lineType": "Comment", "description": "acme:salesOrders:D0000001", "sequence": 20000}
