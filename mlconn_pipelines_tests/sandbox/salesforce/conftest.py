"""A simulated org on a socket, and a plain HTTP client signed in to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@dataclass
class SignedIn:
    org: SalesforceSandbox
    http: httpx.Client

    def sign_in(self) -> None:
        token = self.http.post("/services/oauth2/token", data=GRANT, headers={"Authorization": ""}).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.http.request(method, f"/services/data/v63.0{path}", **more)

    def query(self, soql: str, kind: str = "query") -> list[dict[str, Any]]:
        answer = self.ask("GET", f"/{kind}", params={"q": soql})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["records"])

    def refused(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """Status and code of a list-shaped error."""
        answer = self.ask(method, path, **more)
        (error,) = answer.json()
        return answer.status_code, error["errorCode"]

    def put(self, code: str, **values: Any) -> httpx.Response:
        """Upsert an account by its ERP code."""
        return self.ask("PATCH", f"/sobjects/Account/ERP_Code__c/{code}", json={"Name": code} | values)


@pytest.fixture
def signed_in() -> Iterator[Callable[..., SignedIn]]:
    with ExitStack() as stack:

        def opened(**switches: Any) -> SignedIn:
            world = make_world(seed=3, documents=0, today=NOON.date(), items=8)
            org = SalesforceSandbox(world, **{"start": NOON, "opportunities": 3, **switches})
            endpoint = stack.enter_context(serve(org.app()))
            client = SignedIn(org, stack.enter_context(httpx.Client(base_url=endpoint.url)))
            client.sign_in()
            return client

        yield opened


@pytest.fixture
def org(signed_in: Callable[..., SignedIn]) -> SignedIn:
    return signed_in()
