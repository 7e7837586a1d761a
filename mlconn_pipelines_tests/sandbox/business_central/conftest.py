"""A simulated environment, its token endpoint and a receiver of notifications, with a signed-in plain HTTP client."""

import contextlib
import datetime as dt
import time
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mlconn_simulators.business_central.sandbox import BusinessCentralSandbox
from mlconn_simulators.entra.sandbox import BUSINESS_CENTRAL, CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

NOON = dt.datetime(2026, 11, 20, 12, 0, 0, tzinfo=dt.UTC)


@dataclass
class Receiver:
    """Takes notifications; answers with the statuses it was given, else 200. echoes: whether it shakes hands."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    echoes: bool = True
    bodies: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        if token := request.query_params.get("validationToken"):
            return PlainTextResponse(token if self.echoes else "something else")
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def wait_for(self, count: int, timeout_s: float = 5.0) -> list[dict]:
        deadline = time.monotonic() + timeout_s
        while len(self.bodies) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.bodies


@dataclass
class Environment:
    sandbox: BusinessCentralSandbox
    entra: EntraSandbox
    entra_url: str
    root: str
    http: httpx.Client
    receiver: Receiver

    def sign_in(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        scope = {"scope": f"{BUSINESS_CENTRAL}/.default"}
        answer = httpx.post(f"{self.entra_url}/{TENANT_ID}/oauth2/v2.0/token", data=form | scope)
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def customer(self, name: str = "northwind") -> str:
        return next(p.customer_code for p in self.sandbox.world.partners if p.name == name)

    def vendor(self) -> str:
        return next(p.supplier_code for p in self.sandbox.world.partners if p.name == "cedarmill")

    def item_id(self, number: str) -> str:
        return self.http.get("items", params={"$filter": f"number eq '{number}'"}).json()["value"][0]["id"]

    def order(self, **fields) -> dict:
        lines = [{"itemId": self.item_id("A1001"), "quantity": 3, "unitPrice": 10.5}]
        body = {"customerNumber": self.customer(), "externalDocumentNumber": "PO-1", "salesOrderLines": lines} | fields
        answer = self.http.post("salesOrders", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def draft(self, **fields) -> dict:
        lines = [{"itemId": self.item_id("A1001"), "quantity": 2}]
        answer = self.http.post("salesInvoices", json={"customerNumber": self.customer(), "salesInvoiceLines": lines} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def subscribe(self, set_name: str = "salesInvoices", **fields) -> httpx.Response:
        body = {"notificationUrl": self.receiver.url, "resource": f"/api/v2.0/companies({self.sandbox.company.id})/{set_name}",
                "clientState": "a secret"} | fields  # fmt: skip
        return self.http.post(f"{self.root}/subscriptions", json=body)


@contextlib.contextmanager
def environment_of(**options):
    world = make_world(documents=options.pop("documents", 60), today=NOON.date())
    entra = EntraSandbox()
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    sandbox = BusinessCentralSandbox(world, entra, **{"start": NOON, "notification_delay_s": 0.1} | options)
    with (
        serve(entra.app()) as tokens,
        serve(sandbox.app()) as endpoint,
        serve(app) as hook,
        contextlib.closing(sandbox),
        httpx.Client(timeout=10) as http,
    ):
        receiver.url = f"{hook.url}/hook"
        root = f"{endpoint.url}/v2.0/{TENANT_ID}/Production/api/v2.0"
        http.base_url = f"{root}/companies({sandbox.company.id})/"
        made = Environment(sandbox, entra, tokens.url, root, http, receiver)
        made.sign_in()
        yield made


@pytest.fixture
def environment():
    with environment_of() as made:
        yield made


@pytest.fixture(scope="module")
def quiet_environment():
    """Shared by the tests of a module that only read."""
    with environment_of(documents=240) as made:
        yield made


@pytest.fixture
def environment_with():
    return environment_of
