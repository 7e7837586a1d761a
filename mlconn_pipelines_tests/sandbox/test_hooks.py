"""Addresses that simulated systems call: Cleo when a file lands, SAP when a document is added or changed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconn_simulators.cleo import CleoSandbox
from mlconn_simulators.hooks import RETRIES, Hooks
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world


class Called:
    """Who is called. statuses: what it answers, 202 once they are used up."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: Request) -> Response:
        self.calls.append((request.url.path, dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 202)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.calls]


@pytest.fixture
def called() -> Iterator[Called]:
    receiver = Called()
    with serve(Starlette(routes=[Route("/{path:path}", receiver.take, methods=["POST"])])) as endpoint:
        receiver.url = endpoint.url
        yield receiver


@contextmanager
def closing(hooks: Hooks) -> Iterator[Hooks]:
    try:
        yield hooks
    finally:
        hooks.close()


def test_cleo_calls_once_for_each_file_that_lands_in_a_named_folder(called: Called) -> None:
    tenant = CleoSandbox(["inbox", "to_kestrel"])
    with serve(tenant.app()) as endpoint, closing(tenant.hooks):
        hook = {"url": f"{called.url}/x", "about": ["inbox"], "headers": {"X-Mlconn-Secret": "shown"}}
        assert httpx.post(f"{endpoint.url}/_sandbox/hooks", json=hook).status_code == 200
        tenant.put("inbox", "a.edi", b"ISA")
        tenant.put("to_kestrel", "b.edi", b"ISA")
        tenant.put("inbox", "a.edi", b"ISA")
        assert tenant.hooks.work.idle(5)
        assert [(body["folder"], body["file"]) for body in called.bodies] == [("inbox", "a.edi")] * 2
        assert called.bodies[0] != called.bodies[1], "two files of one name are two events"
        assert {headers["x-mlconn-secret"] for _, headers, _ in called.calls} == {"shown"}
        assert [call["status"] for call in httpx.get(f"{endpoint.url}/_sandbox/state").json()["calls"]] == [202, 202]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"about": ["outbox"]}, "nothing is told of outbox; there are inbox"),
        ({"hmac_key": "k"}, "hmac_header and hmac_key belong together"),
    ],
)
def test_a_hook_for_nothing_that_there_is_is_refused(asked: dict[str, Any], words: str) -> None:
    tenant = CleoSandbox(["inbox"])
    with serve(tenant.app()) as endpoint, closing(tenant.hooks):
        refused = httpx.post(f"{endpoint.url}/_sandbox/hooks", json={"url": "http://127.0.0.1:9/", **asked})
        assert (refused.status_code, refused.json()) == (400, {"error": words})


def test_a_call_that_is_not_accepted_is_made_again_with_the_same_body_and_then_given_up(called: Called) -> None:
    with closing(Hooks("test", ["something"], retry_s=0.01)) as hooks:
        hooks.add(called.url)
        called.statuses = [503] * (RETRIES + 1)
        hooks.tell("something", {"of": "this"})
        assert hooks.work.idle(5)
        assert len(called.calls) == RETRIES + 1 and len({body for _, _, body in called.calls}) == 1
        hooks.tell("something", {"of": "that"})
        assert hooks.work.idle(5)
        assert [call["tried"] for call in hooks.sent] == [0, 1, 2, 3, 0]


def test_sap_tells_of_documents_by_type_signed_and_says_how_they_changed(called: Called) -> None:
    sap = SapBusinessOneSandbox(make_world(1, 60), user="manager", password="p", company_db="DB")
    with serve(sap.app()) as endpoint, closing(sap.hooks):
        hook = {"url": f"{called.url}/signed?flow=x12_810", "about": ["Invoices"], "hmac_header": "X-Sign", "hmac_key": "key"}
        assert httpx.post(f"{endpoint.url}/_sandbox/hooks", json=hook).status_code == 200
        made = httpx.post(f"{endpoint.url}/_sandbox/activity", json={"count": 4, "sound": True}).json()
        assert [one["set"] for one in made] == ["Invoices", "PurchaseOrders", "DeliveryNotes", "Invoices"]
        entry = made[0]["DocEntry"]
        assert sap.record("Invoices", entry)["DocDate"][:10] == f"{sap.clock.now():%Y-%m-%d}"
        sap.change("Invoices", entry, Comments="seen")
        sap.close("Invoices", entry)
        sap.cancel("Invoices", made[3]["DocEntry"])
        assert sap.hooks.work.idle(5)
        assert [(body["Key"], body["TransType"]) for body in called.bodies[:4]] == [
            (entry, "A"), (made[3]["DocEntry"], "A"), (entry, "U"), (entry, "L"),
        ]  # fmt: skip
        assert [body["TransType"] for body in called.bodies[4:]] == ["A", "C"], (
            "the document that reverses, and the reversed one"
        )
        for _, headers, body in called.calls:
            assert headers["x-sign"] == hmac.new(b"key", body, hashlib.sha256).hexdigest()
        assert len({body for _, _, body in called.calls}) == 6
