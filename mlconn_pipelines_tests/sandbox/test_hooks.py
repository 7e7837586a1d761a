"""Addresses that a simulated Cleo calls when a file lands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlconn_simulators.cleo import CleoSandbox
from mlconn_simulators.hooks import RETRIES, Hooks
from mlconn_simulators.server import serve


class Called:
    """Who is called. statuses: what it answers, 202 once they are used up."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: Request) -> Response:
        if request.method == "GET":  # SAP's handshake
            return JSONResponse({"Challenge": request.headers["x-b1-webhook-token"]})
        self.calls.append((request.url.path, dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 202)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.calls]


@pytest.fixture
def called() -> Iterator[Called]:
    receiver = Called()
    with serve(Starlette(routes=[Route("/{path:path}", receiver.take, methods=["GET", "POST"])])) as endpoint:
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
