"""A simulated company with the day standing still in November, and a signed-in plain HTTP client."""

import contextlib
import datetime as dt
from dataclasses import dataclass

import httpx
import pytest

from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

NOON = dt.datetime(2026, 11, 20, 12, 0, 0)
LOGIN = {"CompanyDB": "SBODEMOUS", "UserName": "manager", "Password": "pässword"}


@dataclass
class Company:
    """A sandbox and clients for it."""

    sandbox: SapBusinessOneSandbox
    url: str
    http: httpx.Client

    def sign_in(self, http: httpx.Client | None = None) -> httpx.Response:
        """Log in and put both cookies into the client's header by hand."""
        http = http or self.http
        answer = http.post("Login", json=LOGIN)
        assert answer.status_code == 200, answer.text
        http.headers["Cookie"] = "; ".join(each.split(";")[0] for each in answer.headers.get_list("set-cookie"))
        return answer

    def customer(self) -> str:
        return next(p.customer_code for p in self.sandbox.world.partners if p.customer_code)

    def supplier(self) -> str:
        return next(p.supplier_code for p in self.sandbox.world.partners if p.supplier_code)

    def order_body(self, code: str, **fields) -> dict:
        lines = [{"ItemCode": "A1001", "Quantity": 3, "UnitPrice": 10.5}, {"ItemCode": "A1002", "Quantity": 1}]
        return {"CardCode": code, "DocDueDate": "2026-12-01", "NumAtCard": "PO-1", "DocumentLines": lines} | fields

    def post(self, set_name: str, body: dict, **headers) -> httpx.Response:
        return self.http.post(set_name, json=body, headers=headers)


@contextlib.contextmanager
def company_of(**options):
    documents = options.pop("documents", 120)
    world = make_world(documents=documents, today=NOON.date())
    given = {"user": "manager", "password": "pässword", "company_db": "SBODEMOUS", "zone_clock": lambda: NOON} | options
    sandbox = SapBusinessOneSandbox(world, **given)
    with serve(sandbox.app()) as endpoint, httpx.Client(base_url=f"{endpoint.url}/b1s/v2/", timeout=10) as http:
        company = Company(sandbox, f"{endpoint.url}/b1s/v2/", http)
        company.sign_in()
        yield company


@pytest.fixture
def company():
    with company_of() as made:
        yield made


@pytest.fixture(scope="module")
def quiet_company():
    """Shared by the tests of a module that only read."""
    with company_of(documents=500) as made:
        yield made


@pytest.fixture
def company_with():
    """Makes a company with options of its own."""
    return company_of
