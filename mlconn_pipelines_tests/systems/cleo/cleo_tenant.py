"""A simulated Cleo tenant with one of our exchanges before it, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.systems.cleo.api.exchange import CleoExchange
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_simulators.cleo.tenant import PASSWORD, USER, CleoSandbox
from mlconn_simulators.server import serve

QUICK = RetryPolicy(attempts=4, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)


@dataclass
class Tenant:
    sandbox: CleoSandbox
    url: str
    credentials: MemoryCredentials
    sessions: MemorySessions
    limiter: MemoryLimiter

    def exchange(self, **settings: Any) -> CleoExchange:
        connection = CleoConnection(
            url=self.url, credential="cleo", **{"requests_per_second": None, "page_size": 2, **settings}
        )
        return CleoExchange(connection, self.credentials, self.sessions, self.limiter, retry=QUICK)

    def requests(self, kind: str) -> int:
        return self.sandbox.faults.requests[kind]


@contextmanager
def cleo_tenant(*folders: str, entry: dict[str, str] | None = None, **switches: Any) -> Iterator[Tenant]:
    """A tenant whose flow leaves uploaded files where they are, unless `taken_after_s` says otherwise."""
    sandbox = CleoSandbox(folders or ("inbox", "outbox"), **{"taken_after_s": None, **switches})
    credentials = MemoryCredentials(cleo=entry or {"username": USER, "password": PASSWORD})
    with serve(sandbox.app()) as endpoint:
        yield Tenant(sandbox, endpoint.url + "/api", credentials, MemorySessions(), MemoryLimiter())
    sandbox.close()
