"""Two companies of one system behind one socket: each request goes to the simulated company that it names."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import yaml
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.scenario import Scene, tuned
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.business_central import BusinessCentralSandbox
from mlconn_simulators.demo.configuration import INTEGRATION
from mlconn_simulators.finance_operations.masters import OTHER
from mlconn_simulators.program import SAP_PASSWORD, SAP_USER, RunningSandbox
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import serve

SECOND_SAP, SECOND_SAP_CREDENTIAL, SECOND_CENTRAL = "SBODEMOFR", "erp_two", "Meridian Europe"
PARTNERS: Mapping[str, tuple[str, str]] = {
    "sap_business_one": ("northwind", "kestrel"),
    "business_central": ("northwind", "kestrel"),
    "finance_operations": ("ferrolux", "polarpack"),
}
"""Whom the first and the second company trade with; the second one's partner has an outlet of its own, as Cleo routes it."""


class SecondLegalEntity(FinanceOperations):
    legal_entity: ClassVar[str] = OTHER


@dataclass
class Company:
    """scene: with clerks of this company, and the partners of both. name: of its integration."""

    name: str
    partner: str
    scene: Scene

    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        settings = self.scene.settings
        with open_pipeline(self.name, load_configuration(settings.config), settings) as opened:
            yield tuned(opened, pause=lambda seconds: None)


@contextmanager
def two_companies(first: Scene) -> Iterator[tuple[Company, Company]]:
    """Of a scene with the PARTNERS of its ERP. Both have the same people and items, and number their documents alike."""
    with ExitStack() as stack:
        running = copy.copy(first.sandbox)
        kind = first.system.kind
        second = _second_of(kind, running, stack)
        ours, theirs = PARTNERS[kind]
        file = first.settings.config / f"{INTEGRATION}.yaml"
        whole = yaml.safe_load(file.read_text())
        flows, erp = whole.pop("flows"), whole["erp"]
        field = "company_db" if kind == "sap_business_one" else "company"
        outlet = first.partner_named(theirs).outlet
        whole["companies"] = {
            "one": {"erp": {field: erp.pop(field)}, "partners": [ours], "flows": _watching(flows, "inbox")},
            "two": {"erp": second.erp, "partners": [theirs], "flows": _watching(flows, outlet)},
        }
        if kind == "sap_business_one":
            whole["companies"]["one"]["erp"]["credential"] = erp.pop("credential")
        erp |= {"url": second.url} if second.url else {}
        del whole["partners"]
        file.write_text(yaml.safe_dump(whole, sort_keys=False))
        with open_stores(first.settings) as stores:
            stores.credentials.set(SECOND_SAP_CREDENTIAL, first.system.credential())
        scene = replace(first, sandbox=running, system=second.system(running))
        yield Company(f"{INTEGRATION}_one", ours, first), Company(f"{INTEGRATION}_two", theirs, scene)


@dataclass
class _Second:
    system: Callable[[RunningSandbox], System]
    erp: dict[str, Any]
    url: str = ""


def _second_of(kind: str, running: RunningSandbox, stack: ExitStack) -> _Second:
    """Puts the second company where `running` has the first."""
    if kind == "finance_operations":
        return _Second(SecondLegalEntity, {"company": OTHER})
    world = replace(running.world, documents=0, seed=running.world.seed + 1)
    if kind == "business_central":
        central = running.business_central
        other = BusinessCentralSandbox(world, running.entra, company=SECOND_CENTRAL, notification_delay_s=0.0)
        stack.callback(other.close)
        central.neighbours.append(other.company)
        running.business_central = other
        of_id = {other.company.id: other.app()}
        endpoint = stack.enter_context(serve(_Routed(central.app(), lambda scope, body: _named(of_id, scope["path"]))))
        from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral

        return _Second(BusinessCentral, {"company": SECOND_CENTRAL}, endpoint.url)
    sap = running.sap_business_one
    database = SapBusinessOneSandbox(world, user=SAP_USER, password=SAP_PASSWORD, company_db=SECOND_SAP, login_s=0.0)
    stack.callback(database.webhooks.close)
    running.sap_business_one = database
    app = database.app()

    def asked(scope: Scope, body: bytes) -> ASGIApp | None:
        if scope["path"].endswith("/Login"):
            return app if json.loads(body)["CompanyDB"] == SECOND_SAP else None
        cookie = next((value.decode() for name, value in scope["headers"] if name == b"cookie"), "")
        return app if any(session in cookie for session in list(database.sessions._live)) else None

    endpoint = stack.enter_context(serve(_Routed(sap.app(), asked)))
    from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne

    return _Second(SapBusinessOne, {"company_db": SECOND_SAP, "credential": SECOND_SAP_CREDENTIAL}, f"{endpoint.url}/b1s/v2")


def _watching(flows: Mapping[str, Any], folder: str) -> dict[str, Any]:
    return {**flows, "inbound": {**flows["inbound"], "folders": [folder]}}


def _named(of_id: Mapping[str, ASGIApp], path: str) -> ASGIApp | None:
    return next((app for company, app in of_id.items() if company in path.lower()), None)


class _Routed:
    """asked: the app of the second company where the request is for it."""

    def __init__(self, first: ASGIApp, asked: Callable[[Scope, bytes], ASGIApp | None]) -> None:
        self._first, self._asked = first, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._first(scope, receive, send)
            return
        messages: list[Message] = []
        while not messages or messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        await (self._asked(scope, body) or self._first)(scope, again, send)
