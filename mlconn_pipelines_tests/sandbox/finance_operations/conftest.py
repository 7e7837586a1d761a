"""A simulated environment, its token endpoint and an endpoint for its events, with a signed-in plain HTTP client."""

import contextlib
import datetime as dt
import time
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconn_simulators.entra.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraSandbox
from mlconn_simulators.finance_operations.sandbox import RESOURCE, FinanceOperationsSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

NOON = dt.datetime(2026, 11, 20, 12, 0, 0, tzinfo=dt.UTC)


@dataclass
class EventEndpoint:
    """Takes business events; answers with the statuses it was given, else 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    messages: list[dict] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.messages.append(await request.json())
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def wait_for(self, count: int, timeout_s: float = 5.0) -> list[dict]:
        """count: with the test message."""
        deadline = time.monotonic() + timeout_s
        while len(self.messages) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.messages[1:]


@dataclass
class Environment:
    sandbox: FinanceOperationsSandbox
    entra: EntraSandbox
    entra_url: str
    root: str
    http: httpx.Client
    endpoint: EventEndpoint

    def sign_in(self, resource: str = RESOURCE) -> None:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        answer = httpx.post(f"{self.entra_url}/{TENANT_ID}/oauth2/v2.0/token", data=form | {"scope": f"{resource}/.default"})
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def rows(self, path: str, **options) -> list[dict]:
        answer = self.http.get(path, params={"cross-company": "true"} | {f"${name}": value for name, value in options.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def order(self) -> dict:
        """A sound, confirmed order of the default company."""
        number = self.sandbox.activity(1, sound=True)[0]["PurchaseOrderNumber"]
        return self.http.get(f"PurchaseOrderHeadersV2(dataAreaId='usmf',PurchaseOrderNumber='{number}')").json()

    def header(self, **fields) -> httpx.Response:
        body = {"dataAreaId": "usmf", "HeaderReference": "REF-1", "InvoiceNumber": "4711", "InvoiceAccount": "V10100"} | fields
        return self.http.post("VendorInvoiceHeaders", json={name: value for name, value in body.items() if value is not None})

    def line(self, **fields) -> httpx.Response:
        body = {"dataAreaId": "usmf", "HeaderReference": "REF-1", "ItemNumber": "A1001", "ReceiveNow": 2, "UnitPrice": 3.5,
                "Currency": "USD"} | fields  # fmt: skip
        return self.http.post("VendorInvoiceLines", json={name: value for name, value in body.items() if value is not None})


@contextlib.contextmanager
def environment_of(**options):
    world = make_world(documents=options.pop("documents", 60), today=NOON.date())
    entra = EntraSandbox()
    endpoint = EventEndpoint()
    app = Starlette(routes=[Route("/events", endpoint.take, methods=["POST"])])
    sandbox = FinanceOperationsSandbox(world, entra, **{"start": NOON, "event_retry_s": 0.02} | options)
    with (
        serve(entra.app()) as tokens,
        serve(sandbox.app()) as served,
        serve(app) as hook,
        contextlib.closing(sandbox),
        httpx.Client(base_url=f"{served.url}/data/", timeout=10) as http,
    ):
        endpoint.url = f"{hook.url}/events"
        entra.allow(served.url)
        made = Environment(sandbox, entra, tokens.url, served.url, http, endpoint)
        made.sign_in()
        yield made


@pytest.fixture
def environment():
    with environment_of() as made:
        yield made


@pytest.fixture(scope="module")
def quiet_environment():
    """Shared by the tests of a module that only read."""
    with environment_of(documents=250) as made:
        yield made


@pytest.fixture
def environment_with():
    return environment_of
