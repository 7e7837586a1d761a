"""A scripted Finance & Operations environment: tokens are given, what `/data` answers is the test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.finance_operations.api.connector import open_connector
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, Scripted, scripted_server

SECRET = "Planted~Fo.Secret-1"
QUICK = RetryPolicy(attempts=4, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)


@dataclass
class Environment:
    server: Scripted
    sessions: MemorySessions = field(default_factory=MemorySessions)
    limiter: MemoryLimiter = field(default_factory=MemoryLimiter)

    def connector(self, **settings: Any) -> Connector:
        chosen = {
            "company": "USMF",
            "tenant": "contoso.example",
            "authority": self.server.url,
            "timeout_s": 5.0,
            "requests_per_second": 500.0,
        }
        chosen |= settings
        connection = FinanceOperationsConnection(kind="finance_operations", url=self.server.url, credential="fo", **chosen)
        credentials = MemoryCredentials(fo={"client_id": "app-1", "client_secret": SECRET})
        return open_connector(connection, credentials, self.sessions, self.limiter, retry=QUICK)

    @property
    def data(self) -> list[Asked]:
        """What was asked of the data entities."""
        return [asked for asked in self.server.asked if asked.path.startswith("/data")]

    def told(self) -> list[str]:
        """Method and readable path of each of these."""
        return [f"{asked.method} {unquote(asked.path)}" for asked in self.data]


@contextmanager
def environment(answer: Callable[[Asked], Any]) -> Iterator[Environment]:
    def served(asked: Asked) -> Any:
        if asked.path.endswith("/oauth2/v2.0/token"):
            return Answer(body={"access_token": f"token-{len(asked.body)}", "token_type": "Bearer", "expires_in": 3599})
        return answer(asked)

    with scripted_server(served) as server:
        yield Environment(server)


def rows(*records: dict[str, Any], more: str = "") -> Answer:
    """A page of records of company usmf. more: the link to the next one."""
    body: dict[str, Any] = {
        "@odata.context": "x",
        "value": [{"@odata.etag": 'W/"1"', "dataAreaId": "usmf", **r} for r in records],
    }
    return Answer(body=body | ({"@odata.nextLink": more} if more else {}))


def refused(infolog: str, status: int = 400) -> Answer:
    """A business refusal in F&O's own shape."""
    inner = {
        "message": f"Write failed for table row of type 'VendInvoiceInfoLineEntity'. Infolog: {infolog}",
        "type": "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException",
        "stacktrace": "   at Microsoft.Dynamics.Secret.Stack()",
    }
    return Answer(status, {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}})
